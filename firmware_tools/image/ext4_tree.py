"""A folder of this machine as files of an ext4 inside of an image, root's own, by debugfs; all of it read back."""

import filecmp
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.image.ext4 import Ext4, complaints, listings, quoted
from firmware_tools.image.programs import run

FOLDER = 0o755  # what debugfs gives a new folder
Owners = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Tree:
    """A folder that stands for the root of a device.

    Attributes:
        folder: its files have the modes that they are to have there; folders too, where they are new.
        owners: user and group by path, of what is not root's.
    """

    folder: Path
    owners: Owners

    def walk(self) -> Iterator[tuple[str, Path]]:
        """Every path on the device with that here, folders before what is in them, always in the same order."""
        for above, folders, files in os.walk(self.folder):
            folders.sort()
            for name in sorted([*files, *folders]):
                path = Path(above) / name
                yield "/" + str(path.relative_to(self.folder)), path
            folders[:] = [name for name in folders if not (Path(above) / name).is_symlink()]


def write_tree(fs: Ext4, tree: Tree, workplace: Path, time_s: int) -> None:
    """Put a tree into a file system: files and links in the place of those that are there; folders that are there stay.

    Args:
        fs: the file system; it is checked by whoever calls this.
        tree: what is written.
        workplace: a private folder.
        time_s: the time that everything new bears, seconds since 1970.

    Raises:
        MistakeError: there is something else where a file, link or folder should go.
        FirmwareError: it does not fit, or cannot be written.
    """
    script = workplace / "debugfs"
    places = list(tree.walk())
    folders = sorted({str(Path(place).parent) for place, _ in places})
    there = listings(fs, folders, script)
    present = {
        f"{folder.rstrip('/')}/{name}": entry.mode for folder, one in there.items() for name, entry in one.items()
    }
    lines = [f"set_current_time @{time_s}"]
    for place, path in places:
        lines += _commands(place, path, present.get(place), tree.owners.get(place))
    script.write_text("\n".join(lines) + "\n", errors="surrogateescape")
    said = run(("debugfs", "-w", "-f", str(script), fs.device), time_s)
    script.unlink()
    if wrong := complaints(said.err):
        raise FirmwareError(f"the root file system cannot be written: {wrong[:300]}")
    _read_back(fs, places, workplace)


def _commands(place: str, path: Path, present: int | None, owner: tuple[int, int] | None) -> list[str]:
    """What debugfs does for one path; `present` is the mode of what is there."""
    name, mode = quoted(place), path.lstat().st_mode
    if stat.S_ISDIR(mode):
        if present is not None:
            if not stat.S_ISDIR(present):
                raise MistakeError(f"{place} of the image is no folder; give the official image")
            return []
        lines = [f"mkdir {name}"]
        if stat.S_IMODE(mode) != FOLDER:
            lines.append(f"sif {name} mode 0{stat.S_IMODE(mode) | stat.S_IFDIR:o}")
        return lines + _owned(name, owner)
    if present is not None and stat.S_ISDIR(present):
        raise MistakeError(f"{place} of the image is a folder; give the official image")
    lines = [] if present is None else [f"rm {name}"]
    if stat.S_ISLNK(mode):
        return [*lines, f"symlink {name} {quoted(str(path.readlink()))}"]
    return [*lines, f"write {quoted(str(path))} {name}", *_owned(name, owner)]


def _owned(name: str, owner: tuple[int, int] | None) -> list[str]:
    return [f"sif {name} uid {owner[0]}", f"sif {name} gid {owner[1]}"] if owner else []


def _read_back(fs: Ext4, places: list[tuple[str, Path]], workplace: Path) -> None:
    """Little that goes wrong is told by debugfs, so every file is compared with what it should be."""
    back, script = workplace / "back", workplace / "debugfs"
    back.mkdir(mode=0o700)
    files = [(place, path) for place, path in places if not path.is_symlink() and path.is_file()]
    script.write_text(
        "".join(f"dump {quoted(place)} {quoted(str(back / str(i)))}\n" for i, (place, _) in enumerate(files)),
        errors="surrogateescape",
    )
    run(("debugfs", "-f", str(script), fs.device))
    for index, (place, path) in enumerate(files):
        copy = back / str(index)
        if not copy.is_file() or not filecmp.cmp(path, copy, shallow=False):
            raise FirmwareError(f"{place} did not reach the root file system whole; is it full?")
        copy.unlink()
    script.unlink()
    back.rmdir()
