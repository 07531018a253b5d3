"""What is said before it happens: expectations that an object will enter a zone or cross a line, and their outcome."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edge.contracts.types import F32, EventKind, Expectation, Mask, Outcome
from edge.events.life import Happening, Life
from edge.events.odds import draw_weights, entry_times, odds, within
from edge.events.paths import Paths
from edge.events.polygon import Edge, cross
from edge.events.scorekeeper import Scorekeeper
from edge.events.settings import ExpectSettings
from edge.events.zones import Border, Borders

Key = tuple[int, int]  # track id, number of the target

ASK_EVERY_S = 0.09  # every look of a camera at 10 fps, every third at 30
ASKED_REACH = np.float32(3.0)  # standard deviations beyond which the score takes nothing to be possible
GRACE_S = 0.5  # on top of the inertia, until what was seen is settled
SIDES = {"forward": 1, "backward": -1}


@dataclass(frozen=True, slots=True)
class Target:
    """A zone to enter, or one way across a line."""

    border: Border
    number: int  # of the zone or line among its kind
    direction: str  # "" of a zone

    def closed_to(self, life: Life) -> bool:
        """Whether the object is in already, or may be just about to be: nothing is to be expected any more."""
        if self.doubted_since(life) is not None:
            return True
        if not self.direction:
            return life.presence.inside[self.number]
        straight = len(self.border.edges) == 1
        return straight and (cross(*self.border.edges[0], life.point) > 0) == (self.direction == "forward")

    def doubted_since(self, life: Life) -> float | None:
        """When the object was first seen in or across, while that is not yet settled."""
        return (life.crossings if self.direction else life.presence).doubted_since(self.number)


@dataclass(frozen=True, slots=True)
class _Open:
    expectation: Expectation
    life: Life
    since_s: float
    deadline_s: float


class Expectations:
    """Expectations of one camera, at most one open at a time for each object and target.

    One is published when its probability has passed the threshold and stays there; the next of the same object and
    target only after it has turned well away. It is kept when the object is first seen in (or across) before its
    deadline, which is the stated time plus the tolerance, and missed when it is seen elsewhere after that. Where it
    was gone before the deadline nobody knows: undecided.

    Args:
        settings: when to say something.
        borders: of the zones and lines.
        clearance: nothing is said of an object that is nearer than this to a border, in sizes of its box.
        numbers: of the expectations; shared with whoever else expects something of this camera.
    """

    def __init__(self, settings: ExpectSettings, borders: Borders, clearance: float, numbers: Iterator[int]) -> None:
        self._settings = settings
        self._clearance = clearance
        self.targets = [Target(zone, n, "") for n, zone in enumerate(borders.zones)]
        self.targets += [Target(line, n, way) for n, line in enumerate(borders.lines) for way in SIDES]
        self._target_of = {(t.direction, t.number): n for n, t in enumerate(self.targets)}
        self._edges = _padded([t.border.edges for t in self.targets])
        self._side = np.array([SIDES.get(t.direction, 0) for t in self.targets], np.float32)
        corners = self._edges.reshape(len(self.targets), 2 * self._edges.shape[1], 2)
        self._low, self._high = corners.min(axis=1), corners.max(axis=1)
        low = max(settings.probability - settings.hysteresis, 0.01)
        self._reach = np.float32(NormalDist().inv_cdf(1 - low) + 0.1)
        self._open: dict[Key, _Open] = {}
        self._spent: set[Key] = set()
        self._since_s: dict[Key, float] = {}  # since when the probability has been high enough
        self._numbers = numbers
        self._asked_s = float("-inf")
        names = [target.border.name for target in self.targets]
        shapes = {target.border.name: target.border.shape for target in self.targets}
        settled_s = max((target.border.inertia_s for target in self.targets), default=0.0)
        self.keeper = Scorekeeper(shapes, lambda key: names[key[1]], settled_s + GRACE_S, settings.score_half_life_h)

    def due(self, t_s: float) -> bool:
        """Whether it is time to `ask` again: not at every frame of a fast camera."""
        return self._settings.enabled and bool(self.targets) and t_s - self._asked_s >= ASK_EVERY_S

    def overdue(self, lives: Mapping[int, Life], t_s: float) -> list[Happening]:
        """What turned out not to happen in time; the score is kept by the way. `lives` are all that still go on."""
        if self._settings.enabled and self.targets:
            self.keeper.watched(t_s, lambda key: self._known_until(lives.get(key[0]), key[1]))
        return [self._missed(key, t_s) for key, held in list(self._open.items()) if self._late(key, held)]

    def _known_until(self, life: Life | None, number: int) -> float | None:
        """Until when it is known that the object has not come; None: nothing more will be known."""
        if life is None:
            return None
        doubted_s = self.targets[number].doubted_since(life)
        return life.seen_s if doubted_s is None else min(doubted_s, life.seen_s)

    def ask(self, seen: Mapping[int, Life], paths: Paths, t_s: float) -> list[Happening]:
        """What is newly expected of the objects seen (by row of the paths)."""
        self._asked_s = t_s
        if self.keeper.due(t_s):
            self._ask_for_the_score(seen, paths, t_s)
        near = [(row, target) for row, target in np.argwhere(self.near(paths)).tolist() if row in seen]
        self._rearm(seen, near)
        likely = self._likely(seen, paths, near)
        self._steadied(likely, t_s)
        lives = {life.track: life for life in seen.values()}
        happened = []
        for key, since_s in list(self._since_s.items()):
            life, (probability, eta_s) = lives[key[0]], likely[key]
            if t_s - since_s >= self._settings.steady_s and self._publishable(key, life, eta_s):
                happened.append(self._published(key, life, probability, eta_s, t_s))
        return happened

    def _likely(
        self, seen: Mapping[int, Life], paths: Paths, near: Sequence[tuple[int, int]]
    ) -> dict[Key, tuple[float, float]]:
        """Probability and seconds to go, where there may be something to expect."""
        pairs = [(row, target) for row, target in near if self._wanted(seen[row], target)]
        if not pairs:
            return {}
        times, weight = self._times(pairs, paths)
        probability, eta_s = odds(times, weight, self._settings.tolerance_s)
        told = zip(pairs, probability.tolist(), eta_s.tolist(), strict=True)
        return {(seen[row].track, number): (p, eta) for (row, number), p, eta in told}

    def _times(self, pairs: Sequence[tuple[int, int]], paths: Paths) -> tuple[F32, F32]:
        """Entry times (C, M · G) of rows of the paths and targets, and the weight of each."""
        rows, numbers = np.array(pairs, np.int64).T
        chosen = paths[rows]
        return entry_times(chosen, self._edges[numbers], self._side[numbers]), draw_weights(chosen)

    def near(self, paths: Paths, reach: np.float32 | None = None) -> Mask:
        """Which targets (T, targets) could be likely enough to matter: a cheap bound that never excludes wrongly.

        A zone lies beyond a vertical and a horizontal; along one axis, at most a share `p` of the possible paths gets
        further than `reach`, the inverse normal (1 - p), standard deviations from the mean.
        """
        spread = (paths.sigma * (self._reach if reach is None else reach))[..., None]
        far, short = ((paths.point + way * spread) for way in (np.float32(1), np.float32(-1)))
        far, short = far.max(axis=(1, 2))[:, None], short.min(axis=(1, 2))[:, None]
        return ((far >= self._low) & (short <= self._high)).all(axis=2)

    def _ask_for_the_score(self, seen: Mapping[int, Life], paths: Paths, t_s: float) -> None:
        """State how likely each object is to come to each target, also where that is not worth publishing."""
        within_s = min(float(paths.t_s[-1]), self._settings.max_lead_s)
        pairs = [
            (row, number)
            for row, life in seen.items()
            for number, target in enumerate(self.targets)
            if life.is_object and target.border.wants(life.label) and not target.closed_to(life)
        ]
        stated = {(seen[row].track, number): 0.0 for row, number in pairs}
        near = self.near(paths, ASKED_REACH)
        pairs = [pair for pair in pairs if near[pair]]
        if pairs:
            times, weight = self._times(pairs, paths)
            for (row, number), probability in zip(pairs, within(times, weight, within_s).tolist(), strict=True):
                stated[seen[row].track, number] = probability
        self.keeper.ask(stated, t_s, within_s)

    def reached(self, life: Life, number: int, direction: str, since_s: float, t_s: float) -> list[Happening]:
        """The object was first seen in the zone, or across the line, at `since_s`: an expectation of that is kept."""
        key = (life.track, self._target_of[direction, number])
        held = self._open.get(key)
        in_time = held is not None and since_s <= held.deadline_s
        if self._settings.enabled:
            self._count(key, life, since_s, max(since_s - held.since_s, 0.0) if held and in_time else None)
        if held is None:
            return []
        if not in_time:
            return [self._missed(key, t_s)]
        return [self._resolved(key, max(since_s - held.since_s, 0.0), Outcome.KEPT)]

    def _count(self, key: Key, life: Life, since_s: float, lead_s: float | None) -> None:
        """For the score: it has come. Who was there when first seen could not be expected."""
        if since_s <= life.born_s:
            self.keeper.appeared(key)
        else:
            self.keeper.happened(key, since_s, lead_s)

    def ended(self, life: Life, t_s: float) -> list[Happening]:
        """The object is gone: what was still expected of it is missed, or nobody knows."""
        self._spent = {key for key in self._spent if key[0] != life.track}
        return [self._missed(key, t_s) for key in list(self._open) if key[0] == life.track]

    def _wanted(self, life: Life, number: int) -> bool:
        target = self.targets[number]
        key = (life.track, number)
        if not life.is_object or key in self._open or key in self._spent:
            return False
        return target.border.wants(life.label) and not target.closed_to(life)

    def _rearm(self, seen: Mapping[int, Life], near: Sequence[tuple[int, int]]) -> None:
        """Forget what was said, where the forecast now leads elsewhere."""
        if self._spent:
            present, still = {life.track for life in seen.values()}, {(seen[row].track, target) for row, target in near}
            self._spent -= {key for key in self._spent if key[0] in present and key not in still}

    def _steadied(self, likely: Mapping[Key, tuple[float, float]], t_s: float) -> None:
        """Note since when each has been likely enough: one noisy look is not believed, or every peak would be."""
        high = (key for key, (p, _) in likely.items() if p >= self._settings.probability)
        self._since_s = {key: self._since_s.get(key, t_s) for key in high}

    def _publishable(self, key: Key, life: Life, eta_s: float) -> bool:
        """Neither too near nor too far."""
        if not self._settings.min_lead_s <= eta_s <= self._settings.max_lead_s:
            return False
        return self.targets[key[1]].border.distance(life.point, life.unit) >= self._clearance

    def _published(self, key: Key, life: Life, probability: float, eta_s: float, t_s: float) -> Happening:
        expectation = Expectation(next(self._numbers), probability, eta_s, Outcome.OPEN)
        self._open[key] = _Open(expectation, life, t_s, t_s + eta_s + self._settings.tolerance_s)
        self._spent.add(key)
        return self._happening(EventKind.EXPECTED, key, life, expectation)

    def _late(self, key: Key, held: _Open) -> bool:
        """Whether the object was seen after the deadline, and nothing seen before it is still to be settled."""
        until_s = self._known_until(held.life, key[1])
        return until_s is not None and until_s > held.deadline_s

    def _missed(self, key: Key, t_s: float) -> Happening:
        """It did not come in time, or was not seen for so long."""
        held = self._open[key]
        outcome = Outcome.MISSED if held.life.seen_s > held.deadline_s else Outcome.UNDECIDED
        return self._resolved(key, t_s - held.since_s, outcome)

    def _resolved(self, key: Key, took_s: float, outcome: Outcome) -> Happening:
        held = self._open.pop(key)
        said = held.expectation
        self.keeper.resolved(key, said.probability, outcome)
        expectation = Expectation(said.number, said.probability, took_s, outcome)
        return self._happening(EventKind.RESOLVED, key, held.life, expectation)

    def _happening(self, kind: EventKind, key: Key, life: Life, expectation: Expectation) -> Happening:
        target = self.targets[key[1]]
        return Happening(kind, life, target.border.name, target.direction, expectation)


def _padded(groups: Sequence[Sequence[Edge]]) -> F32:
    """Edges (groups, E, 4), each group filled up with edges that are a mere point of its own."""
    most = max((len(group) for group in groups), default=1)
    filled = [[*group, *[(group[0][0], group[0][0])] * (most - len(group))] for group in groups]
    return np.array(filled, np.float32).reshape(len(groups), most, 4)
