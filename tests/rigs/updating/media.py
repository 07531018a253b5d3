"""What a device's disk may be: a folder that is copied, or a file system whose power can be cut."""

import shutil
from pathlib import Path
from typing import Protocol

from tests.rigs.updating.power import Cut, Powered


class Medium(Protocol):
    """A disk that can be put back to how it was. `root` is usable between `open` and `close`."""

    root: Path
    inside: tuple[str, ...]  # what commands begin with that are to see it

    def open(self) -> None:
        """As it was when it was kept, or empty."""

    def keep(self) -> None:
        """What it holds now is what `open` comes back to. While it is open, which it is no more then."""

    def close(self) -> None:
        """Nobody uses it."""

    def cut(self, cut: Cut) -> bool:
        """The power; and it is there again. While it is open. Whether that happened."""


class Folder:
    """Survives processes, knows no power."""

    def __init__(self, folder: Path) -> None:
        self.root, self._kept = folder / "disk", folder / "kept"
        self.inside: tuple[str, ...] = ()
        self._kept.mkdir()

    def open(self) -> None:
        shutil.copytree(self._kept, self.root, symlinks=True)

    def keep(self) -> None:
        shutil.rmtree(self._kept)
        self.root.rename(self._kept)

    def close(self) -> None:
        shutil.rmtree(self.root)

    def cut(self, cut: Cut) -> bool:
        return False  # nothing happened, and that is told as such


class Card:
    """See Powered."""

    def __init__(self, disk: Powered) -> None:
        self.root, self._disk, self.inside = disk.root, disk, disk.inside

    def open(self) -> None:
        self._disk.reset()
        self._disk.mount()

    def keep(self) -> None:
        self.close()
        self._disk.begin_from_here()

    def close(self) -> None:
        self._disk.unmount()

    def cut(self, cut: Cut) -> bool:
        happened = self._disk.cut(cut)
        self._disk.mount()
        return happened
