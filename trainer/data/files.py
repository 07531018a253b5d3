"""Files of a data set that somebody else made: bounded in size, and never outside its folder."""

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from trainer.errors import TrainError

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
SMALL_BYTES = 16 << 20  # of a text file that tells of one picture, or of names
_DIGITS = re.compile(r"(\d+)")


def read_text(path: Path, limit_bytes: int = SMALL_BYTES) -> str:
    """A text file, UTF-8 with or without a mark.

    Raises:
        TrainError: it cannot be read, is no text, or is larger than the limit.
    """
    data = read_bytes(path, limit_bytes)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainError(f"{path} is no UTF-8 text (byte {error.start}); save it as UTF-8") from error


def read_bytes(path: Path, limit_bytes: int) -> bytes:
    """A whole file.

    Raises:
        TrainError: it cannot be read, or is larger than the limit.
    """
    try:
        if not path.is_file():  # a pipe would make us wait for ever
            raise TrainError(f"{path} is no regular file; correct its name")
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except OSError as error:
        raise TrainError(f"{path} cannot be read: {error.strerror}; correct its permissions") from error
    if len(data) > limit_bytes:
        raise TrainError(f"{path} has more than {limit_bytes >> 20} MiB; divide it into smaller files")
    return data


def inside(folder: Path, name: str) -> Path:
    """The file of a folder that a data set names.

    Raises:
        TrainError: the name leads out of the folder, or is none.
    """
    parts = PurePosixPath(name.replace("\\", "/"))
    drive = re.match(r"[A-Za-z]:", name)
    if not parts.parts or parts.is_absolute() or drive or ".." in parts.parts or not _printable(name):
        raise TrainError(f"it names {name!r}, which leads out of the data's folder or is no name")
    return folder / parts


def _printable(name: str) -> bool:
    """Whether a name can be a file's and be shown: no control characters, no halves of characters."""
    return all(ord(letter) >= 32 and not 0xD800 <= ord(letter) < 0xE000 for letter in name)


def pictures_in(folder: Path) -> list[Path]:
    """The pictures directly in a folder, by name ("2.jpg" before "10.jpg"); none where there is no such folder."""
    return [path for path in files_in(folder) if path.suffix.lower() in SUFFIXES]


def files_in(folder: Path, suffix: str = "") -> list[Path]:
    """The files directly in a folder by name, hidden ones left out; none where there is no such folder."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
    return by_name(path for path in found if not suffix or path.suffix.lower() == suffix)


def folders_in(folder: Path, depth: int) -> list[Path]:
    """A folder and those below it, so many levels deep, by name; hidden ones left out."""
    found = [folder]
    if depth > 0 and folder.is_dir():
        below = (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        for path in by_name(below):
            found += folders_in(path, depth - 1)
    return found


def by_name(paths: Iterable[Path]) -> list[Path]:
    """Paths as people sort them: by their names, numbers in them by value."""
    return sorted(paths, key=partial(name_key))


def name_key(path: Path) -> tuple[tuple[tuple[int, str], ...], str]:
    """What `by_name` sorts by."""
    parts = _DIGITS.split(str(path))
    return tuple((int(part[:18]), "") if part.isdecimal() else (0, part) for part in parts), str(path)
