"""Stand-ins for the official Raspberry Pi OS: its layout, of a few files or of what a folder holds, made without root.

They are named so wherever they are used: no image of Raspberry Pi Ltd. is in the tests.
"""

import os
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.programs import program

MIB = 1 << 20
DISK_ID = 0x1C0FFEE5
FIRST = 4 * MIB  # where the boot partition begins
TIME_S = 1_760_000_000
UUID, SEED = "8d0d0c5e-1c5f-4b62-8f4f-6a5f0c3f7c11", "3f1a2b4c-5d6e-4f70-8192-a3b4c5d6e7f8"
PACKAGES = (("libc6", "2.41-12"), ("systemd", "257.8-1"), ("cloud-init", "25.2-1"), ("python3", "3.13.5-1"))
AARCH64 = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 3, 183, 1) + bytes(40)


@dataclass(frozen=True)
class System:
    """What the root of a stand-in holds."""

    identity: str = "debian"
    release: str = "trixie"
    python: str = "3.13"
    architecture: str = "arm64"
    packages: tuple[tuple[str, str], ...] = PACKAGES
    program: bytes = AARCH64

    def write(self, root: Path) -> None:
        """The few files by which the official system is known."""
        told = f'PRETTY_NAME="Debian stand-in ({self.release})"\nID={self.identity}\nVERSION_CODENAME={self.release}\n'
        status = "\n".join(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: {self.architecture}\nVersion: {version}\n"
            for name, version in self.packages
        )
        files = {
            "usr/lib/os-release": told.encode(),
            f"usr/bin/python{self.python}": self.program,
            "usr/lib/systemd/system/ssh.service": b"[Service]\n",
            "usr/share/zoneinfo/Europe/Berlin": b"TZif",
            "var/lib/dpkg/status": status.encode(),
            "var/lib/systemd/rfkill/platform-3f300000.mmcnr:wlan": b"1\n",
            "etc/hostname": b"raspberrypi\n",
            "etc/hosts": b"127.0.1.1 raspberrypi\n",
            "etc/systemd/system/multi-user.target.wants/other.service": b"",
            "home/pi/.profile": b"",
        }
        for name, data in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        (root / "usr/bin/python3").symlink_to(f"python{self.python}")
        (root / "etc/os-release").symlink_to("../usr/lib/os-release")
        (root / "lib").symlink_to("usr/lib")


@dataclass(frozen=True)
class Sizes:
    """In MiB."""

    boot: int = 64
    root: int = 24


def official(image: Path, system: System | None = None, sizes: Sizes | None = None, cmdline: str = "") -> Path:
    """A small stand-in, made in a second."""
    work, sizes = image.with_suffix(".parts"), sizes or Sizes()
    root = work / "root"
    root.mkdir(parents=True)
    (system or System()).write(root)
    return assembled(image, root, boot_files(cmdline), sizes)


def boot_files(cmdline: str = "") -> dict[str, bytes]:
    """What lies on the boot partition."""
    line = cmdline or f"console=tty1 root=PARTUUID={DISK_ID:08x}-02 rootfstype=ext4 fsck.repair=yes rootwait resize"
    return {
        "config.txt": b"arm_64bit=1\n",
        "cmdline.txt": f"{line}\n".encode(),
        "kernel8.img": b"\x1f\x8b stand-in of a kernel",
        "issue.txt": b"Stand-in of Raspberry Pi reference 2026-01-01\n",
        "user-data": b"#cloud-config\n",
    }


def assembled(image: Path, root: Path, boot: Mapping[str, bytes], sizes: Sizes) -> Path:
    """An image with the official layout: MBR, FAT32 `bootfs`, ext4 `rootfs`."""
    work = image.with_suffix(".parts")
    work.mkdir(exist_ok=True)
    fat, ext4 = work / "fat", work / "ext4"
    os.truncate(os.open(fat, os.O_CREAT | os.O_WRONLY, 0o644), sizes.boot * MIB)
    run("mkfs.vfat", "dosfstools", "-F", "32", "-n", "bootfs", "-i", "b0070001", str(fat))
    for name, data in boot.items():
        (work / name).write_bytes(data)
        run("mcopy", "mtools", "-i", str(fat), str(work / name), f"::/{name}")
    options = f"hash_seed={SEED},root_owner=0:0"
    run(
        "mke2fs", "e2fsprogs", "-q", "-t", "ext4", "-L", "rootfs", "-U", UUID, "-E", options, "-O", "^huge_file",
        "-d", str(root), str(ext4), f"{sizes.root}M",
    )  # fmt: skip
    end = FIRST + (sizes.boot + sizes.root) * MIB
    with image.open("wb") as file:
        file.truncate(end)
        file.write(mbr(sizes))
    for part, start in ((fat, FIRST), (ext4, FIRST + sizes.boot * MIB)):
        at = f"seek={start // MIB}"
        run("dd", "coreutils", f"if={part}", f"of={image}", "bs=1M", at, "conv=notrunc,sparse", "status=none")
        part.unlink()
    return image


def mbr(sizes: Sizes) -> bytes:
    """A table of a FAT32 and a Linux partition."""
    entries = b"".join(
        struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start // 512, size // 512)
        for kind, start, size in (
            (0x0C, FIRST, sizes.boot * MIB),
            (0x83, FIRST + sizes.boot * MIB, sizes.root * MIB),
        )
    )
    return bytes(440) + struct.pack("<IH", DISK_ID, 0) + entries + bytes(32) + b"\x55\xaa"


def run(name: str, package: str, *arguments: str) -> bytes:
    """What a program has said; the time is always the same for it."""
    told = {"SOURCE_DATE_EPOCH": str(TIME_S), "E2FSPROGS_FAKE_TIME": str(TIME_S), "MTOOLS_SKIP_CHECK": "1", "TZ": "UTC"}
    command = [program(name, package), *arguments]
    return subprocess.run(command, env={**os.environ, **told}, check=True, capture_output=True, timeout=300).stdout
