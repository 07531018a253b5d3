"""One subject that learns, a camera or a sensor: its samples, its rounds, and which weights serve.

It has no thread and no clock of its own. The model itself is lent to each call, because several subjects of one model
take turns on it; afterwards the model has the weights that serve this subject.
"""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.trainable import Trainee, Weights
from edge.contracts.types import F32, F64, Head, ModelBundle
from edge.contracts.windows import SeriesWindow, TrackWindow
from edge.learning.checkpoint import Checkpoint
from edge.learning.division import Part, period_of
from edge.learning.fitting import Breathe, Fit, Interrupted
from edge.learning.learnt import network, sizes
from edge.learning.live import LiveScores
from edge.learning.promotion import (
    Began,
    Ended,
    Event,
    Live,
    Promoted,
    Reset,
    RolledBack,
    Stopped,
    Switched,
    Terms,
    after,
    due,
)
from edge.learning.reservoir import Added, Age, Reservoir
from edge.learning.round import Judgement, Material, adapt, errors_with
from edge.learning.sample import Batch, Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.shelf import Shelf
from edge.learning.standing import EXPORTED, Standing

SAMPLES = "samples.db"
ROUNDS = 3  # of the latest, whose mean is the candidate
LEAST_HELD = 24  # samples that were never learnt from, before anything is judged by them
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
        ModelError: nothing is known of how such a model learns.
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
        self._period_s = period_of(span_s(bundle), settings.holdout)
        self._shelf = Shelf(folder, bundle.sha256, bundle.head, sizes(bundle))
        form = f"{bundle.head.value} {bundle.window}"
        self._reservoir = Reservoir(folder / SAMPLES, self._shapes, form, span_s(bundle), settings)
        self._live = LiveScores(terms.window)
        self._judgement: Judgement | None = None
        self._trained: deque[F32] = deque(maxlen=ROUNDS - 1)
        self._trouble = ""
        self._again = 0  # samples seen before which no round is begun, where the disk did not take that one began
        self._standing = self._shelf.checked(self._shelf.read())
        self._load()

    def close(self) -> None:
        """Close its files."""
        self._reservoir.close()

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        return self._standing

    @property
    def serving(self) -> F32:
        """(N,) the weights that serve."""
        return self._weights[0]

    @property
    def candidate(self) -> F32 | None:
        """(N,) the weights in the shadow; None where there are none."""
        return self._weights[1]

    @property
    def state(self) -> State:
        """What is told of it."""
        kept = {part: sum(self._reservoir.count(part, age) for age in Age) for part in Part}
        return State(
            self._standing,
            self._reservoir.seen,
            kept[Part.LEARN],
            kept[Part.JUDGE],
            self._judgement,
            self._live.told(self._reservoir.seen),
            self._reservoir.trouble or self._trouble,
        )

    def offer(self, samples: Sequence[Sample]) -> Added:
        """Keep samples; what is counted as stored is on disk."""
        return self._reservoir.add(samples) if self._standing.on else Added(0, len(samples), 0, 0)

    def compare(self, trainee: Trainee, samples: Sequence[Sample]) -> None:
        """Hold everyone against samples that nobody has learnt from yet: call it before they are offered.

        Raises:
            ModelError: the model failed as it was exported.
        """
        batch = stacked(samples, self._shapes)
        if self._standing.names and len(batch):
            exported = errors_with(trainee, self._exported, batch)
            serving = self._errors(trainee, self.serving, batch) if self._standing.serving else exported
            candidate = serving if self.candidate is None else self._errors(trainee, self.candidate, batch)
            self.score(exported, serving, candidate)
        self.serve(trainee)

    def score(self, exported: F64, serving: F64, candidate: F64) -> None:
        """Take in live errors (n,) of everyone on the same n comparisons, from wherever they come."""
        self._live.add(exported, serving, candidate)
        self._happened(self._live.told(self._reservoir.seen))

    def due(self) -> bool:
        """Whether a round of training is due: there is enough to learn from, and enough to judge by."""
        kept = [sum(self._reservoir.count(part, age) for age in Age) for part in Part]
        seen = self._reservoir.seen
        return min(kept) >= LEAST_HELD and seen >= self._again and due(self._standing, seen, self._terms)

    def learn(self, trainee: Trainee, breathe: Breathe) -> Judgement | None:
        """One round; None where it was interrupted, or failed: `state.trouble` says why.

        Args:
            trainee: the model.
            breathe: called after each step; may sleep; False: stop here.
        """
        if not self._happened(Began(self._reservoir.seen)):
            self._again = self._reservoir.seen + LEAST_HELD
            return None
        try:
            return self._round(trainee, breathe)
        except Interrupted:
            self._trouble = ""
        except (ModelError, sqlite3.Error, OSError) as error:
            self._trouble = str(error)
            _log.error("a round of learning failed: %s", error)
        finally:
            self.serve(trainee)
        self._happened(Stopped())
        return None

    def serve(self, trainee: Trainee) -> None:
        """Give the model the weights that serve. Raises ModelError."""
        trainee.set_weights(Weights(network(trainee.bundle, self.serving), np.zeros(trainee.trainable.state, np.float32)))

    def promote(self) -> bool:
        """By hand: the candidate serves; False where there is none."""
        return self._happened(Promoted())

    def roll_back(self) -> bool:
        """By hand: what served before serves again."""
        return self._happened(RolledBack(self._reservoir.seen))

    def switch(self, on: bool) -> bool:
        """By hand: learning on or off; what serves goes on serving."""
        return self._happened(Switched(on))

    def reset(self) -> bool:
        """By hand: forget all samples and all that was learnt. Raises sqlite3.Error."""
        done = self._happened(Reset())
        self._reservoir.clear()
        self._judgement = None
        self._trained.clear()
        return done

    def _round(self, trainee: Trainee, breathe: Breathe) -> Judgement:
        self.serve(trainee)
        how = Fit(self._settings.rate, self._settings.epochs, seed=1 + self._standing.rounds)
        found = adapt(
            trainee, self._exported, self.serving, self._material(), how, breathe, tuple(self._trained)
        )
        self._trained.append(found.fitted.weights)
        judgement = self._judgement = found.judgement
        passes = judgement.passes(self._settings.margin)
        name = EXPORTED
        if passes:
            optimizer = np.zeros(trainee.trainable.state, np.float32)
            name = self._shelf.put(self._checkpoint(Weights(found.candidate, optimizer), found.fitted.steps, judgement))
        self._trouble = ""
        self._happened(Ended(name, passes))
        return judgement

    def _material(self) -> Material:
        read = self._reservoir.read
        return Material(
            read(Part.LEARN, Age.RECENT),
            read(Part.LEARN, Age.OLD),
            read(Part.JUDGE, Age.RECENT),
            read(Part.JUDGE, Age.OLD),
            self._period_s,
        )

    def _checkpoint(self, weights: Weights, steps: int, judgement: Judgement) -> Checkpoint:
        scores = {"base": judgement.base, "serving": judgement.serving, "candidate": judgement.candidate}
        bundle = self._bundle
        return Checkpoint(bundle.sha256, bundle.head, weights, self._reservoir.seen, steps, self._utc_s(), scores)

    def _errors(self, trainee: Trainee, weights: F32, batch: Batch) -> F64:
        """Of weights that were learnt: infinite where they do not answer with numbers any more."""
        try:
            return errors_with(trainee, weights, batch)
        except ModelError as error:
            _log.error("%s", error)
            return np.full(len(batch), np.inf)

    def _happened(self, event: Event) -> bool:
        """Go on to where the event leads, on disk first; False where it leads nowhere.

        What the disk does not take does not happen, except that what serves and is worse is always sent back.
        """
        before, now = self._standing, after(self._standing, event, self._terms)
        if now == before:
            return False
        try:
            self._shelf.write(now)
        except OSError as error:
            self._trouble = f"the disk does not take where learning stands: {error}"
            _log.error("%s", self._trouble)
            if now.serving == before.serving or now.serving != EXPORTED:
                return False
        self._standing = now = self._shelf.checked(now)
        self._load()
        if now.serving != before.serving:
            self._live.server_is_new()
        elif now.candidate != before.candidate:
            self._live.candidate_is_new()
        return True

    def _load(self) -> None:
        standing = self._standing
        serving = self._shelf.weights(standing.serving) if standing.serving else self._exported
        self._weights = serving, self._shelf.weights(standing.candidate) if standing.candidate else None


def span_s(bundle: ModelBundle) -> float:
    """The longest sample of a model, seconds; of a model without a window of time, one second."""
    window = bundle.window
    if isinstance(window, TrackWindow):
        return (window.samples - 1) * window.step_s + window.horizons_s[-1]
    if isinstance(window, SeriesWindow):
        ahead = window.horizons[-1] if bundle.head is Head.SERIES and window.horizons else 0
        return (window.samples - 1 + ahead) * window.step_s
    return 1.0
