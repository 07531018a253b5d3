"""What goes wrong while a camera learns, for the benchmark `guard`.

 * `shuffled`: every sample that is offered has the future of another one, where half turn left and half turn right;
 * `noise`: every future is noise;
 * `poisoned`: every third future is swept far aside, always to the same side;
 * `wall`: the camera was turned to a wall: short false tracks that tremble, in place of the walkers;
 * `changed`: everyone turns the other way, and then again as before.

In the first three the live comparisons see what really happened, as they do in service, where a forecast is held
against what is seen later; whoever controls all that is seen, live scores too, decides what is learnt.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from edge.learning.sample import Sample
from tests.rigs.strollers import samples, spoiled, trembling

BEGIN_S, BEFORE_S, BAD_S, AFTER_S = 1000.0, 120.0, 180.0, 120.0
WALKERS, TURN, EACH = 6, 0.4, 40  # samples that come at a time
World = Callable[[int, float, float, float], list[Sample]]  # of seed, begin, length and turn: what really happens
Spoil = Callable[[list[Sample], np.random.Generator], list[Sample]]


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
