"""Identities of tracks: counted from 1 for each camera and never used again, after a restart neither.

What is said about a track may be heard late: a broker keeps a lesson ("track 17 is rex") while the daemon is away. Were
17 another one by then, that would be learnt.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.stored import Stored

FILE_NAME = "tracks.json"
AHEAD = 1000  # numbers that are set aside on disk; so many at most are left out after a crash
LARGEST = 2**53  # that every reader of JSON knows to the last digit
_log = logging.getLogger(__name__)


class Numbers:
    """Those of one camera."""

    def __init__(self, first: int = 1) -> None:
        self.following = first

    def take(self, count: int) -> int:
        """The first of so many that nobody has had."""
        first, self.following = self.following, self.following + count
        return first


class Numbering:
    """Those of all cameras, kept on disk. Not written for each track: numbers are set aside in advance.

    Args:
        state_dir: where the file lies.
    """

    def __init__(self, state_dir: Path) -> None:
        self._stored = Stored(state_dir / FILE_NAME)
        kept = self._stored.read_regained()
        self._aside = {
            camera: number
            for camera, number in (kept.items() if isinstance(kept, Mapping) else ())
            if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= LARGEST
        }
        self._numbers: dict[str, Numbers] = {}

    def of(self, camera: str) -> Numbers:
        """A camera's, from where an earlier run left off. Call `keep` before any is taken."""
        return self._numbers.setdefault(camera, Numbers(self._aside.get(camera, 1)))

    def keep(self) -> None:
        """Set more aside where they become few."""
        if any(self._aside.get(camera, 0) < one.following + AHEAD // 2 for camera, one in self._numbers.items()):
            self._write(AHEAD)

    def close(self) -> None:
        """Give back what was set aside and not used."""
        self._write(0)

    def _write(self, ahead: int) -> None:
        aside = {**self._aside, **{camera: one.following + ahead for camera, one in self._numbers.items()}}
        if aside == self._aside:
            return
        try:
            self._stored.write(aside)
        except OSError as error:
            _log.warning("after a restart, tracks may get numbers that others have had: %s", error)
        else:
            self._aside = aside
