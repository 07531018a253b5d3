"""One subject in the learner's process: its model, its samples on their way, and what is told of it."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import EdgeError
from edge.contracts.learning_state import NO_ERRORS, Errors, SubjectState, told_subject, unopened
from edge.contracts.stored import Json
from edge.contracts.types import F32, ModelBundle
from edge.learning.fitting import Breathe
from edge.learning.promotion import Score, Terms
from edge.learning.round import Judgement
from edge.learning.sample import Sample
from edge.learning.settings import LearningSettings
from edge.learning.subject import Subject
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from edge.schooling.lessons import Lessons, lessons
from edge.schooling.order import Pupil

MOST_WAITING, BATCH, OLDEST_S = 512, 64, 2.0  # samples before they are stored, and how long they may wait
AGAIN_S = 60.0  # until a disk that took nothing is tried again
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Desk:
    """A model, loaded twice: live comparisons go on while a candidate is trained."""

    bundle: ModelBundle
    exported: F32  # (N,)
    judge: TrainableRuntime
    learner: TrainableRuntime


class Desks:
    """The models, each loaded for all its subjects."""

    def __init__(self) -> None:
        self._known: dict[str, Desk] = {}

    def of(self, pupil: Pupil) -> Desk:
        """The model of a subject. Raises ModelError."""
        if pupil.sha256 not in self._known:
            bundle = read_bundle(Path(pupil.path), sha256=pupil.sha256)
            judge, learner = (open_trainable(bundle, RuntimeSettings(threads=1)) for _ in range(2))
            self._known[pupil.sha256] = Desk(bundle, judge.weights().weights, judge, learner)
        return self._known[pupil.sha256]


class Seat:
    """One subject. What is wrong with it harms no other.

    Args:
        pupil: what is learnt from, and by which model.
        folder: of all subjects.
        settings: how is learnt.
        terms: when what happens.
        run: names this start of the daemon.
        clock: monotonic.
    """

    def __init__(
        self,
        pupil: Pupil,
        folder: Path,
        settings: LearningSettings,
        terms: Terms,
        run: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = pupil.name
        self._pupil, self._folder, self._settings, self._terms = pupil, folder / pupil.name, settings, terms
        self._run, self._clock = run, clock
        self._subject: Subject | None = None
        self._desk: Desk | None = None
        self._lessons: Lessons | None = None
        self._waiting: list[Sample] = []
        self._since_s = 0.0  # when the oldest of them came
        self._trouble, self._again_s = "it has not begun yet", 0.0

    @property
    def subject(self) -> Subject | None:
        """None while it cannot be opened."""
        return self._subject

    def open(self, desks: Desks, *, on: bool) -> None:
        """Open it where it is not; where that fails, `told` says why, and it is tried again after a while."""
        if self._subject is not None or self._clock() < self._again_s:
            return
        try:
            self._desk = desks.of(self._pupil)
            self._lessons = lessons(self._pupil, self._desk.bundle, self._run)
            subject = Subject(self._folder, self._desk.bundle, self._desk.exported, self._settings, self._terms)
            if subject.standing.on is not on:
                subject.switch(on)
            self._subject, self._trouble = subject, ""
        except (EdgeError, sqlite3.Error, OSError) as error:
            self._again_s = self._clock() + AGAIN_S
            if self._trouble != str(error):
                _log.error("%s does not learn: %s", self.name, error)
            self._trouble = str(error)

    def close(self) -> None:
        """Store what waits, and close its files."""
        if self._subject is not None:
            self._store()
            self._subject.close()
            self._subject = None

    def take(self, message: bytes) -> None:
        """Take in a look or a reading."""
        if self._lessons is None or self._subject is None:
            return
        found = self._lessons.take(message)
        if found and not self._waiting:
            self._since_s = self._clock()
        self._waiting = (self._waiting + found)[-MOST_WAITING:]
        self.settle()

    def settle(self) -> None:
        """Compare and store what waits, where it is much or old."""
        if self._waiting and (len(self._waiting) >= BATCH or self._clock() - self._since_s >= OLDEST_S):
            self._store()

    def due(self) -> bool:
        """Whether a round is due."""
        return self._subject is not None and self._subject.due()

    def learn(self, breathe: Breathe) -> None:
        """One round."""
        if self._subject is not None and self._desk is not None:
            self._subject.learn(self._desk.learner, breathe)

    def reset(self) -> None:
        """Forget all."""
        self._waiting = []
        if self._subject is not None:
            try:
                self._subject.reset()
            except sqlite3.Error as error:
                self._trouble = f"its samples cannot be removed: {error}"
                _log.error("%s: %s", self.name, self._trouble)

    def told(self) -> Mapping[str, Json]:
        """How it stands. Where it is not open, nothing that was learnt may serve."""
        if self._subject is None:
            return told_subject(unopened(self.name, self._trouble))
        state = self._subject.state
        standing, live = state.standing, state.live
        return told_subject(
            SubjectState(
                name=self.name,
                phase=standing.phase.value,
                serving=standing.serving,
                previous=standing.previous,
                candidate=standing.candidate,
                samples=state.seen,
                learnt_from=state.learnt_from,
                held_out=state.held_out,
                rounds=standing.rounds,
                promoted=standing.promoted,
                returned=standing.returned,
                held=_judged(state.judgement),
                live=_scored(live.newest),
                shadow=_scored(live.shadow),
                trouble=state.trouble or self._trouble,
            )
        )

    def _store(self) -> None:
        assert self._subject is not None
        assert self._desk is not None
        waiting, self._waiting = self._waiting, []
        try:
            self._subject.compare(self._desk.judge, waiting)
            self._subject.offer(waiting)
        except EdgeError as error:
            self._trouble = str(error)
            _log.error("%s: %s", self.name, error)


def _scored(score: Score) -> Errors:
    if not score.count:
        return NO_ERRORS
    return Errors(score.count, score.exported, score.serving, score.candidate)


def _judged(judgement: Judgement | None) -> Errors:
    if judgement is None:
        return NO_ERRORS
    return Errors(judgement.over_base.samples, judgement.base, judgement.serving, judgement.candidate)
