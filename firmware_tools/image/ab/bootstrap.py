"""A Debian for arm64 from the packages of a pool: mmdebstrap, the scripts of packages run by qemu-user."""

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from firmware_tools.errors import MistakeError
from firmware_tools.image.ab.entries import Tree, read_tar
from firmware_tools.image.ab.pool import INSTALLED, Pool, index
from firmware_tools.image.ab.programs import need, run

BINFMT = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
LIMIT_S = 3 * 3600.0
# Documentation that no device is asked for; licences stay.
LEFT_OUT = (
    *("usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/lintian/*", "usr/share/locale/*"),
    *("usr/share/bash-completion/*", "usr/share/bug/*"),
)
KEPT = ("usr/share/doc/*/copyright",)
# What tells of the making only, or is made anew at each start.
DROPPED = re.compile(
    r"(dev|proc|sys|run|tmp|boot|data)/.*|var/(cache|log|tmp|backups)/.*|var/lib/(apt|systemd|ucf|pam|shells\.state)/.*"
    r"|var/lib/dpkg/[a-z-]*-old|var/lib/dbus/machine-id|etc/[a-z]+-|root/\..*|etc/apt/.*|var/lib/dpkg/(lock.*|triggers/Lock)"
    r"|usr/share/python3/debpython/__pycache__/.*"
)
PASSWORDS = "etc/shadow"


def bootstrap(pool: Pool, work: Path, epoch_s: int) -> Tree:
    """The files of a system with all packages of the pool that are installed.

    Args:
        pool: the packages.
        work: an empty folder.
        epoch_s: no file is younger.

    Raises:
        MistakeError: this machine cannot run programs for arm64, or a program is missing.
        FirmwareError: a package could not be configured.
    """
    need("mmdebstrap", "dpkg-deb", "tar")
    if not BINFMT.exists():
        raise MistakeError(
            "this machine cannot run programs for arm64; install qemu-user-static and binfmt-support "
            "(sudo apt install qemu-user-static binfmt-support)"
        )
    made = work / "debian.tar"
    command = ["mmdebstrap", "--mode=auto", "--arch=arm64", "--variant=essential", "--format=tar"]
    command += [f"--include={','.join(INSTALLED)}", '--aptopt=APT::Install-Recommends "false"']
    command += ["--dpkgopt=force-unsafe-io", *(f"--dpkgopt=path-exclude=/{path}" for path in LEFT_OUT)]
    command += [f"--dpkgopt=path-include=/{path}" for path in KEPT]
    more = {"SOURCE_DATE_EPOCH": str(epoch_s), "PYTHONHASHSEED": "0"}
    with TemporaryDirectory(prefix="foresight-") as repository:  # apt takes no path with a space
        index(pool, Path(repository))
        source = f"deb [trusted=yes] copy:{repository} ./"
        run([*command, pool.suite, made, source], "Debian cannot be unpacked", limit_s=LIMIT_S, more=more)
    return cleaned(read_tar(made))


def recipe() -> str:
    """What decides which files of the packages are in a system."""
    return " ".join((*INSTALLED, *LEFT_OUT, *KEPT, DROPPED.pattern))


def cleaned(tree: Tree) -> Tree:
    """Without what would differ the next time, and without what no device needs."""
    kept = {path: entry for path, entry in tree.items() if not DROPPED.fullmatch(path)}
    if PASSWORDS in kept:  # the day on which each was last changed is that of the making
        lines = [line.split(b":") for line in kept[PASSWORDS].data.splitlines()]
        dated = [b":".join((*line[:2], b"20000", *line[3:])) for line in lines]
        kept[PASSWORDS] = replace(kept[PASSWORDS], data=b"\n".join(dated) + b"\n")
    return kept


def newest_s(pool: Pool) -> int:
    """When the youngest package was made: the time that everything in an image has at most."""
    return max(_made_s(pool.folder / one.file) for one in pool.packages.values())


def _made_s(package: Path) -> int:
    """From the head of the archive's first member: `!<arch>` and a line of name, time, owner, mode and length."""
    with package.open("rb") as file:
        head = file.read(8 + 28)
    return int(head[24:36].strip() or 0)
