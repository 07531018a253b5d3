"""One subject that learns, a camera or a sensor: its samples, its rounds, and which weights serve.

It has no thread and no clock of its own. The model itself is lent to each call, because several subjects of one model
take turns on it; afterwards the model has the weights that serve this subject.
"""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.trainable import Trainee, Weights
from edge.contracts.types import F32, F64, ModelBundle
from edge.learning.checkpoint import Checkpoint
from edge.learning.course import CHOSEN_BY_S, Course
from edge.learning.division import Part, alike, span_s
from edge.learning.fitting import Breathe, Fit, Interrupted
from edge.learning.keeping import Age
from edge.learning.learnt import errors_with, set_learnt
from edge.learning.promotion import (
    Began,
    Brought,
    Counted,
    Ended,
    Live,
    Promoted,
    Reset,
    RolledBack,
    Stopped,
    Switched,
    Terms,
    due,
    free,
)
from edge.learning.reservoir import Added, Reservoir, capacity
from edge.learning.round import Judgement, Material, adapt, judged
from edge.learning.sample import Batch, Sample, form_of, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.standing import EXPORTED, Phase, Standing
from edge.learning.usual import limit_scores, told_limit

SAMPLES = "samples.db"
ROUNDS = 3  # of the latest, whose mean is the candidate
LEAST_HELD = 24  # samples that were never learnt from, before anything is judged by them
LEAST_KEPT = 2 * LEAST_HELD  # of each part: half of them are the newest
NO_OPTIMIZER = np.zeros(0, np.float32)  # every round begins with a new one
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """What is told of a subject."""

    standing: Standing
    seen: int  # samples, ever
    learnt_from: int  # samples kept for that
    held_out: int  # samples kept to judge
    judgement: Judgement | None  # of the last round since the start
    live: Live
    trouble: str  # why the disk takes nothing, or the last round failed; else ""


class Subject:
    """Keep one for each camera and sensor whose model learns. Not thread-safe.

    Args:
        folder: of its own; is made.
        bundle: of the model.
        exported: (N,) weights of the model as it was opened.
        settings: what is kept, how is learnt, what margin is asked for.
        terms: when what happens.
        utc_s: the wall clock, for the record only.

    Raises:
        ConfigError, StateError, NewerCheckpointError: a newer program wrote what lies there, or it cannot be used.
        ModelError: nothing is known of how such a model learns, or an auto-encoder carries no limit.
        sqlite3.Error, OSError: the disk is full or failing; try again later.
    """

    def __init__(
        self,
        folder: Path,
        bundle: ModelBundle,
        exported: F32,
        settings: LearningSettings,
        terms: Terms,
        utc_s: Callable[[], float] = time.time,
    ) -> None:
        self._bundle, self._exported, self._settings, self._terms = bundle, exported, settings, terms
        self._shapes, self._utc_s = shapes_of(bundle), utc_s
        self._span_s, self._limit = span_s(bundle), told_limit(bundle)
        self._course = Course(folder, bundle, exported, terms)
        self._judgement: Judgement | None = None
        self._trained: deque[F32] = deque(maxlen=ROUNDS - 1)
        self._trouble = ""
        self._again = 0  # samples seen before which no round is begun, where the disk did not take that one began
        self._training = False
        if self._narrow():
            _log.error("%s: %s", folder, self._narrow())
        form = form_of(bundle)
        self._reservoir = Reservoir(folder / SAMPLES, self._shapes, form, self._span_s, settings)  # last: it is open
        self._catch_up()

    def close(self) -> None:
        """Close its files."""
        self._course.live.write()
        self._reservoir.close()

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        return self._course.standing

    @property
    def serving(self) -> F32:
        """What serves: (N,) weights, or more with a flow map, see `edge.learning.learnt`."""
        return self._course.serving

    @property
    def candidate(self) -> F32 | None:
        """What is in the shadow, likewise; None where nothing is."""
        return self._course.candidate

    @property
    def state(self) -> State:
        """What is told of it."""
        kept = {part: sum(self._reservoir.count(part, age) for age in Age) for part in Part}
        return State(
            self.standing,
            self._reservoir.seen,
            kept[Part.LEARN],
            kept[Part.JUDGE],
            self._judgement,
            self._course.live.told(self._reservoir.seen),
            self._reservoir.trouble or self._course.trouble or self._trouble or self._narrow(),
        )

    def offer(self, samples: Sequence[Sample]) -> Added:
        """Keep samples; what is counted as stored is on disk."""
        if not self.standing.on:
            return Added(0, len(samples), 0, 0)
        added = self._reservoir.add(samples)
        self._catch_up()
        return added

    def compare(self, trainee: Trainee, samples: Sequence[Sample]) -> None:
        """Hold everyone against samples that nobody has learnt from yet: call it before they are offered.

        Raises:
            ModelError: the model failed as it was exported.
        """
        batch = stacked(samples, self._shapes)
        if self.standing.names and len(batch):
            exported = errors_with(trainee, self._exported, batch)
            serving = self._errors(trainee, self.serving, batch) if self.standing.serving else exported
            candidate = serving if self.candidate is None else self._errors(trainee, self.candidate, batch)
            names = alike(batch.group, batch.begin_s, self._span_s, self._settings.holdout)
            self.score(exported, serving, candidate, names)
        self.serve(trainee)

    def score(self, exported: F64, serving: F64, candidate: F64, names: Sequence[str]) -> None:
        """Take in live errors (n,) of everyone on the same n comparisons, from wherever they come.

        Args:
            exported: of the exported weights.
            serving: of those that serve.
            candidate: of those in the shadow; where there are none, those of what serves again.
            names: comparisons of one name count as one, see `edge.learning.division.alike`.
        """
        self._course.live.add(exported, serving, candidate, names)
        self._course.happened(self._course.live.told(self._reservoir.seen))

    def due(self) -> bool:
        """Whether a round of training is due: there is enough to learn from, and enough to judge by."""
        kept = [sum(self._reservoir.count(part, age) for age in Age) for part in Part]
        seen = self._reservoir.seen
        return min(kept) >= LEAST_HELD and seen >= self._again and due(self.standing, seen, self._terms)

    def learn(self, trainee: Trainee, breathe: Breathe) -> Judgement | None:
        """One round; None where it was interrupted, or failed: `state.trouble` says why.

        Args:
            trainee: the model.
            breathe: called after each step; may sleep; False: stop here.
        """
        if not self._course.happened(Began(self._reservoir.seen)):
            self._again = self._reservoir.seen + LEAST_HELD
            return None
        self._training = True
        try:
            return self._round(trainee, lambda: breathe() and self.standing.phase is Phase.TRAINING)
        except Interrupted:
            self._trouble = ""
        except (ModelError, sqlite3.Error, OSError) as error:
            self._trouble = str(error)
            _log.error("a round of learning failed: %s", error)
        finally:
            self._training = False
            self.serve(trainee)
        self._course.happened(Stopped())
        return None

    def takes_others(self) -> bool:
        """Whether weights that others have learnt can be judged now."""
        held = sum(self._reservoir.count(Part.JUDGE, age) for age in Age)
        return held >= LEAST_HELD and free(self.standing, self._reservoir.seen)

    def judge_others(self, trainee: Trainee, weights: F32) -> Judgement:
        """Judge weights (N,) that others have learnt as a candidate; what passes goes into the shadow.

        Raises:
            ModelError: the model fails with them.
            sqlite3.Error, OSError: the disk is full or failing; try again later.
        """
        try:
            self.serve(trainee)
            material = self._material()
            judgement = judged(trainee, self._exported, self.serving, weights, material)
            limit = self._limits(trainee, weights, material)
        finally:
            self.serve(trainee)
        if judgement.passes(self._settings.margin):
            name = self._course.put(self._checkpoint(Weights(weights, NO_OPTIMIZER), 0, judgement, limit))
            self._course.happened(Brought(name, self._reservoir.seen))
        return judgement

    def serve(self, trainee: Trainee) -> None:
        """Give the model the weights that serve. Raises ModelError."""
        set_learnt(trainee, self.serving)

    def promote(self) -> bool:
        """By hand: the candidate serves; False where there is none."""
        return self._course.happened(Promoted())

    def roll_back(self) -> bool:
        """By hand: what served before serves again."""
        return self._course.happened(RolledBack(self._reservoir.seen))

    def switch(self, on: bool) -> bool:
        """By hand: learning on or off; what serves goes on serving."""
        return self._course.happened(Switched(on))

    def reset(self) -> bool:
        """By hand: forget all samples and all that was learnt, and what a round that is going on would bring.

        False where the disk does not take it; nothing is forgotten then. Raises sqlite3.Error.
        """
        if not self._course.happened(Reset()) and self.standing != Standing(on=self.standing.on):
            return False
        self._reservoir.clear()
        self._judgement = None
        self._trained.clear()
        self._again, self._trouble = 0, ""
        return True

    def _round(self, trainee: Trainee, breathe: Breathe) -> Judgement:
        self.serve(trainee)
        how = Fit(self._settings.rate, self._settings.epochs, seed=1 + self.standing.rounds)
        material = self._material()
        found = adapt(trainee, self._exported, self.serving, material, how, breathe, tuple(self._trained))
        self._trained.append(found.fitted.weights)
        judgement = self._judgement = found.judgement
        passes = judgement.passes(self._settings.margin)
        name = EXPORTED
        if passes:
            weights = Weights(found.candidate, NO_OPTIMIZER)
            limit = self._limits(trainee, found.candidate, material)
            name = self._course.put(self._checkpoint(weights, found.fitted.steps, judgement, limit))
        self._trouble = ""
        self._course.happened(Ended(name, passes))
        return judgement

    def _material(self) -> Material:
        read = self._reservoir.read
        return Material(
            read(Part.LEARN, Age.RECENT),
            read(Part.LEARN, Age.OLD),
            read(Part.JUDGE, Age.RECENT),
            read(Part.JUDGE, Age.OLD),
            self._span_s,
            self._settings.holdout,
            self._course.chosen_by_s,
        )

    def _limits(self, trainee: Trainee, weights: F32, material: Material) -> Mapping[str, float]:
        """What goes along with weights (N,), beside how they were judged; whose the model then has is not known."""
        return limit_scores(trainee, self._limit, (self._exported, weights), (material.held_old, material.held))

    def _checkpoint(self, weights: Weights, steps: int, judgement: Judgement, limit: Mapping[str, float]) -> Checkpoint:
        held = {"base": judgement.base, "serving": judgement.serving, "candidate": judgement.candidate}
        scores = {**held, **limit, CHOSEN_BY_S: judgement.until_s}
        bundle = self._bundle
        return Checkpoint(bundle.sha256, bundle.head, weights, self._reservoir.seen, steps, self._utc_s(), scores)

    def _errors(self, trainee: Trainee, weights: F32, batch: Batch) -> F64:
        """Of weights that were learnt: infinite where they do not answer with numbers any more."""
        try:
            return errors_with(trainee, weights, batch)
        except ModelError as error:
            _log.error("%s", error)
            return np.full(len(batch), np.inf)

    def _catch_up(self) -> None:
        """A file of samples that was begun anew puts off no round; nor does an end that the disk did not take."""
        self._again = min(self._again, self._reservoir.seen + LEAST_HELD)
        self._course.happened(Counted(self._reservoir.seen))
        if self.standing.phase is Phase.TRAINING and not self._training:
            self._course.happened(Stopped())

    def _narrow(self) -> str:
        """Why there can never be enough to learn from and to judge by, else empty."""
        most = capacity(self._settings, self._shapes)
        if min(most.values()) >= LEAST_KEPT:
            return ""
        return (
            f"it can never learn: {most[Part.LEARN]} samples to learn from and {most[Part.JUDGE]} to judge by are "
            f"kept, and {LEAST_KEPT} of each are needed; raise learning.max_mb, learning.samples or learning.holdout"
        )
