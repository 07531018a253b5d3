"""Near misses: what is said before two objects come too near to each other, and how near they really came."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import EventKind, Expectation, Near, Outcome
from edge.events.encounter import encounters, units
from edge.events.life import Happening, Life
from edge.events.pairs import PairFinder, Pairs, may_meet
from edge.events.paths import Paths
from edge.events.scorekeeper import Scorekeeper
from edge.events.settings import NearMissSettings

Key = tuple[int, int]  # track ids, ascending: a pair is the same whichever of the two moves

ASK_EVERY_S = 0.19  # coarser than for zones: there are many pairs
APART = 1.5  # times the limit: so far apart, a pair is near no more
RECEDED = 0.25  # sizes beyond the closest: they have passed each other
SETTLED_S = 0.5  # an object that is near another so soon after it is first seen was there before


@dataclass(slots=True)
class _Open:
    expectation: Expectation
    distance: float  # that was expected
    lives: tuple[Life, Life]
    since_s: float
    deadline_s: float
    closest: float = float("inf")  # seen since then
    closest_s: float = 0.0

    @property
    def seen_s(self) -> float:
        """When both were last seen."""
        return min(life.seen_s for life in self.lives)


class NearMisses:
    """Near misses of one camera: one of a pair at a time, the next of the same pair when they have been well apart.

    Args:
        place: whose score it is: the camera's name.
        settings: which, and when.
        half_life_h: of the score.
        numbers: of the expectations, shared with those of zones and lines.
    """

    def __init__(self, place: str, settings: NearMissSettings, half_life_h: float, numbers: Iterator[int]) -> None:
        self._settings, self._numbers = settings, numbers
        self._finder = PairFinder(settings.pairs, settings.min_speed)
        self._open: dict[Key, _Open] = {}
        self._spent: set[Key] = set()  # said, and not well apart since
        self._near: set[Key] = set()  # too near now
        self._since_s: dict[Key, float] = {}  # since when the probability has been high enough
        self._asked_s = float("-inf")
        shape = f"near misses {settings.pairs} {settings.distance:g}"
        self.keeper = Scorekeeper({place: shape}, lambda _: place, SETTLED_S, half_life_h)

    def due(self, t_s: float) -> bool:
        """Whether it is time to `ask` again."""
        return self._settings.enabled and bool(self._settings.pairs) and t_s - self._asked_s >= ASK_EVERY_S

    def overdue(self, lives: Mapping[int, Life], t_s: float) -> list[Happening]:
        """How near they came, of those whose time is up or that have passed; the score is kept by the way."""
        if not self._settings.enabled:
            return []

        def seen_s(key: Key) -> float | None:
            pair = [lives[track] for track in key if track in lives]
            return min(life.seen_s for life in pair) if len(pair) == 2 else None

        self.keeper.watched(t_s, seen_s)
        return [told for key, held in list(self._open.items()) for told in self._looked(key, held, t_s)]

    def ask(self, seen: Mapping[int, Life], paths: Paths, t_s: float) -> list[Happening]:
        """What is newly expected of the objects seen (by row of the paths)."""
        self._asked_s = t_s
        pairs = self._finder.find(list(seen), list(seen.values()), paths)
        keys = _keys(pairs, seen)
        self._arrived(dict(zip(keys, pairs.distance.tolist(), strict=True)), seen, t_s)
        away = np.array([key not in self._near for key in keys], bool)
        chosen = may_meet(pairs[away], paths, self._settings.distance) if len(pairs) else pairs
        told = self._expected(chosen, seen, paths, t_s) if len(chosen) else []
        if not len(chosen):
            self._since_s.clear()
        return told

    def ended(self, life: Life, t_s: float) -> list[Happening]:
        """One of the two is gone."""
        for known in (self._spent, self._near):
            known -= {key for key in known if life.track in key}
        return [self._resolved(key, t_s) for key in list(self._open) if life.track in key]

    def _expected(self, pairs: Pairs, seen: Mapping[int, Life], paths: Paths, t_s: float) -> list[Happening]:
        settings = self._settings
        within_s = min(float(paths.t_s[-1]), settings.max_lead_s)
        first, second = paths[pairs.row[:, 0]], paths[pairs.row[:, 1]]
        found = encounters(first, second, pairs.unit, settings.distance, within_s)
        keys = _keys(pairs, seen)
        columns = zip(keys, found.probability.tolist(), found.eta_s.tolist(), found.distance.tolist(), strict=True)
        said = {key: (probability, eta_s, distance) for key, probability, eta_s, distance in columns}
        if self.keeper.due(t_s):
            self.keeper.ask({key: probability for key, (probability, _, _) in said.items()}, t_s, within_s)
        likely = [key for key, (probability, _, _) in said.items() if probability >= settings.probability]
        self._since_s = {key: self._since_s.get(key, t_s) for key in likely if key not in self._spent}
        row = dict(zip(keys, pairs.row.tolist(), strict=True))
        return [
            self._published(key, (seen[row[key][0]], seen[row[key][1]]), said[key], t_s)
            for key, since_s in list(self._since_s.items())
            if t_s - since_s >= settings.steady_s and settings.min_lead_s <= said[key][1] <= settings.max_lead_s
        ]

    def _arrived(self, distance: Mapping[Key, float], seen: Mapping[int, Life], t_s: float) -> None:
        """Note which pairs have just come too near, and which are well apart again."""
        limit = self._settings.distance
        apart = {key for key, far in distance.items() if far > APART * limit}
        self._near -= apart
        self._spent -= apart - self._open.keys() - self._since_s.keys()
        lives = {life.track: life for life in seen.values()}
        for key in [key for key, far in distance.items() if far < limit and key not in self._near]:
            self._near.add(key)
            if t_s - max(lives[track].born_s for track in key) < SETTLED_S:
                self.keeper.appeared(key)
                continue
            held = self._open.get(key)
            in_time = held is not None and t_s <= held.deadline_s
            self.keeper.happened(key, t_s, t_s - held.since_s if held and in_time else None)

    def _looked(self, key: Key, held: _Open, t_s: float) -> Iterator[Happening]:
        """Follow an open one: remember the closest, and resolve it when that is known."""
        if held.seen_s >= t_s:
            far = distance_between(*held.lives)
            if far < held.closest and t_s <= held.deadline_s:
                held.closest, held.closest_s = far, t_s
            passed = held.closest < self._settings.distance and far > held.closest + RECEDED
            if passed or t_s > held.deadline_s:
                yield self._resolved(key, t_s)

    def _published(self, key: Key, lives: tuple[Life, Life], said: tuple[float, float, float], t_s: float) -> Happening:
        probability, eta_s, distance = said
        expectation = Expectation(next(self._numbers), probability, eta_s, Outcome.OPEN)
        deadline_s = t_s + eta_s + self._settings.tolerance_s
        self._open[key] = _Open(expectation, distance, lives, t_s, deadline_s)
        self._spent.add(key)
        del self._since_s[key]
        near = Near(lives[1].track, lives[1].label, distance)
        return Happening(EventKind.NEAR_MISS, lives[0], expectation=expectation, near=near)

    def _resolved(self, key: Key, t_s: float) -> Happening:
        held = self._open.pop(key)
        said, outcome = held.expectation, _outcome(held, self._settings.distance)
        self.keeper.resolved(key, said.probability, outcome)
        known = np.isfinite(held.closest)
        took_s = (held.closest_s if known else t_s) - held.since_s
        other = held.lives[1]
        near = Near(other.track, other.label, held.closest if known else held.distance)
        return Happening(
            EventKind.RESOLVED,
            held.lives[0],
            expectation=Expectation(said.number, said.probability, took_s, outcome),
            near=near,
        )


def distance_between(first: Life, second: Life) -> float:
    """How far two objects are apart where they were last seen, in mean sizes of their boxes."""
    unit = units(np.array(first.unit, np.float32), np.array(second.unit, np.float32)).tolist()
    dx, dy = (b - a for a, b in zip(first.point, second.point, strict=True))
    return float(np.hypot(dx / unit[0], dy / unit[1]))


def _outcome(held: _Open, limit: float) -> Outcome:
    if held.closest < limit:
        return Outcome.KEPT
    return Outcome.MISSED if held.seen_s > held.deadline_s else Outcome.UNDECIDED


def _keys(pairs: Pairs, seen: Mapping[int, Life]) -> list[Key]:
    tracks = [sorted((seen[first].track, seen[second].track)) for first, second in pairs.row.tolist()]
    return [(first, second) for first, second in tracks]
