"""Who goes where and when: routes through the street, and a seeded timetable of journeys along them.

A signal keeps people and vehicles apart on the crossing: people start over it at the beginning of each cycle,
vehicles reach it later. Everything is a function of time, so that the frame rate changes nothing.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64

CYCLE_S = 24.0
PEOPLE_START_S = (0.0, 1.5)  # within the cycle
VEHICLES_PASS_S = (10.0, 23.0)
CROSSING_X = (-6.3, -3.3)  # metres
KERBS_Z = (16.0, 26.0)  # the road lies between
SIDE_STREET_X = (3.2, 9.8)
BEGIN_S = -70.0  # journeys start so long before the first picture
_FAR = 34.0


@dataclass(frozen=True, slots=True)
class Route:
    """A way through the street, and who takes it how often."""

    kind: str  # "person", "car", "bicycle"
    corners: tuple[tuple[float, float], ...]  # (x, z) metres
    speed: tuple[float, float]  # m/s, least and most
    every_s: float  # mean gap
    spread_m: float  # how far to the side of the route one may be
    wait_x: float | None = None  # people wait for the signal where the route first reaches this x


ROUTES = (
    Route("car", ((-_FAR, 18.6), (_FAR, 18.6)), (8.0, 8.6), 7.0, 0.15),
    Route("car", ((_FAR, 23.4), (-_FAR, 23.4)), (8.0, 8.6), 8.0, 0.15),
    Route("car", ((_FAR, 23.4), (9.5, 23.4), (8.2, 25.5), (8.2, 110.0)), (5.6, 6.2), 23.0, 0.1),
    Route("car", ((4.9, 110.0), (4.9, 25.5), (3.5, 23.4), (-_FAR, 23.4)), (5.6, 6.2), 29.0, 0.1),
    Route("bicycle", ((-_FAR, 16.8), (_FAR, 16.8)), (3.6, 5.2), 15.0, 0.15),
    Route("bicycle", ((_FAR, 25.2), (-_FAR, 25.2)), (3.6, 5.2), 19.0, 0.15),
    Route("bicycle", ((-_FAR, 17.2), (2.0, 17.2), (5.6, 21.0), (7.4, 27.0), (7.4, 90.0)), (3.4, 4.4), 41.0, 0.1),
    Route("person", ((-_FAR, 13.7), (_FAR, 13.7)), (1.1, 1.6), 11.0, 0.9),
    Route("person", ((_FAR, 13.9), (-_FAR, 13.9)), (1.0, 1.6), 13.0, 0.9),
    Route("person", ((-_FAR, 28.4), (_FAR, 28.4)), (1.1, 1.6), 14.0, 0.8),
    Route("person", ((_FAR, 28.6), (-_FAR, 28.6)), (1.1, 1.5), 16.0, 0.8),
    Route("person", ((-_FAR, 14.2), (-7.0, 14.2), (-4.8, 15.5), (-4.8, 27.2), (-1.0, 28.6), (_FAR, 28.6)),
          (1.3, 1.5), 15.0, 0.6, -5.0),
    Route("person", ((_FAR, 28.2), (-3.0, 28.2), (-4.8, 26.7), (-4.8, 15.0), (-8.0, 13.6), (-_FAR, 13.6)),
          (1.3, 1.5), 18.0, 0.6, -4.6),
    Route("person", ((2.6, 80.0), (2.6, 29.0), (-1.0, 28.0), (-_FAR, 28.0)), (1.1, 1.5), 34.0, 0.4),
)  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Journey:
    """One trip along a route."""

    id: int
    kind: str
    seed: int  # of the looks
    path: F64  # (P, 2) x, z
    along_m: F64  # (P,) the way to each point
    speed: float
    start_s: float
    pause_m: float  # where it pauses
    pause_s: float  # for how long

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + float(self.along_m[-1]) / self.speed + self.pause_s

    def way(self, t_s: float) -> tuple[float, bool]:
        """Metres gone at `t_s`, and whether it moves just then."""
        elapsed, before = t_s - self.start_s, self.pause_m / self.speed
        if elapsed < before:
            return elapsed * self.speed, True
        if elapsed < before + self.pause_s:
            return self.pause_m, False
        return (elapsed - self.pause_s) * self.speed, True

    def place(self, way_m: float) -> tuple[float, float, float]:
        """x, z and heading (radians, 0 = +x, towards +z) there."""
        reach = 0.6
        x, z = (float(np.interp(way_m, self.along_m, self.path[:, k])) for k in (0, 1))
        ahead = [float(np.interp(way_m + reach, self.along_m, self.path[:, k])) for k in (0, 1)]
        behind = [float(np.interp(way_m - reach, self.along_m, self.path[:, k])) for k in (0, 1)]
        return x, z, float(np.arctan2(ahead[1] - behind[1], ahead[0] - behind[0]))


def journeys(seed: int, number: int) -> Iterator[Journey]:
    """All journeys along route `number`, in the order of their starts, without end."""
    route, rng = ROUTES[number], np.random.default_rng((seed, number))
    start_s, count = BEGIN_S + float(rng.uniform(0, route.every_s)), 0
    while True:
        journey = _journey(route, rng, start_s, count * len(ROUTES) + number)
        yield journey
        count += 1
        start_s = journey.start_s + 2.4 + float(rng.exponential(route.every_s - 2.4))


def _journey(route: Route, rng: np.random.Generator, start_s: float, identity: int) -> Journey:
    """One trip that starts at `start_s` or, where the signal says so, a little later."""
    aside = np.array([0.0, rng.uniform(-route.spread_m, route.spread_m)])
    path = _rounded(np.array(route.corners, np.float64)) + aside
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1)))
    speed = float(rng.uniform(*route.speed))
    pause_m, pause_s, seed = float(rng.uniform(0.3, 0.7)) * float(along[-1]), 0.0, int(rng.integers(2**31))
    if route.kind == "person" and rng.random() < 0.2:
        pause_s = float(rng.uniform(2.0, 6.0))
    if route.wait_x is not None:
        pause_m = float(along[np.argmax(np.abs(path[:, 0] - route.wait_x) < 0.5)])
        arrival = start_s + pause_m / speed
        pause_s = -arrival % CYCLE_S + float(rng.uniform(*PEOPLE_START_S))
    elif route.kind != "person":
        start_s += _delay(path, along, speed, start_s)
    return Journey(identity, route.kind, seed, path, along, speed, start_s, pause_m, pause_s)


def _delay(path: F64, along: F64, speed: float, start_s: float) -> float:
    """Seconds to wait before starting so that the crossing is reached when vehicles may pass."""
    there = np.flatnonzero((path[:, 0] > CROSSING_X[0] - 2) & (path[:, 0] < CROSSING_X[1] + 2))
    there = there[(path[there, 1] > KERBS_Z[0]) & (path[there, 1] < KERBS_Z[1])]
    if len(there) == 0:
        return 0.0
    phase = (start_s + float(along[there[0]]) / speed) % CYCLE_S
    earliest, latest = VEHICLES_PASS_S
    return 0.0 if earliest <= phase <= latest else float((earliest - phase) % CYCLE_S)


def _rounded(corners: F64) -> F64:
    """The polyline (P, 2) with its corners cut again and again (Chaikin), finely sampled."""
    for _ in range(4):
        start, end = corners[:-1], corners[1:]
        cut = np.stack([0.8 * start + 0.2 * end, 0.2 * start + 0.8 * end], axis=1).reshape(-1, 2)
        corners = np.concatenate([corners[:1], cut, corners[-1:]])
    pieces = [np.linspace(a, b, max(2, int(np.linalg.norm(b - a) / 0.5))) for a, b in itertools.pairwise(corners)]
    return np.concatenate(pieces)
