"""The daemon's Python compiled beforehand: a root file system that is only read could not keep it from start to start.

The device's own Python does it, run by qemu-user, each wheel by a process of its own, so that what comes of a wheel
depends on nothing else and can be kept. No times are in it: compiled files are taken without a look at their sources.
"""

import hashlib
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edge.contracts.files import sha256_of
from firmware_tools.image.ab.entries import Tree, merge, read_tar, write_tar
from firmware_tools.image.ab.programs import Command, as_owner, run
from firmware_tools.image.wheel import Wheel
from firmware_tools.image.wheels import Target
from firmware_tools.image.wheels_install import HOME

TIMED, UNCHECKED, CHECKED = bytes(4), b"\1\0\0\0", b"\3\0\0\0"
LIMIT_S = 2 * 3600.0
# What the daemon never imports stays as it is.
LEFT = re.compile(
    r"(.*/)?(trainer|firmware_tools|collect|demo|tests?|_vendor|contrib|lexers|styles|formatters|f2py|aot|distutils"
    r"|testing)/.*"
)
SCRIPT = """
set -e
home=$(mktemp -d "$1/root.XXXXXX")
trap 'rm -rf "$home"' EXIT
tar -C "$home" --numeric-owner -xpf "$2"
for list in "$1"/*.list; do
  name=${list##*/}
  cp "$list" "$home/tmp/$name"
  chroot "$home" /usr/bin/python3 -m compileall -q -i "/tmp/$name" --invalidation-mode unchecked-hash >&2 </dev/null
  (cd "$home" && find opt -path '*/__pycache__/*.pyc' -type f -print0 | LC_ALL=C sort -z |
    tar --null --no-recursion --numeric-owner --owner 0 --group 0 --mtime "@$3" --mode 0644 -cf "$1/$name.tar" -T -)
  find "$home/opt" -path '*/__pycache__/*.pyc' -type f -delete
done
"""


def compile_wheels(
    tree: Tree, wheels: Sequence[Wheel], target: Target, work: Path, epoch_s: int, base: Path | None
) -> Tree:
    """The compiled files of all wheels.

    Args:
        tree: a whole system, with the wheels in it.
        wheels: whose modules are compiled.
        target: the device's Python.
        work: an empty folder.
        epoch_s: no file is younger.
        base: where what came of a wheel is kept; None: nowhere.

    Raises:
        FirmwareError: a program failed, or a file is not Python that the device's own can read.
    """
    python = hashlib.sha256(tree[f"usr/bin/python{target.version}"].data).hexdigest()
    found: Tree = {}
    kept: dict[str, Path] = {}
    for wheel in wheels:
        modules = _modules(wheel, target)
        name = _key(wheel, python, epoch_s, modules)
        place = (base or work) / f"compiled-{name}.tar"
        if place.is_file():
            merge(found, read_tar(place))
        elif modules:
            (work / f"{name}.list").write_text("".join(f"/{path}\n" for path in modules))
            kept[name] = place
    if kept:
        _run(tree, work, epoch_s)
    for name, place in kept.items():
        made = work / f"{name}.list.tar"
        merge(found, read_tar(made))
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.{work.parent.name}")
        part.write_bytes(made.read_bytes())
        part.replace(place)
    return found


def take_unchecked(tree: Tree) -> None:
    """Have Python take the compiled files of Debian's packages as they are, as those of the daemon are taken.

    Else it looks at each source first, at its time or at all of it, and compiles it at each start if they differ. The
    head of such a file is a magic number, flags, and time and size or, with the first flag, a hash; the second flag has
    the hash checked (PEP 552).
    """
    for path, entry in tree.items():
        if path.endswith(".pyc") and entry.data[4:8] in (TIMED, CHECKED):
            sign = bytes(8) if entry.data[4:8] == TIMED else entry.data[8:16]
            tree[path] = replace(entry, data=entry.data[:4] + UNCHECKED + sign + entry.data[16:])


def _run(tree: Tree, work: Path, epoch_s: int) -> None:
    whole = work / "to-compile.tar"
    write_tar(tree, whole, epoch_s)
    command: Command = [*as_owner(), "sh", "-c", SCRIPT, "sh", work, whole, str(epoch_s)]
    more = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch_s)}
    run(command, "the daemon's Python cannot be compiled", limit_s=LIMIT_S, more=more)
    whole.unlink()


def _key(wheel: Wheel, python: str, epoch_s: int, modules: Sequence[str]) -> str:
    told = hashlib.sha256("\n".join((python, str(epoch_s), *modules)).encode())
    told.update(bytes.fromhex(sha256_of(wheel.path)))
    return told.hexdigest()[:32]


def _modules(wheel: Wheel, target: Target) -> list[str]:
    """Where its modules lie on the device, those that are compiled."""
    packages = f"{HOME.strip('/')}/lib/python{target.version}/site-packages"
    with zipfile.ZipFile(wheel.path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".py") and ".data/" not in name)
    return [f"{packages}/{name}" for name in names if not LEFT.fullmatch(name)]
