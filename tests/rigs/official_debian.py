"""A large stand-in for the official Raspberry Pi OS Lite: its layout and size, made of Debian packages for arm64.

Not the official image: its packages are Debian's, its kernel is none, and copies of its own libraries fill it up.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.programs import program
from tests.rigs.official import DISK_ID, Sizes, assembled, boot_files

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foresight-tests"
PACKAGES = "systemd,systemd-sysv,dbus,udev,python3,ca-certificates,cloud-init,openssh-server,tzdata"
SIZES = Sizes(boot=512, root=2556)  # MiB; 3 GiB with what is before them
USED_MIB = 2100
FSTAB = f"PARTUUID={DISK_ID:08x}-01 /boot/firmware vfat defaults 0 2\nPARTUUID={DISK_ID:08x}-02 / ext4 noatime 0 1\n"
FILL = """
set -e
mkdir -p "$1" && tar -C "$1" --numeric-owner --exclude='./dev/*' -xpf "$2"
mkdir -p "$1/usr/share/stand-in" "$1/boot/firmware" "$1/home/pi"
n=0
while [ "$(du -sm "$1" | cut -f1)" -lt "$3" ]; do
  n=$((n + 1)); cp -a --reflink=never "$1/usr/lib/aarch64-linux-gnu" "$1/usr/share/stand-in/$n"
done
"""


def root_tar() -> Path:
    """The packages as a tar, made once by mmdebstrap; emulated that takes many minutes."""
    tar = CACHE / "trixie-standin.tar"
    if not tar.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = tar.with_suffix(".part")
        subprocess.run(
            [
                *(program("mmdebstrap"), "--mode=unshare", "--arch=arm64", "--variant=minbase", "--format=tar"),
                *(f"--include={PACKAGES}", "--aptopt=Apt::Install-Recommends false", "--dpkgopt=force-unsafe-io"),
                *("trixie", str(part)),
            ],
            check=True,
            timeout=7200,
        )
        part.replace(tar)
    return tar


def standin(image: Path, tar: Path, sizes: Sizes = SIZES, used_mib: int = USED_MIB) -> Path:
    """The image, unpacked. Needs root, or a range of subordinate users."""
    work = image.with_suffix(".parts")
    shutil.rmtree(work, ignore_errors=True)  # of a run that was cut off
    work.mkdir()
    root = work / "root"
    alone = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-auto", "--map-root-user"]
    subprocess.run([*alone, "sh", "-c", FILL, "fill", str(root), str(tar), str(used_mib)], check=True, timeout=1800)
    (root / "etc" / "fstab").write_text(FSTAB)
    assembled(image, root, boot_files(), sizes)
    subprocess.run([*alone, "rm", "-rf", str(work)], check=True, timeout=600)
    return image
