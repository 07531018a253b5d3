from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edge.contracts.types import F32, Event, EventKind, Expectation, Outcome, Tracks
from edge.events.log import EventLog
from edge.events.odds import draw_weights, entry_times, normal_draws, odds
from edge.events.paths import Paths, single_paths
from edge.events.settings import EventSettings, ExpectSettings, LineSettings, ZoneSettings
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from tests.paths import data
from tests.rigs.foretold import Verdict, judge, live, published, seen_with_noise, walkers, zones_where_they_walk
from tests.rigs.mot17_clips import mot17
from tests.rigs.tracks import at, tracks

YARD = ZoneSettings(name="yard", points=((0.5, 0.2), (0.8, 0.2), (0.8, 0.8), (0.5, 0.8)))
GATE = LineSettings(name="gate", points=((0.5, 0.9), (0.5, 0.1)))
FORECASTER = ConstantVelocity(ForecastSettings())
SPEED = 0.1
EXPECTED, RESOLVED = EventKind.EXPECTED, EventKind.RESOLVED

Square = tuple[float, float, float, float]


def log(zones: Sequence[ZoneSettings] = (YARD,), lines: Sequence[LineSettings] = (), **settings: Any) -> EventLog:
    return EventLog("door", ["person", "car"], EventSettings(expected=ExpectSettings(**settings)), zones, lines)


def moving(x: float, speed: float = SPEED, **columns: Any) -> Tracks:
    return tracks([at(x, 0.5)], velocity=[[speed, 0, speed, 0]], **columns)


def told(under: EventLog, seen: Sequence[tuple[float, Tracks]]) -> list[tuple[float, Event]]:
    """Expected and resolved events with their times."""
    every = [(t, event) for t, now in seen for event in under.step(now, FORECASTER.forecast(now), {}, t, int(t * 1e9))]
    return [(t, event) for t, event in every if event.kind in (EXPECTED, RESOLVED)]


def approach(start: float, until_s: float, speed: float = SPEED, dt: float = 0.2) -> list[tuple[float, Tracks]]:
    """Someone who walks to the right (or left) at a constant speed."""
    return [(round(float(t), 3), moving(start + speed * t, speed)) for t in np.arange(0, until_s, dt)]


def said(event: Event) -> Expectation:
    assert event.expectation is not None
    return event.expectation


def path(points: Sequence[tuple[float, float]], sigma: float, step_s: float = 1.0) -> Paths:
    """One path through these points, sigma growing evenly up to the last."""
    k = len(points)
    spread = np.linspace(0, sigma, k, dtype=np.float32)[None]
    return single_paths(np.array([points], np.float32), spread, np.arange(k, dtype=np.float32) * np.float32(step_s))


def square(x1: float, y1: float, x2: float, y2: float) -> F32:
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
    return np.array([[(*a, *b) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]], np.float32)


def chance(paths: Paths, edges: F32, side: int = 0, tolerance_s: float = 9.0) -> tuple[float, float]:
    times = entry_times(paths, edges, np.full(1, side, np.float32))
    probability, eta_s = odds(times, draw_weights(paths), tolerance_s)
    return float(probability[0]), float(eta_s[0])


def test_the_draws_are_standard_normal() -> None:
    draws = normal_draws(500)
    assert np.abs(draws.mean(axis=0)).max() < 1e-9
    assert np.abs(np.cov(draws.T) - np.eye(2)).max() < 0.02
    assert (np.abs(draws) < 1).mean() == pytest.approx(0.683, abs=0.01)


def test_no_paths() -> None:
    none = single_paths(np.zeros((0, 3, 2), np.float32), np.zeros((0, 3), np.float32), np.arange(3, dtype=np.float32))
    assert entry_times(none, np.zeros((0, 4, 4), np.float32), np.zeros(0, np.float32)).shape[0] == 0
    assert [
        each.tolist() for each in odds(np.full((1, 32), np.inf, np.float32), np.ones((1, 32), np.float32), 1.0)
    ] == [
        [0.0],
        [float("inf")],
    ]


@pytest.mark.parametrize(
    ("points", "probability", "eta_s"),
    [
        ([(0.2, 0.5), (0.4, 0.5), (0.6, 0.5)], 1.0, 1.5),
        ([(0.2, 0.5), (0.1, 0.5), (0.0, 0.5)], 0.0, float("inf")),
        ([(0.2, 0.5), (0.2, 0.5), (0.2, 0.5)], 0.0, float("inf")),
        ([(0.2, 0.5), (0.9, 0.5), (0.2, 0.5)], 1.0, 3 / 7),
        ([(0.2, 0.1), (0.9, 0.1), (0.9, 0.5)], 1.0, 1.25),
    ],
    ids=["ahead", "away", "still", "through and back", "around a corner"],
)
def test_a_certain_path(points: list[tuple[float, float]], probability: float, eta_s: float) -> None:
    certain, goal = path(points, 1e-6), square(0.5, 0.2, 1.0, 0.8)
    stated = chance(certain, goal)
    assert stated[0] == probability
    assert stated[1] == pytest.approx(eta_s, rel=1e-3)


def test_one_way_across_a_line() -> None:
    upward: F32 = np.array([[(0.5, 0.9, 0.5, 0.1)]], np.float32)
    right, left = path([(0.4, 0.5), (0.6, 0.5)], 1e-6), path([(0.6, 0.5), (0.4, 0.5)], 1e-6)
    assert [chance(way, upward, side)[0] for way in (right, left) for side in (1, -1, 0)] == [1, 0, 1, 0, 1, 1]


@pytest.mark.parametrize("z", [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5])
def test_the_odds_of_reaching_a_wall_are_those_of_a_normal(z: float) -> None:
    sigma = 0.1
    wall = square(0.5, -9.0, 9.0, 9.0)
    stated = chance(path([(0.2, 0.5), (0.5 + z * sigma, 0.5)], sigma), wall)[0]
    exact = float((np.random.default_rng(1).normal(z, 1, 200_000) > 0).mean())
    assert stated == pytest.approx(exact, abs=0.05)


def test_a_larger_zone_and_a_nearer_path_are_never_less_likely() -> None:
    ways = [path([(0.2, 0.5), (0.2 + reach, 0.5)], 0.1) for reach in np.linspace(0, 0.6, 25)]
    goals = [square(0.5 - grow, 0.4 - grow, 0.7 + grow, 0.6 + grow) for grow in (0.0, 0.02, 0.05, 0.1, 0.2)]
    for way in ways:
        stated = [chance(way, goal)[0] for goal in goals]
        assert stated == sorted(stated)
    wall = square(0.5, -9, 9, 9)
    stated = [chance(way, wall)[0] for way in ways]
    assert stated == sorted(stated)


def test_nothing_is_expected_of_nobody() -> None:
    assert told(log(), [(n * 0.2, Tracks.empty()) for n in range(5)]) == []


def test_kept() -> None:
    (first_s, first), (last_s, last) = told(log(), approach(0.25, 4.0))
    assert (first.kind, first.zone, first.direction, said(first).outcome) == (EXPECTED, "yard", "", Outcome.OPEN)
    assert said(first).probability >= 0.7
    arrival_s = (0.5 - 0.25) / SPEED
    assert first_s + said(first).eta_s == pytest.approx(arrival_s, abs=0.1)
    assert (last.kind, last.zone, said(last).outcome) == (RESOLVED, "yard", Outcome.KEPT)
    assert said(last).number == said(first).number == 1
    assert first_s + said(last).eta_s == pytest.approx(arrival_s, abs=0.21)
    assert last_s >= arrival_s


def test_who_is_seen_in_before_the_deadline_has_kept_it_though_that_is_settled_after() -> None:
    slow = YARD.model_copy(update={"inertia_s": 2.0})
    (_, first), (last_s, last) = told(log([slow], tolerance_s=0.5), approach(0.25, 6.0))
    assert last_s >= 0.25 / SPEED + 2.0
    assert said(last).outcome == Outcome.KEPT
    assert said(last).eta_s == pytest.approx(said(first).eta_s, abs=0.21)


def test_paths_that_enter_after_the_tolerance_do_not_count() -> None:
    times: F32 = np.array([1.0, 1.1, 1.2, 1.3, 1.4, 2.4, 2.6, 3.0, np.inf, np.inf], np.float32)
    even: F32 = np.full(10, 0.1, np.float32)
    assert [each[0] for each in odds(times[None], even[None], 1.0)] == pytest.approx([0.5, 1.3])
    assert [each[0] for each in odds(times[None], even[None], 1.2)] == pytest.approx([0.6, 1.3])


def test_missed_when_the_deadline_passes() -> None:
    halt = 0.4
    seen = [(t, now) if t < 1.5 else (t, moving(halt, 0.0)) for t, now in approach(0.25, 8.0)]
    (first_s, first), (last_s, last) = told(log(tolerance_s=1.0), seen)
    assert (said(last).number, said(last).outcome) == (said(first).number, Outcome.MISSED)
    assert last_s == pytest.approx(first_s + said(first).eta_s + 1.0, abs=0.21)
    assert said(last).eta_s == pytest.approx(last_s - first_s)


def test_undecided_when_the_object_ends_before_the_time_is_up() -> None:
    gone = [(t, Tracks.empty()) for t in (1.4, 2.0)]
    (_, first), (last_s, last) = told(log(), approach(0.25, 1.4) + gone)
    assert (said(last).number, said(last).outcome, last_s) == (said(first).number, Outcome.UNDECIDED, 2.0)


def test_undecided_while_the_object_is_out_of_sight_when_the_time_is_up() -> None:
    hidden = [(round(t, 1), moving(0.4, 0.0, lost_s=t - 1.2)) for t in np.arange(1.4, 9, 0.2)]
    seen = [*approach(0.25, 1.4), *hidden]
    assert [event.kind for _, event in told(log(), seen)] == [EXPECTED]
    back = [(9.2, moving(0.4, 0.0))]
    (_, _), (last_s, last) = told(log(), [*seen, *back])
    assert (last_s, said(last).outcome) == (9.2, Outcome.MISSED)
    (_, _), (_, last) = told(log(), [*seen, (9.2, Tracks.empty()), (10.0, Tracks.empty())])
    assert said(last).outcome == Outcome.UNDECIDED


def test_undecided_when_the_camera_closes() -> None:
    under = log()
    assert len(told(under, approach(0.25, 1.4))) == 1
    outcomes = [said(event).outcome for event in under.close(0) if event.kind == RESOLVED]
    assert outcomes == [Outcome.UNDECIDED]


@pytest.mark.parametrize(
    "seen",
    [
        approach(0.6, 2.0, -0.02),
        approach(0.55, 2.0, 0.0),
        [(n * 0.2, tracks([at(0.465, 0.5, width=0.4)], velocity=[[0.1, 0, 0.1, 0]])) for n in range(10)],
        approach(0.3, 5.0, -0.1),
        [(n * 0.2, moving(0.3, lost_s=n * 0.2)) for n in range(10)],
        [(n * 0.2, moving(0.3, score=0.1)) for n in range(10)],
    ],
    ids=["inside, on its way out", "still inside", "at the border", "on its way away", "not seen", "no object"],
)
def test_none_is_expected(seen: list[tuple[float, Tracks]]) -> None:
    assert told(log(), seen) == []


def test_one_at_a_time_and_again_only_after_turning_away() -> None:
    under = log()
    towards = [(round(n * 0.2, 1), moving(0.35, 0.1)) for n in range(60)]
    assert [event.kind for _, event in told(under, towards)] == [EXPECTED, RESOLVED]
    away = [(12 + n * 0.2, moving(0.35, -0.1)) for n in range(3)]
    again = [(13 + n * 0.2, moving(0.35, 0.1)) for n in range(4)]
    events = told(under, away + again)
    assert [(event.kind, said(event).number) for _, event in events] == [(EXPECTED, 2)]


def test_labels_of_the_zone_and_switched_off() -> None:
    cars = YARD.model_copy(update={"labels": ("car",)})
    assert told(log([cars]), approach(0.25, 4.0)) == []
    assert told(log(enabled=False), approach(0.25, 4.0)) == []


def test_limits_of_the_time_ahead() -> None:
    assert [t for t, event in told(log(max_lead_s=1.0), approach(0.25, 4.0)) if event.kind == EXPECTED] == [1.6]
    assert told(log(min_lead_s=2.9), approach(0.25, 4.0)) == []


@pytest.mark.parametrize(("start", "speed", "way"), [(0.3, SPEED, "forward"), (0.7, -SPEED, "backward")])
def test_a_line(start: float, speed: float, way: str) -> None:
    events = told(log([], [GATE]), approach(start, 5.0, speed))
    assert [(event.kind, event.zone, event.direction) for _, event in events] == [
        (EXPECTED, "gate", way),
        (RESOLVED, "gate", way),
    ]
    assert said(events[1][1]).outcome == Outcome.KEPT


def test_several_objects_and_zones_are_numbered_and_all_resolved() -> None:
    zones = [
        ZoneSettings(name=f"z{n}", points=((x, 0.1), (x + 0.1, 0.1), (x + 0.1, 0.9), (x, 0.9)))
        for n, x in enumerate((0.3, 0.5, 0.7))
    ]
    events = [event for _, event in live(seen_with_noise(walkers(5, 30), 6), zones, EventSettings())]
    asked = [said(event) for event in events if event.kind == EXPECTED]
    answered = [said(event) for event in events if event.kind == RESOLVED]
    assert len(asked) > 10
    assert [each.number for each in asked] == list(range(1, len(asked) + 1))
    assert sorted(each.number for each in answered) == [each.number for each in asked]
    assert {each.outcome for each in answered} == set(Outcome) - {Outcome.OPEN}


ZONES = [
    ZoneSettings(name="middle", points=((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))),
    ZoneSettings(name="corner", points=((0.1, 0.2), (0.3, 0.1), (0.35, 0.4))),
    ZoneSettings(name="lawn", points=((0.7, 0.5), (0.95, 0.6), (0.8, 0.9), (0.65, 0.8))),
]


def test_the_odds_are_honest() -> None:
    clip = walkers(3, 90)
    seen = seen_with_noise(clip, 1)
    verdicts = [judge(clip, seen, zone) for zone in ZONES]
    stated, true = (np.concatenate([getattr(each, name) for each in verdicts]) for name in ("stated", "true"))
    every = Verdict(stated, true)
    assert len(stated) > 5000
    assert 1 - every.brier() / every.brier_of_base_rate() > 0.6
    for low, high in ((0.0, 0.1), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)):
        bin_ = (stated >= low) & (stated < high)
        assert abs(stated[bin_].mean() - true[bin_].mean()) < 0.12


def test_what_is_published_mostly_comes_true_and_well_before() -> None:
    clip = walkers(3, 90)
    verdict, lead_s = published(live(seen_with_noise(clip, 1), ZONES, EventSettings()), until_s=clip[-1][0] - 4)
    assert len(verdict.true) > 40
    assert verdict.true.mean() > 0.75
    assert abs(verdict.stated.mean() - verdict.true.mean()) < 0.15
    assert lead_s > 1.0


@pytest.mark.parametrize(("sequence", "least"), [("MOT17-02", 0.4), ("MOT17-04", 0.3), ("MOT17-09", 0.5)])
def test_on_real_streets_seen_by_a_fixed_camera_the_odds_beat_the_base_rate(sequence: str, least: float) -> None:
    clip = mot17(data("mot17", sequence))
    seen = seen_with_noise(clip, 1)
    verdicts = [judge(clip, seen, zone) for zone in zones_where_they_walk(clip, 5, 4)]
    every = Verdict(*(np.concatenate([getattr(each, name) for each in verdicts]) for name in ("stated", "true")))
    assert 1 - every.brier() / every.brier_of_base_rate() > least
