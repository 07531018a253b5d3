"""Near misses: the odds against many draws, and what is said and resolved of pairs on known paths."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edge.contracts.types import F32, Event, EventKind, Expectation, Near, Outcome, Tracks
from edge.events.encounter import UP, encounters, units
from edge.events.log import EventLog
from edge.events.pairs import MOST, Pairs, may_meet
from edge.events.paths import Paths, single_paths
from edge.events.settings import EventSettings, ExpectSettings, NearMissSettings
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from tests.rigs.tracks import at, tracks

LABELS = ["person", "car"]
FORECASTER = ConstantVelocity(ForecastSettings())
UNIT: F32 = np.array([[0.1, 0.1]], np.float32)
T_S = np.arange(4, dtype=np.float32)


def way(start: tuple[float, float], speed: tuple[float, float], sigma: float) -> Paths:
    """One straight path of three seconds, sigma growing evenly to its end."""
    point = np.array(start, np.float32) + np.array(speed, np.float32) * T_S[:, None]
    return single_paths(point[None].astype(np.float32), np.linspace(0, sigma, 4, dtype=np.float32)[None], T_S)


def straight(first: Paths, second: Paths, limit: float = 1.0) -> tuple[float, float, float]:
    found = encounters(first, second, UNIT, limit, 3.0)
    return float(found.probability[0]), float(found.eta_s[0]), float(found.distance[0])


def by_many_draws(first: Paths, second: Paths, limit: float, count: int = 40_000) -> float:
    """The same probability by brute force, on a fine grid of times."""
    random = np.random.default_rng(1)
    fine = np.linspace(0, 1, 61)
    mean = (second.point - first.point)[0, 0]
    sigma = np.hypot(second.sigma, first.sigma)[0, 0]
    x, y = (np.interp(fine * 3, T_S, mean[:, i]) for i in range(2))
    spread = np.interp(fine * 3, T_S, sigma)
    draws = random.normal(size=(count, 2))
    far = np.hypot(x + spread * draws[:, :1], y + spread * draws[:, 1:]) / 0.1
    return float((far.min(axis=1) < limit).mean())


def log(**settings: Any) -> EventLog:
    near = NearMissSettings(enabled=True, **settings)
    return EventLog("yard", LABELS, EventSettings(expected=ExpectSettings(near_miss=near)), [], [])


def told(under: EventLog, seen: Sequence[tuple[float, Tracks]]) -> list[tuple[float, Event]]:
    every = [(t, event) for t, now in seen for event in under.step(now, FORECASTER.forecast(now), {}, t, int(t * 1e9))]
    return [(t, event) for t, event in every if event.expectation]


def both(event: Event) -> tuple[Expectation, Near]:
    assert event.expectation is not None
    assert event.near is not None
    return event.expectation, event.near


def meeting(until_s: float, car_y: float = 0.5, speed: float = 0.1, label: int = 1) -> list[tuple[float, Tracks]]:
    """Someone who stands, and a car that comes from the left."""
    return [
        (
            round(float(t), 2),
            tracks(
                [at(0.7, 0.5), at(0.1 + speed * t, car_y, 0.12, 0.1)],
                velocity=[[0, 0, 0, 0], [speed, 0, speed, 0]],
                label=[0, label],
            ),
        )
        for t in np.arange(0, until_s, 0.1)
    ]


def halting(until_s: float, halts_s: float) -> list[tuple[float, Tracks]]:
    """Two cars head on, of which the second halts."""
    frames = []
    for t in np.arange(0, until_s, 0.1).round(2).tolist():
        halted = t >= halts_s
        other = 0.9 - 0.1 * min(t, halts_s)
        speed = [[0.1, 0, 0.1, 0], [0, 0, 0, 0] if halted else [-0.1, 0, -0.1, 0]]
        frames.append((t, tracks([at(0.1 + 0.1 * t, 0.5), at(other, 0.5)], velocity=speed, label=[1, 1])))
    return frames


def test_a_pair_is_one_whichever_of_the_two_moves() -> None:
    under = log(pairs=[("car", "car")])
    kinds = [event.kind for _, event in told(under, halting(7.0, 2.2))]
    assert kinds == [EventKind.NEAR_MISS, EventKind.RESOLVED]
    assert under.scores()[0].happened == pytest.approx(1, abs=1e-4)


def test_no_pairs() -> None:
    none = single_paths(np.zeros((0, 4, 2), np.float32), np.zeros((0, 4), np.float32), T_S)
    found = encounters(none, none, np.zeros((0, 2), np.float32), 1.0, 3.0)
    assert found.probability.shape == found.eta_s.shape == found.distance.shape == (0,)
    assert len(may_meet(Pairs.none(), none, 1.0)) == 0
    assert told(log(), [(0.1 * n, Tracks.empty()) for n in range(5)]) == []


@pytest.mark.parametrize(
    ("start", "speed", "answer"),
    [
        ((0.6, 0.5), (-0.2, 0.0), (1.0, 2.0, 0.0)),
        ((0.6, 0.55), (-0.2, 0.0), (1.0, 2.0, 0.5)),
        ((0.6, 0.7), (-0.2, 0.0), (0.0, np.inf, np.inf)),
        ((0.6, 0.5), (0.2, 0.0), (0.0, np.inf, np.inf)),
        ((0.6, 0.5), (0.0, 0.0), (0.0, np.inf, np.inf)),
        ((0.95, 0.5), (-0.2, 0.0), (0.0, np.inf, np.inf)),
    ],
    ids=["head on", "close by", "wide of it", "away", "still", "too late"],
)
def test_certain_paths(
    start: tuple[float, float], speed: tuple[float, float], answer: tuple[float, float, float]
) -> None:
    assert straight(way((0.2, 0.5), (0, 0), 1e-6), way(start, speed, 1e-6)) == pytest.approx(answer, abs=1e-3)


@pytest.mark.parametrize("sigma", [0.03, 0.1, 0.2])
@pytest.mark.parametrize("offset", [0.0, 0.1, 0.15, 0.3])
@pytest.mark.parametrize("speed", [(-0.2, 0.0), (-0.05, 0.02), (0.0, 0.0)])
def test_the_odds_are_those_of_many_draws(sigma: float, offset: float, speed: tuple[float, float]) -> None:
    first, second = way((0.2, 0.5), (0.05, 0), sigma / 2), way((0.5, 0.5 + offset), speed, sigma)
    assert straight(first, second)[0] == pytest.approx(by_many_draws(first, second, 1.0), abs=0.05)


def test_ways_that_objects_may_go_are_weighted() -> None:
    point = np.stack([way((0.6, 0.5), speed, 0).point[0, 0] for speed in ((-0.2, 0.0), (0.0, 0.2))])[None]
    sigma, weight = np.zeros((1, 2, 4), np.float32), np.array([[0.3, 0.7]], np.float32)
    two = Paths(point, sigma, weight, T_S)
    one = Paths(np.repeat(way((0.2, 0.5), (0, 0), 0).point, 2, axis=1), sigma, np.full((1, 2), 0.5, np.float32), T_S)
    assert straight(one, two)[0] == pytest.approx(0.3)


def test_the_cheap_bound_leaves_out_nothing_that_is_likely() -> None:
    random = np.random.default_rng(3)
    n = 11
    point = random.uniform(0, 1, (n, 1, 2)) + random.normal(0, 0.1, (n, 1, 2)) * T_S[:, None]
    sigma = random.uniform(0, 0.1, (n, 1)) * T_S / 3
    paths = single_paths(point.astype(np.float32), sigma.astype(np.float32), T_S)
    rows = np.array([(a, b) for a in range(n) for b in range(a)], np.int64)
    every = Pairs(rows, np.repeat(UNIT, len(rows), axis=0) * np.float32(0.5), np.zeros(len(rows), np.float32))
    kept = {tuple(row) for row in may_meet(every, paths, 1.0).row.tolist()}
    found = encounters(paths[rows[:, 0]], paths[rows[:, 1]], every.unit, 1.0, 3.0)
    likely = {tuple(row) for row in rows[found.probability > 0.03].tolist()}
    assert len(every) < MOST
    assert len(likely) > 2
    assert likely <= kept
    assert len(kept) < len(every)


def test_expected_then_kept_with_the_distance_that_was_seen() -> None:
    (first_s, first), (last_s, last) = told(log(), meeting(8.0, car_y=0.51))
    said, near = both(first)
    assert (first.kind, first.track, first.label, near.track, near.label) == (
        EventKind.NEAR_MISS,
        1,
        "person",
        2,
        "car",
    )
    assert (said.number, said.outcome) == (1, Outcome.OPEN)
    unit = units(np.array([0.06, 0.2], np.float32), np.array([0.12, 0.1], np.float32))
    assert first_s + said.eta_s == pytest.approx(6.0, abs=0.4)
    assert said.eta_s > 1
    came, seen = both(last)
    assert (last.kind, came.number, came.outcome) == (EventKind.RESOLVED, 1, Outcome.KEPT)
    assert first_s + came.eta_s == pytest.approx(6.0, abs=0.11)
    assert seen.distance == pytest.approx(0.01 / float(unit[1]), abs=0.02)
    assert last_s > 6.0


def test_missed_when_the_car_stops() -> None:
    moved = [one for one in meeting(8.0) if one[0] < 4.5]
    halt = [
        (t, tracks([at(0.7, 0.5), at(0.55, 0.5, 0.12, 0.1)], label=[0, 1])) for t in np.arange(4.5, 9, 0.1).tolist()
    ]
    (first_s, first), (last_s, last) = told(log(), [*moved, *halt])
    came, seen = both(last)
    assert came.outcome == Outcome.MISSED
    assert seen.distance == pytest.approx(0.15 / 0.09, rel=0.05)
    assert last_s == pytest.approx(first_s + both(first)[0].eta_s + 1.0, abs=0.21)


def test_undecided_when_one_of_them_is_gone() -> None:
    seen = [one for one in meeting(8.0) if one[0] < 4.5]
    gone = [(4.5 + 0.1 * n, now[now.id == 1]) for n, (_, now) in enumerate(seen[:20])]
    outcomes = [both(event)[0].outcome for _, event in told(log(), [*seen, *gone])]
    assert outcomes == [Outcome.OPEN, Outcome.UNDECIDED]


def test_undecided_and_nothing_left_open_when_the_camera_closes() -> None:
    under = log()
    assert len(told(under, [one for one in meeting(8.0) if one[0] < 4.5])) == 1
    assert [both(event)[0].outcome for event in under.close(0) if event.expectation] == [Outcome.UNDECIDED]
    assert under.close(0) == []


@pytest.mark.parametrize(
    "seen",
    [
        meeting(8.0, label=0),
        meeting(8.0, car_y=0.7),
        meeting(8.0, speed=-0.01),
        [(t, tracks([at(0.1 + 0.1 * t, 0.5), at(0.7, 0.5)], velocity=[[0.1, 0, 0.1, 0], [0] * 4], label=[0, 1]))
         for t in np.arange(0, 8, 0.1).tolist()],
    ],
    ids=["labels that may meet", "far behind", "away", "somebody walks to a parked car"],
)  # fmt: skip
def test_nothing_is_said(seen: list[tuple[float, Tracks]]) -> None:
    assert told(log(), seen) == []


def test_switched_off_is_the_default_and_costs_nothing() -> None:
    plain = EventLog("yard", LABELS, EventSettings(), [], [])
    assert told(plain, meeting(8.0)) == []
    assert plain.scores() == []
    off = ExpectSettings(enabled=False, near_miss=NearMissSettings(enabled=True))
    assert told(EventLog("yard", LABELS, EventSettings(expected=off), [], []), meeting(8.0)) == []


def test_once_for_a_pair_and_again_only_when_they_were_apart() -> None:
    under = log()
    assert len(told(under, meeting(9.0))) == 2
    back = [(9.0 + t, now) for t, now in meeting(9.0)]
    kinds = [event.kind for _, event in told(under, back)]
    assert kinds == [EventKind.NEAR_MISS, EventKind.RESOLVED]


def test_the_score_of_near_misses_stands_under_the_camera() -> None:
    under = log()
    told(under, meeting(8.0))
    (score,) = under.scores()
    assert score.place == "yard"
    assert (score.happened, score.recall, score.precision, score.lead_share) == pytest.approx((1, 1, 1, 1), abs=1e-3)


def test_a_crowd_is_bounded_and_every_expectation_is_resolved() -> None:
    random = np.random.default_rng(5)
    n = 60
    start, speed = random.uniform(0.1, 0.9, (n, 2)), random.normal(0, 0.05, (n, 2))
    under = log(pairs=(("person", "person"),))
    events = []
    for t in np.arange(0, 6, 0.1).tolist():
        where = start + speed * t
        now = tracks([at(x, y, 0.03, 0.1) for x, y in where], velocity=[[x, y, x, y] for x, y in speed])
        events += under.step(now, FORECASTER.forecast(now), {}, t, int(t * 1e9))
    events += under.close(0)
    said = [both(event)[0].number for event in events if event.kind == EventKind.NEAR_MISS]
    resolved = [both(event)[0].number for event in events if event.kind == EventKind.RESOLVED]
    assert len(said) > 10
    assert sorted(resolved) == sorted(said) == list(range(1, len(said) + 1))
    pairs = [frozenset((event.track, both(event)[1].track)) for event in events if event.kind == EventKind.NEAR_MISS]
    assert len(pairs) - len(set(pairs)) < len(pairs) / 10


def test_units() -> None:
    size = np.array([0.2, 0.4], np.float32)
    assert units(size, size).tolist() == pytest.approx([0.2, 0.4 * float(UP)])
