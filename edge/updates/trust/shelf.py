"""Verified metadata on disk, replaced as a whole: after a loss of power it is the old or the new, never a part.

The TUF client writes its files one by one and leaves it to the system when they reach the disk. Were they lost, the
device would forget which versions it has seen, and an old release would be new to it. So the client works on a copy;
what has changed in it is brought to disk, and then one link is turned to it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from edge.contracts.stored import sync

CURRENT, PREFIX, WORK, LINK = "current", "metadata-", "work", "link"


class Shelf:
    """A folder with one folder of metadata in use. One process at a time uses it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def current(self) -> Path:
        """The metadata in use; there may be none yet."""
        return self._folder / CURRENT

    @contextmanager
    def copy(self) -> Iterator[Path]:
        """A copy to be worked on: what is in it in the end is kept, also where the block raises.

        Raises:
            OSError: the disk is full, or cannot be written; what was in use still is.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()
        work = self._folder / WORK
        if self.current.is_dir():
            shutil.copytree(self.current, work, symlinks=True)
        else:
            work.mkdir()
        try:
            yield work
        finally:
            if _content(work) != _content(self.current):
                self._put(work)
            self._sweep()

    def _put(self, work: Path) -> None:
        for path in [*work.rglob("*"), work]:
            if not path.is_symlink():
                sync(path)
        name = next(f"{PREFIX}{n}" for n in count(1) if not (self._folder / f"{PREFIX}{n}").exists())
        work.rename(self._folder / name)
        link = self._folder / LINK
        link.symlink_to(name)
        sync(self._folder)
        link.replace(self.current)
        sync(self._folder)

    def _sweep(self) -> None:
        """Remove what is not in use: the copy of one who was killed, what was in use before."""
        (self._folder / LINK).unlink(missing_ok=True)
        used = self.current.resolve().name
        for path in self._folder.iterdir():
            if path.name == WORK or (path.name.startswith(PREFIX) and path.name != used):
                shutil.rmtree(path)


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
