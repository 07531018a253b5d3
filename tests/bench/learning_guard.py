"""Learning under attack: does what serves ever get worse than what was exported, and for how long?

A model file that learns, fitted to walkers who turn a little less, lives through seven minutes in which things go wrong
from the second to the fifth, five ways and six seeds each:
 * `shuffled`: every sample that is offered has the future of another one, where half turn left and half turn right;
 * `noise`: every future is noise;
 * `poisoned`: every third future is swept far aside, always to the same side;
 * `wall`: the camera was turned to a wall: short false tracks that tremble, in place of the walkers;
 * `changed`: everyone turns the other way, and then again as before.
In the first three the live comparisons see what really happened, as they do in service, where a forecast is held
against what is seen later; whoever controls all that is seen, live scores too, decides what is learnt. What serves and
what was exported are compared on what really happened; the loss is how much larger the mean error of what serves is,
over the newest comparisons that make one evaluation window. `worst_loss` is the largest loss that lasted longer than
one evaluation window, over all runs; `worst_window` the largest in any window.

Every second seed is also restarted after every two hundred samples: that must give what is worse no new allowance.

The control is a learner that is not guarded: it learns from the newest samples, at the same times and in the same way,
and what it has learnt serves at once. `unguarded` is what came of it, by the attack that harmed it least: an attack
that harms nobody would prove nothing. It is the loss in the worst window.
"""

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F32, F64
from edge.learning.fitting import Fit, fit
from edge.learning.promotion import Terms
from edge.learning.round import errors_with
from edge.learning.sample import Batch, Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.standing import Standing
from edge.learning.subject import Subject
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.rigs.learning_model import learning_paths
from tests.rigs.strollers import samples, spoiled, trembling
from tests.rigs.trainee import WINDOW

SEEDS, EACH, RESTARTED = 6, 40, 5  # samples that come at a time; every so many times
BEGIN_S, BEFORE_S, BAD_S, AFTER_S = 1000.0, 120.0, 180.0, 120.0
WALKERS, TURN = 6, 0.4
SETTINGS = LearningSettings(enabled=True, rate=0.02, samples=1500)
TERMS = Terms()
World = Callable[[int, float, float, float], list[Sample]]  # of seed, begin, length and turn: what really happens
Spoil = Callable[[list[Sample], np.random.Generator], list[Sample]]
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


def fitted(runtime: TrainableRuntime, world: World) -> F32:
    """The exported weights: those of walkers who turn a little less."""
    known = stacked(world(99, BEGIN_S, 60.0, 0.75 * TURN), shapes_of(runtime.bundle))
    return learnt(runtime, runtime.weights().weights, known, Fit(0.02, 10, 0.0))


def learnt(runtime: TrainableRuntime, start: F32, known: Batch, how: Fit) -> F32:
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


def stream(name: str, seed: int, random: np.random.Generator) -> Iterator[tuple[list[Sample], list[Sample]]]:
    """What really happens and what is offered, some samples at a time."""
    begin_s, attack = BEGIN_S, ATTACKS[name]
    for number, seconds in enumerate((BEFORE_S, BAD_S, AFTER_S)):
        bad = number == 1
        world = attack.bad if bad else attack.world
        really = world(10 * seed + number, begin_s, seconds, TURN)
        for first in range(0, len(really), EACH):
            some = really[first : first + EACH]
            yield some, attack.spoil(some, random) if bad else some
        begin_s += seconds


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


def _shuffled(some: list[Sample], random: np.random.Generator) -> list[Sample]:
    order = random.permutation(len(some))
    return [
        replace(
            one, arrays={**one.arrays, "future": some[other].arrays["future"], "known": some[other].arrays["known"]}
        )
        for one, other in zip(some, order, strict=True)
    ]


def _noise(some: list[Sample], random: np.random.Generator) -> list[Sample]:
    return [spoiled(one, random, 0.3) for one in some]


def _poisoned(some: list[Sample], random: np.random.Generator) -> list[Sample]:
    aside = np.array([0.0, -2.0], np.float32)
    return [
        replace(one, arrays={**one.arrays, "future": one.arrays["future"] + aside}) if number % 3 == 0 else one
        for number, one in enumerate(some)
    ]


def _as_it_is(some: list[Sample], _: np.random.Generator) -> list[Sample]:
    return some


def _one_way(seed: int, begin_s: float, seconds: float, turn: float) -> list[Sample]:
    return samples(WALKERS, seconds, turn, seed, begin_s)


def _both_ways(seed: int, begin_s: float, seconds: float, turn: float) -> list[Sample]:
    """Half of them turn left, and half turn right."""
    half = [
        samples(WALKERS // 2, seconds, way, way_seed, begin_s) for way, way_seed in ((turn, seed), (-turn, 1000 + seed))
    ]
    return sorted([*half[0], *half[1]], key=lambda one: one.end_s)


def _other_way(seed: int, begin_s: float, seconds: float, turn: float) -> list[Sample]:
    return _one_way(seed, begin_s, seconds, -turn)


def _wall(seed: int, begin_s: float, seconds: float, _: float) -> list[Sample]:
    return trembling(WALKERS, seconds, seed, begin_s)


@dataclass(frozen=True, slots=True)
class Attack:
    """What goes wrong."""

    world: World  # as it is before and afterwards
    bad: World  # as it really is meanwhile
    spoil: Spoil  # what becomes of it on the way


ATTACKS: Mapping[str, Attack] = {
    "shuffled": Attack(_both_ways, _both_ways, _shuffled),
    "noise": Attack(_one_way, _one_way, _noise),
    "poisoned": Attack(_one_way, _one_way, _poisoned),
    "wall": Attack(_one_way, _wall, _as_it_is),
    "changed": Attack(_one_way, _other_way, _as_it_is),
}
