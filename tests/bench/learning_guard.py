"""Learning under attack: does what serves ever get worse than what was exported, and for how long?

A model file that learns, fitted to walkers who turn a little less, lives through seven minutes in which things go wrong
from the second to the fifth, five ways (`learning_attacks`) and six seeds each. What serves and what was exported are
compared on what really happened; the loss is how much larger the mean error of what serves is, over the newest
comparisons that make one evaluation window. `worst_loss` is the largest loss that lasted longer than one evaluation
window, over all runs; `worst_window` the largest in any window.

Every second seed is also restarted after every two hundred samples: that must give what is worse no new allowance.

The control is a learner that is not guarded: it learns from the newest samples, at the same times and in the same way,
and what it has learnt serves at once. `unguarded` is what came of it, by the attack that harmed it least: an attack
that harms nobody would prove nothing. It is the loss in the worst window.
"""

import tempfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.trainable import Trainee
from edge.contracts.types import F32, F64
from edge.learning.fitting import Fit, fit
from edge.learning.learnt import errors_with
from edge.learning.promotion import Terms
from edge.learning.sample import Batch, Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.standing import Standing
from edge.learning.subject import Subject
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.bench.learning_attacks import ATTACKS, BEGIN_S, TURN, World, stream
from tests.rigs.learning_model import learning_paths
from tests.rigs.trainee import WINDOW

SEEDS, RESTARTED = 6, 5  # of each attack; after so many times that samples come
SETTINGS = LearningSettings(enabled=True, rate=0.02, samples=1500)
TERMS = Terms()
HEADER = ["run", "worst window", "worst that lasted", "served at the end", "promoted", "returned", "unguarded"]


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """One of them."""

    name: str
    worst: float  # loss in any window
    lasting: float  # loss that lasted longer than a window
    standing: Standing
    unguarded: float  # loss in any window of the control


def measured(seeds: int) -> list[Run]:
    """All attacks, with so many seeds each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paths.tflite"
        learning_paths(path, WINDOW, batch=32)
        bundle = read_bundle(path)
        with open_trainable(bundle, RuntimeSettings(threads=1)) as runtime:
            exported = {world: fitted(runtime, world) for world in {attack.world for attack in ATTACKS.values()}}
            return [
                attacked(runtime, exported[ATTACKS[name].world], name, seed)
                for seed in range(1, seeds + 1)
                for name in ATTACKS
            ]


def rows(runs: list[Run]) -> list[list[object]]:
    """One of each attack: the worst of its seeds."""
    found: list[list[object]] = []
    for name in ATTACKS:
        some = [run for run in runs if run.name == name]
        learnt = sum(run.standing.serving != "" for run in some)
        promoted, returned = (sum(getattr(run.standing, key) for run in some) for key in ("promoted", "returned"))
        worst, lasting = max(run.worst for run in some), max(run.lasting for run in some)
        unguarded = max(run.unguarded for run in some)
        found.append([name, worst, lasting, f"{learnt} of {len(some)} learnt", promoted, returned, unguarded])
    return found


def figures(runs: list[Run]) -> dict[str, object]:
    return {
        "worst_loss": max(run.lasting for run in runs),
        "worst_window": max(run.worst for run in runs),
        "runs": len(runs),
        "unguarded": min(max(run.unguarded for run in runs if run.name == name) for name in ATTACKS),
    }


def fitted(runtime: Trainee, world: World) -> F32:
    """The exported weights: those of walkers who turn a little less."""
    known = stacked(world(99, BEGIN_S, 60.0, 0.75 * TURN), shapes_of(runtime.bundle))
    return learnt(runtime, runtime.weights().weights, known, Fit(0.02, 10, 0.0))


def learnt(runtime: Trainee, start: F32, known: Batch, how: Fit) -> F32:
    """Weights that fit these samples, and no others."""
    return fit(runtime, start, known, known[np.zeros(len(known), bool)], how, lambda: True).weights


def attacked(runtime: TrainableRuntime, exported: F32, name: str, seed: int) -> Run:
    """One run."""
    random = np.random.default_rng(seed)
    base, served, alone = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(Path(folder), runtime.bundle, exported, SETTINGS, TERMS)
        control = Unguarded(runtime, exported)
        for number, (really, offered) in enumerate(stream(name, seed, random), start=1):
            before = errors_of(runtime, exported, really)
            base += before.tolist()
            served += (errors_of(runtime, subject.serving, really) if subject.standing.serving else before).tolist()
            alone += errors_of(runtime, control.serving, really).tolist()
            subject.compare(runtime, really)
            subject.offer(offered)
            control.offer(offered)
            if subject.due():
                subject.learn(runtime, lambda: True)
            if seed % 2 == 0 and number % RESTARTED == 0:
                subject.close()
                subject = Subject(Path(folder), runtime.bundle, exported, SETTINGS, TERMS)
        standing = subject.standing
        subject.close()
    loss, unguarded = (losses(np.array(base), np.array(one), TERMS.window) for one in (served, alone))
    return Run(name, float(loss.max()), lasting(loss, TERMS.window), standing, float(unguarded.max()))


class Unguarded:
    """The control: what it learns serves, whatever it is worth."""

    def __init__(self, runtime: TrainableRuntime, exported: F32) -> None:
        self._runtime, self._exported, self.serving = runtime, exported, exported
        self._newest: deque[Sample] = deque(maxlen=SETTINGS.samples // 2)
        self._since = TERMS.every - TERMS.first

    def offer(self, samples: list[Sample]) -> None:
        """Learn from the newest, as often as a subject does."""
        self._newest.extend(samples)
        self._since += len(samples)
        if self._since >= TERMS.every:
            self._since = 0
            known = stacked(list(self._newest), shapes_of(self._runtime.bundle))
            self.serving = learnt(self._runtime, self._exported, known, Fit(SETTINGS.rate, SETTINGS.epochs))


def errors_of(runtime: TrainableRuntime, weights: F32, some: list[Sample]) -> F64:
    return errors_with(runtime, weights, stacked(some, shapes_of(runtime.bundle)))


def losses(base: F64, served: F64, window: int) -> F64:
    """Of the newest comparisons at every moment, as soon as there are enough; 0 of too few."""
    if len(base) < window:
        return np.zeros(1)
    sums = [np.convolve(one, np.ones(window), "valid") for one in (base, served)]
    return sums[1] / sums[0] - 1


def lasting(loss: F64, window: int) -> float:
    """The largest loss that was never undercut for longer than one window; 0 where there was none."""
    if len(loss) <= window:
        return 0.0
    stretches = np.lib.stride_tricks.sliding_window_view(loss, window + 1)
    return max(float(stretches.min(axis=1).max()), 0.0)
