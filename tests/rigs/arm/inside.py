"""Run a command inside an arm64 root file system: `inside.py ROOT EMULATOR [FROM=TO ...] -- COMMAND ...`.

It expects to be started as root of fresh user, mount, process and network namespaces (see `running`), and mounts only
there: when the last process of the namespaces is gone, so is all that it did, the registration of the emulator too.
"""

import array
import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

MOUNT_S = 20  # no mount takes a second
MAGIC = rb"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = rb"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
KERNEL = ("sys", "sysrq-trigger")
SCRATCH = ("tmp", "run", "root", "var/tmp")
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41


def main(argv: list[str]) -> None:
    """Mount what a system has, register the emulator, and become the command."""
    split = argv.index("--")
    root, emulator, *shown = argv[:split]
    loopback_up()
    register(Path(emulator))
    furnish(Path(root))
    for pair in shown:
        show(Path(root), *pair.split("=", 1))
    os.chroot(root)
    os.chdir("/")
    os.execvp(argv[split + 1], argv[split + 1 :])


def mount(*words: str | Path) -> None:
    """`mount` with a deadline."""
    subprocess.run(["mount", *map(str, words)], check=True, timeout=MOUNT_S)


def register(emulator: Path) -> None:
    """Let the kernel hand arm64 programs to the emulator, in this user namespace only (Linux 6.7 or newer)."""
    place = Path("/proc/sys/fs/binfmt_misc")
    mount("-t", "binfmt_misc", "foresight", place)
    rule = b":foresight-arm64:M::" + MAGIC + b":" + MASK + b":" + bytes(emulator) + b":OF"
    (place / "register").write_bytes(rule)


def furnish(root: Path) -> None:
    """Processes, the kernel's tree of CPUs, the harmless devices, scratch places in memory.

    Where it is root who runs this, the kernel takes the guest's root for him: what sets the kernel up is read-only.
    """
    mount("-t", "proc", "proc", root / "proc")
    for place in (root / "proc" / name for name in KERNEL):
        if place.exists():
            mount("--bind", place, place)
            mount("-o", "remount,bind,ro", place)
    mount("-t", "sysfs", "-o", "ro", "sysfs", root / "sys")
    for name in SCRATCH:
        mount("-t", "tmpfs", "-o", "size=4g,mode=1777", "tmpfs", root / name)
    dev = root / "dev"
    mount("-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", dev)
    for name in DEVICES:
        (dev / name).touch()
        mount("--bind", Path("/dev") / name, dev / name)
    for name in ("pts", "shm"):
        (dev / name).mkdir()
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "devpts", dev / "pts")
    mount("-t", "tmpfs", "-o", "size=1g,mode=1777", "tmpfs", dev / "shm")
    for name, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1")):
        (dev / name).symlink_to(target)


def show(root: Path, outside: str, inside: str) -> None:
    """A folder or file of the host's, read-only; where the name ends on a plus sign, writable."""
    writable = inside.endswith("+")
    place = root / inside.rstrip("+").lstrip("/")
    mount("--bind", outside, place)
    if not writable:
        mount("-o", "remount,bind,ro", place)


def loopback_up() -> None:
    """The namespace's own 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = array.array("B", struct.pack("16sh22x", b"lo", IFF_UP_RUNNING))
        fcntl.ioctl(control, SIOCSIFFLAGS, request)


if __name__ == "__main__":
    main(sys.argv[1:])
