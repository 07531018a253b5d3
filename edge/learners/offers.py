"""What others have learnt and was laid down for a subject: judged by its own gate, told of, and removed."""

import logging
import math
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from edge.contracts.errors import EdgeError
from edge.contracts.learning_state import NO_OFFERS, Offers
from edge.learners.models import LoadedModel
from edge.learners.told import judged
from edge.learners.troubles import Troubles, What
from edge.learning.offered import newest, read_offered
from edge.learning.standing import EXPORTED
from edge.learning.subject import Subject

LOOK_S, AGAIN_S = 5.0, 60.0  # between looks into the folder; until what could not be judged is tried again
_log = logging.getLogger(__name__)


class OfferInbox:
    """Of one subject. An offer waits while there cannot be another candidate, or too little is held out to judge it by.

    Args:
        folder: of the subject.
        troubles: of the subject.
        clock: monotonic.
    """

    def __init__(self, folder: Path, troubles: Troubles, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._troubles, self._clock = folder, troubles, clock
        self._look_s = 0.0  # when there is to be looked again
        self._found: Path | None = None
        self._done = ""  # the name of a file that was judged, and cannot be removed
        self.told = NO_OFFERS

    def due(self, subject: Subject) -> bool:
        """Whether there is something that can be judged now."""
        now_s = self._clock()
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_S
            self._look()
        return self._found is not None and subject.takes_others()

    def judge(self, subject: Subject, model: LoadedModel) -> None:
        """Judge it; what does not pass, or cannot be used, is gone afterwards."""
        path, self._found = self._found, None
        if path is None:
            return
        try:
            found = subject.judge_others(model.trains, read_offered(path, model.bundle))
            if min(found.over_base.low, found.over_serving.low) == -math.inf:  # too little to be sure of anything
                self._look_s = self._clock() + AGAIN_S
                return
            taken = subject.standing.candidate != EXPORTED
            self.told = Offers(self.told.judged + 1, self.told.taken + taken, judged(found))
            what = "is its candidate now" if taken else "is not better here and not taken"
            _log.info("%s: what others have learnt (%.12s) %s", self._folder.name, path.name, what)
        except (sqlite3.Error, OSError) as error:
            self._look_s = self._clock() + AGAIN_S
            self._troubles.failed(What.OFFERED, f"what others have learnt cannot be judged now: {error}")
            return
        except EdgeError as error:
            self.told = Offers(self.told.judged + 1, self.told.taken, self.told.errors)
            _log.warning("%s: what others have learnt is refused: %s", self._folder.name, error)
        self._troubles.succeeded(What.OFFERED)
        self._remove(path)

    def _look(self) -> None:
        try:
            found = newest(self._folder)
            self._found = None if found is None or found.name == self._done else found
            if found is None:
                self._troubles.succeeded(What.OFFERED)
        except OSError as error:
            self._troubles.failed(What.OFFERED, f"what others have learnt cannot be read: {error}")

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._done = path.name
            self._troubles.failed(What.OFFERED, f"what others have learnt was judged and cannot be removed: {error}")
