"""What a machine says on its serial line: read without ever waiting longer than was said."""

import os
import re
import select
import time
from pathlib import Path

SLICE_S = 0.5


class Console:
    """Reads a file descriptor; `text` is everything so far, and goes to a file as it comes."""

    def __init__(self, log: Path) -> None:
        self.text, self._log = "", log
        self.ended = False
        self._fd = -1

    def begin(self, fd: int) -> None:
        """Go on with another descriptor, that of a machine that was started anew."""
        os.set_blocking(fd, False)
        self._fd, self.ended = fd, False

    def pump(self, until_s: float) -> None:
        """Read what comes until then (`time.monotonic()`), or until the line ends."""
        while not self.ended:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            ready, _, _ = select.select([self._fd], [], [], min(left_s, SLICE_S))
            if ready:
                self._read()

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return
        self.ended = not data
        self.text += data.decode(errors="replace")
        with self._log.open("ab") as log:
            log.write(data)

    def said(self, pattern: str, since: int = 0) -> bool:
        """Whether a line matches, from a place in the text on."""
        return re.search(pattern, self.text[since:]) is not None

    def tail(self, lines: int = 25) -> str:
        """The last lines, for messages."""
        return "\n".join(self.text.splitlines()[-lines:])
