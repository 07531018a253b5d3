"""What is said before it happens: expectations that an object will enter a zone or cross a line, and their outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edge.contracts.types import EventKind, Expectation, Mask, Outcome
from edge.events.life import Happening, Life
from edge.events.odds import Paths, entry_times, odds
from edge.events.settings import ExpectSettings
from edge.events.zones import Border, Borders

Key = tuple[int, int]  # track id, number of the target

SIDES = {"forward": 1, "backward": -1}


@dataclass(frozen=True, slots=True)
class Target:
    """A zone to enter, or one way across a line."""

    border: Border
    number: int  # of the zone or line among its kind
    direction: str  # "" of a zone

    def closed_to(self, life: Life) -> bool:
        """Whether the object is in already, or may be just about to be: nothing is to be expected any more."""
        if self.direction:
            return self.doubted_since(life) is not None
        return life.presence.inside[self.number] or self.doubted_since(life) is not None

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

    One is published when its probability passes the threshold; the next of the same object and target only after the
    probability has been well below it. It is kept when the object is first seen in (or across) before its deadline,
    which is the stated time plus the tolerance, and missed at the deadline or when the object ends.
    """

    def __init__(self, settings: ExpectSettings, borders: Borders, clearance: float) -> None:
        self._settings = settings
        self._clearance = clearance
        self.targets = [Target(zone, n, "") for n, zone in enumerate(borders.zones)]
        self.targets += [Target(line, n, way) for n, line in enumerate(borders.lines) for way in SIDES]
        self._target_of = {(t.direction, t.number): n for n, t in enumerate(self.targets)}
        corners = [np.array(t.border.edges, np.float32).reshape(-1, 2) for t in self.targets]
        self._low = np.array([c.min(axis=0) for c in corners], np.float32).reshape(-1, 2)
        self._high = np.array([c.max(axis=0) for c in corners], np.float32).reshape(-1, 2)
        self._rearm = max(settings.probability - settings.hysteresis, 0.01)
        self._reach = np.float32(NormalDist().inv_cdf(1 - self._rearm) + 0.1)
        self._open: dict[Key, _Open] = {}
        self._spent: set[Key] = set()
        self._count = 0

    def step(self, seen: Mapping[int, Life], paths: Paths, t_s: float) -> list[Happening]:
        """What is newly expected of the objects seen (by row of the paths), and what turned out not to happen."""
        happened = [self._missed(key, t_s) for key, held in list(self._open.items()) if self._overdue(key, held, t_s)]
        if not self._settings.enabled or not self.targets or not seen:
            return happened
        likely: dict[Key, tuple[float, float]] = {}
        for row, target in np.argwhere(self.near(paths)).tolist():
            if row in seen and self._wanted(seen[row], target):
                times = entry_times(_row(paths, row), self.targets[target].border.edges, self._side(target))
                likely[seen[row].track, target] = odds(times[0], self._settings.tolerance_s)
        self._rearmed(seen, likely)
        lives = {life.track: life for life in seen.values()}
        for key, (probability, eta_s) in likely.items():
            if self._publishable(key, lives[key[0]], probability, eta_s):
                happened.append(self._published(key, lives[key[0]], probability, eta_s, t_s))
        return happened

    def near(self, paths: Paths) -> Mask:
        """Which targets (T, targets) could be likely enough to matter: a cheap bound that never excludes wrongly.

        A zone lies beyond a vertical and a horizontal; along one axis, at most a share `p` of the possible paths gets
        further than `inverse normal (1 - p)` standard deviations from the mean.
        """
        spread = (paths.sigma * self._reach)[..., None]
        far, short = (paths.point + spread).max(axis=1)[:, None], (paths.point - spread).min(axis=1)[:, None]
        return ((far >= self._low) & (short <= self._high)).all(axis=2)

    def reached(self, life: Life, number: int, direction: str, since_s: float, t_s: float) -> list[Happening]:
        """The object was first seen in the zone, or across the line, at `since_s`: an expectation of that is kept."""
        key = (life.track, self._target_of[direction, number])
        held = self._open.get(key)
        if held is None:
            return []
        if since_s > held.deadline_s:
            return [self._missed(key, t_s)]
        return [self._resolved(key, max(since_s - held.since_s, 0.0), Outcome.KEPT)]

    def ended(self, life: Life, t_s: float) -> list[Happening]:
        """The object is gone: what was still expected of it is missed."""
        self._spent = {key for key in self._spent if key[0] != life.track}
        return [self._missed(key, t_s) for key in list(self._open) if key[0] == life.track]

    def _side(self, target: int) -> int:
        return SIDES.get(self.targets[target].direction, 0)

    def _wanted(self, life: Life, number: int) -> bool:
        target = self.targets[number]
        if not life.is_object or (life.track, number) in self._open:
            return False
        return target.border.wants(life.label) and not target.closed_to(life)

    def _rearmed(self, seen: Mapping[int, Life], likely: Mapping[Key, tuple[float, float]]) -> None:
        """Forget what was said, where it has become unlikely."""
        if self._spent:
            present = {life.track for life in seen.values()}
            self._spent -= {
                key for key in self._spent if key[0] in present and likely.get(key, (0.0, 0.0))[0] < self._rearm
            }

    def _publishable(self, key: Key, life: Life, probability: float, eta_s: float) -> bool:
        rule = self._settings
        if key in self._spent or probability < rule.probability or not rule.min_lead_s <= eta_s <= rule.max_lead_s:
            return False
        return self.targets[key[1]].border.distance(life.point, life.unit) >= self._clearance

    def _published(self, key: Key, life: Life, probability: float, eta_s: float, t_s: float) -> Happening:
        self._count += 1
        expectation = Expectation(self._count, probability, eta_s, Outcome.OPEN)
        self._open[key] = _Open(expectation, life, t_s, t_s + eta_s + self._settings.tolerance_s)
        self._spent.add(key)
        return self._happening(EventKind.EXPECTED, key, life, expectation)

    def _overdue(self, key: Key, held: _Open, t_s: float) -> bool:
        """Whether the deadline has passed, and nothing seen before it is still to be settled."""
        since = self.targets[key[1]].doubted_since(held.life)
        return t_s > held.deadline_s and (since is None or since > held.deadline_s)

    def _missed(self, key: Key, t_s: float) -> Happening:
        return self._resolved(key, t_s - self._open[key].since_s, Outcome.MISSED)

    def _resolved(self, key: Key, took_s: float, outcome: Outcome) -> Happening:
        held = self._open.pop(key)
        said = held.expectation
        expectation = Expectation(said.number, said.probability, took_s, outcome)
        return self._happening(EventKind.RESOLVED, key, held.life, expectation)

    def _happening(self, kind: EventKind, key: Key, life: Life, expectation: Expectation) -> Happening:
        target = self.targets[key[1]]
        return Happening(kind, life, target.border.name, target.direction, expectation)


def _row(paths: Paths, row: int) -> Paths:
    return Paths(paths.point[row : row + 1], paths.sigma[row : row + 1], paths.t_s)
