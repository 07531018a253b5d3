"""Live scores that outlive a restart: weights that are worse get no new allowance by it.

They lie in a file beside `standing.json`, with the names of the weights that they are of; of other weights they are not
used. It is written after every few comparisons and at the end, so a few may be lost when the power fails.
"""

import base64
import binascii
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edge.contracts.stored import Json, Stored
from edge.contracts.types import F64
from edge.learning.live import BINS, COUNT, LiveScores
from edge.learning.promotion import Live
from edge.learning.standing import EXPORTED, Standing

FILE = "live.json"
EVERY = 32  # comparisons, of which at most so many are lost
_log = logging.getLogger(__name__)


class Tally:
    """Live scores of a subject, in memory and on disk.

    Args:
        folder: of the subject.
        window: newest comparisons by which what serves is judged.
        standing: whose scores they are.
    """

    def __init__(self, folder: Path, window: int, standing: Standing) -> None:
        self._stored, self._scores, self._standing = Stored(folder / FILE), LiveScores(window), standing
        self._unwritten, self._failed = 0, False
        newest, bins = _kept(self._stored.read_regained(), standing, window)
        self._scores.go_on(newest, bins)

    def add(self, exported: F64, serving: F64, candidate: F64, alike: Sequence[str]) -> None:
        """See `LiveScores.add`."""
        self._scores.add(exported, serving, candidate, alike)
        self._unwritten += len(exported)
        if self._unwritten >= EVERY:
            self.write()

    def follow(self, standing: Standing) -> None:
        """Begin anew for what serves now, or is in the shadow now."""
        before, self._standing = self._standing, standing
        if standing.serving != before.serving:
            self._scores.server_is_new()
        elif standing.candidate != before.candidate:
            self._scores.candidate_is_new()

    def told(self, seen: int) -> Live:
        """See `LiveScores.told`."""
        return self._scores.told(seen)

    def write(self) -> None:
        """Put them on disk, where anything is new that may matter; where the disk does not take them, the next time."""
        if not self._unwritten or not self._standing.names:
            return
        value = {
            "serving": self._standing.serving,
            "candidate": self._standing.candidate,
            "newest": _text(self._scores.newest),
            "bins": _text(self._scores.bins[: None if self._standing.candidate else 0]),
        }
        try:
            self._stored.write(value)
            self._unwritten, self._failed = 0, False
        except OSError as error:
            if not self._failed:
                _log.error("live scores are not kept until the disk takes them again: %s", error)
            self._failed = True


def _kept(value: Json, standing: Standing, window: int) -> tuple[F64, F64]:
    """Of what was on disk, what is of the same weights; the rest is nothing."""
    nothing = np.zeros((0, 3)), np.zeros((BINS, 4))
    if not isinstance(value, Mapping) or value.get("serving") != standing.serving:
        return nothing
    newest, bins = _numbers(value.get("newest"), 3), _numbers(value.get("bins"), 4)
    if (
        newest is None
        or bins is None
        or len(newest) > 1 << 20
        or len(bins) not in (0, BINS)
        or not (bins[:, COUNT] >= 0).all()
    ):
        _log.warning("what was kept of live scores makes no sense; they begin anew")
        return nothing
    served = standing.serving != EXPORTED
    shadowed = len(bins) and standing.candidate != EXPORTED and value.get("candidate") == standing.candidate
    return newest[-window:] if served else nothing[0], bins if shadowed else nothing[1]


def _text(numbers: F64) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, "<f4").tobytes()).decode()


def _numbers(text: Json, columns: int) -> F64 | None:
    """(n, columns) of text; None where it is no such thing."""
    try:
        data = base64.b64decode(text if isinstance(text, str) else "?", validate=True)
        return np.frombuffer(data, "<f4").astype(np.float64).reshape(-1, columns)
    except (binascii.Error, ValueError):
        return None
