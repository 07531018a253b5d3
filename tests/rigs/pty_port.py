"""A serial port that a test holds the other end of: plugged in, written to, unplugged, plugged in again."""

import os
import pty
from pathlib import Path
from types import TracebackType
from typing import Self


class PtyPort:
    """Use as a context manager. `path` is there only while it is plugged in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._far = -1

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def plug(self) -> None:
        """A new port under the same name."""
        self._far, near = pty.openpty()
        self.path.symlink_to(os.ttyname(near))
        os.close(near)

    def unplug(self) -> None:
        """Away it goes; whoever reads it gets an error."""
        self.path.unlink(missing_ok=True)
        if self._far >= 0:
            os.close(self._far)
            self._far = -1

    def say(self, text: str) -> None:
        """Send it."""
        os.write(self._far, text.encode())
