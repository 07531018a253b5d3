"""One subject in the learner's process: its model, its samples on their way, its rounds and what is told of it.

What goes wrong in ways that are known is told and tried again. What does not is a fault: the subject then closes and
rests, longer each time, and harms no other.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.errors import EdgeError
from edge.contracts.learning_state import told_subject, unopened
from edge.contracts.stored import Json
from edge.learners.models import LoadedModel, LoadedModels
from edge.learners.offers import OfferInbox
from edge.learners.order import SensorTask, Task
from edge.learners.sampling import Sampling, sampling_of
from edge.learners.told import state_of
from edge.learners.troubles import Troubles, What
from edge.learning.fitting import Breathe
from edge.learning.promotion import Terms
from edge.learning.sample import Sample
from edge.learning.settings import LearningSettings
from edge.learning.sieve import EverySample, Sieve, sieve_of
from edge.learning.subject import Subject

MOST_WAITING, BATCH, OLDEST_S = 512, 64, 2.0  # samples before they are stored, and how long they may wait
AGAIN_S, MOST_AGAIN_S = 60.0, 3600.0  # until what failed is tried again; doubled with each fault, up to the second
STEADY_S = 3600.0  # open without a fault, after which the next one counts as the first
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manner:
    """How all subjects learn."""

    folder: Path  # of all of them
    settings: LearningSettings
    terms: Terms
    run: str  # names this start of the daemon


class Learner:
    """One subject.

    Args:
        task: what is learnt from, and by which model.
        how: is learnt.
        rest_s: before it is trained: the process has died of that, or may have.
        clock: monotonic.
    """

    def __init__(
        self, task: Task, how: Manner, rest_s: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = task.name
        self._task, self._how, self._clock = task, how, clock
        self._subject: Subject | None = None
        self._model: LoadedModel | None = None
        self._sampling: Sampling | None = None
        self._sieve: Sieve = EverySample()
        self._waiting: list[Sample] = []
        self._since_s = 0.0  # when the oldest of them came
        self._troubles = Troubles(task.name)
        self._offers = OfferInbox(how.folder / task.name, self._troubles, clock)
        self._open_s, self._forget_s = 0.0, 0.0  # when that is tried again
        self._faults = 0
        self._train_s = clock() + rest_s
        self._forgetting = False  # what is to be forgotten is still there

    @property
    def subject(self) -> Subject | None:
        """None while it is not open."""
        return self._subject

    @contextmanager
    def guarded(self, models: LoadedModels) -> Iterator[None]:
        """Around everything that is done with it: a fault closes it and lets it rest, and goes no further."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            _log.exception("%s: a fault of ours; please report it", self.name)
            self._rest(f"a fault of the program: {type(error).__name__}: {error}"[:200])
            models.forget(self._task)

    def open(self, models: LoadedModels, *, on: bool) -> None:
        """Open it where it is not; where that fails, `told` says why, and it is tried again after a while."""
        if self._subject is not None or self._clock() < self._open_s:
            return
        self._troubles.succeeded(What.FAULT)
        try:
            how, model = self._how, models.of(self._task)
            self._begin(model)
            subject = Subject(how.folder / self.name, model.bundle, model.exported, how.settings, how.terms)
            if subject.standing.on is not on:
                subject.switch(on)
            self._model, self._subject = model, subject
            self._troubles.succeeded(What.OPENING)
        except (EdgeError, sqlite3.Error, OSError) as error:
            self._open_s = self._clock() + AGAIN_S
            self._troubles.failed(What.OPENING, str(error))

    def close(self) -> None:
        """Store what waits, and close its files."""
        if self._subject is not None:
            self._store()
            self._subject.close()
            self._subject = None

    def take(self, message: bytes) -> None:
        """Take in a look or a reading."""
        if self._sampling is None or self._subject is None or self._forgetting:
            return
        found = self._sampling.take(message)
        if found and not self._waiting:
            self._since_s = self._clock()
        self._waiting = (self._waiting + found)[-MOST_WAITING:]
        self.settle()

    def settle(self) -> None:
        """Compare and store what waits, where it is much or old."""
        if self._forgetting and self._subject is not None and self._clock() >= self._forget_s:
            self.reset()
        if self._waiting and (len(self._waiting) >= BATCH or self._clock() - self._since_s >= OLDEST_S):
            self._store()

    def due(self) -> bool:
        """Whether there is something to judge or to train."""
        subject = self._subject
        if subject is None or self._forgetting:
            return False
        return self._offers.due(subject) or (self._clock() >= self._train_s and subject.due())

    def learn(self, breathe: Breathe) -> None:
        """Judge what others have learnt, where something has come; else one round.

        Where somebody resets it, switches it off or rolls it back meanwhile, the round ends without a candidate.
        """
        subject, model = self._subject, self._model
        if subject is None or model is None:
            return
        if self._offers.due(subject):
            self._offers.judge(subject, model)
        else:
            subject.learn(model.trains, lambda: breathe() and self._subject is subject)

    def reset(self) -> None:
        """Forget all: at once, or as soon as it is open and the disk gives it away; until then nothing is learnt."""
        self._waiting, self._forgetting = [], True
        if self._subject is None or self._model is None:
            return
        self._begin(self._model)
        try:
            self._forgetting, why = not self._subject.reset(), "the disk does not take it"
        except sqlite3.Error as error:
            why = str(error)
        if self._forgetting:
            self._forget_s = self._clock() + AGAIN_S
            self._troubles.failed(What.FORGETTING, f"what was learnt cannot be forgotten: {why}; it is tried again")
        else:
            self._troubles.succeeded(What.FORGETTING)

    def told(self) -> Mapping[str, Json]:
        """How it stands. Where it is not open, nothing that was learnt may serve."""
        if self._subject is None:
            return told_subject(unopened(self.name, self._troubles.told or "it has not begun yet"))
        return told_subject(state_of(self.name, self._subject.state, self._offers.told, self._troubles.told))

    def _begin(self, model: LoadedModel) -> None:
        """Make samples of what comes from now on."""
        task, how = self._task, self._how
        share = task.share if isinstance(task, SensorTask) else 1.0
        self._sampling = sampling_of(task, model.bundle, how.run)
        self._sieve = sieve_of(how.folder / self.name, model.bundle, model.exported, share)

    def _store(self) -> None:
        assert self._subject is not None
        assert self._model is not None
        waiting, self._waiting = self._waiting, []
        subject, trainee = self._subject, self._model.compares
        try:
            found = self._sieve.sift(trainee, (subject.standing.serving, subject.serving), waiting)
            subject.compare(trainee, found.compared)
            subject.offer(found.learnt)
            self._troubles.succeeded(What.COMPARING)
        except EdgeError as error:
            self._troubles.failed(What.COMPARING, str(error))

    def _rest(self, why: str) -> None:
        """Close it, whatever state it is in; it is opened again after a while."""
        now_s = self._clock()
        self._faults = 0 if now_s - self._open_s > STEADY_S else self._faults
        self._open_s = now_s + min(AGAIN_S * 2.0**self._faults, MOST_AGAIN_S)
        self._faults += 1
        self._troubles.failed(What.FAULT, why)
        subject, self._subject, self._waiting = self._subject, None, []
        if subject is not None:
            try:
                subject.close()
            except sqlite3.Error as error:
                _log.warning("%s: its samples cannot be closed: %s", self.name, error)
