"""Every step by which a process changes a disk, counted, so that it can be ended before any one of them.

The interpreter itself tells of what opens, renames, removes, makes or shortens a file (audit events); what synchronises
is wrapped; pieces of a download are told of by whoever gives them.
"""

import os
import signal
import stat
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
Arguments = tuple[object, ...]
# What each event does to the disk, and where its path and the folder that this is relative to stand.
EVENTS: Mapping[str, tuple[int, int]] = {
    "os.rename": (0, 2),
    "os.remove": (0, 1),
    "os.mkdir": (0, 2),
    "os.rmdir": (0, 1),
    "os.link": (1, 3),
    "os.symlink": (1, 2),
    "os.truncate": (0, -1),
    "os.chmod": (0, 2),
}
# Mistakes on purpose: what is left out of synchronising.
LAZY: Mapping[str, Callable[[int], bool]] = {
    "": lambda _mode: False,
    "file": stat.S_ISREG,
    "folder": stat.S_ISDIR,
}


class Edges:
    """Counts what is done below a folder, and ends the process before the step of a number.

    Args:
        root: the folder.
        kill_at: counted from 1; 0 for never.
        lazy: what is not synchronised (`LAZY`).
    """

    def __init__(self, root: Path, kill_at: int, lazy: str) -> None:
        self._root, self._kill_at, self._is_lazy = str(root), kill_at, LAZY[lazy]
        self.count, self.kinds = 0, Counter[str]()

    def watch(self) -> None:
        """From now on, for as long as the process lives."""
        sync = os.fsync

        def fsync(file: int) -> None:
            self.pass_by("fsync", _opened(file))
            if not self._is_lazy(os.fstat(file).st_mode):
                sync(file)

        os.fsync = fsync  # type: ignore[assignment]
        sys.addaudithook(self._hook)

    def pass_by(self, what: str, path: str) -> None:
        """A step is about to be taken."""
        if not path.startswith(self._root):
            return
        self.count += 1
        self.kinds[what] += 1
        if self.count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _hook(self, event: str, arguments: Arguments) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & WRITES:
                self.pass_by("open", _path(path, -1))
        elif event in EVENTS:
            at, folder_at = EVENTS[event]
            folder = arguments[folder_at] if 0 <= folder_at < len(arguments) else -1
            self.pass_by(event, _path(arguments[at], folder if isinstance(folder, int) else -1))


def _path(told: object, folder: int) -> str:
    if isinstance(told, int):
        return _opened(told)
    path = os.fsdecode(told) if isinstance(told, str | bytes | os.PathLike) else ""
    return f"{_opened(folder)}/{path}" if folder >= 0 else os.path.abspath(path)  # noqa: PTH100 - it may be a link


def _opened(file: int) -> str:
    return str(Path(f"/proc/self/fd/{file}").readlink())
