"""The plain forecast, the score that chooses, alarms, and what is stuck."""

import itertools
import math
import threading

import numpy as np
import pytest

from edge.contracts.sensors import SensorEventKind
from edge.contracts.types import Reading, SeriesForecast
from edge.sensors.alarm import Alarm
from edge.sensors.horizons import horizons
from edge.sensors.intake import LIMIT_BYTES, Intake
from edge.sensors.persistence import LEAST, DampedPersistence
from edge.sensors.score import LEARNT, PLAIN, Score
from edge.sensors.score import LEAST as COMPARED
from edge.sensors.settings import AlarmSettings, WindowSettings
from edge.sensors.stuck import LEAST as REPEATS
from edge.sensors.stuck import Stuck
from tests.rigs.readings import raw


def reading(*values: float) -> Reading:
    return Reading("tank", 0, values)


def plain(channels: int = 1) -> DampedPersistence:
    return DampedPersistence(channels, 1.0, (), 500)


def autoregressive(count: int, factor: float) -> list[float]:
    dice, value, found = np.random.default_rng(1), 0.0, []
    for _ in range(count):
        value = factor * value + float(dice.normal())
        found.append(10 + value)
    return found


@pytest.mark.parametrize(
    ("wanted", "step_s", "expected"),
    [
        ((), 2.0, ((2.0, 8.0, 24.0), (1, 4, 12))),
        ((5.0, 1.0), 1.0, ((1.0, 5.0), (1, 5))),
        ((0.1, 0.2), 1.0, ((0.1,), (1,))),
        ((1.0, 1e6), 1.0, ((1.0,), (1,))),
    ],
)
def test_horizons(wanted: tuple[float, ...], step_s: float, expected: tuple[object, object]) -> None:
    assert horizons(wanted, step_s) == expected


def test_too_early_nothing_is_said() -> None:
    forecaster = plain()
    assert [forecaster.step(reading(1.0)) for _ in range(LEAST - 1)] == [None] * (LEAST - 1)
    assert forecaster.step(reading(1.0)) is not None


def test_a_constant_stays() -> None:
    forecaster = plain(2)
    for _ in range(100):
        told = forecaster.step(reading(3.0, -7.0))
    assert told is not None
    assert told.values == ((3.0, -7.0),) * 3
    assert max(max(row) for row in told.sigma) < 1e-6


def test_noise_is_expected_at_its_mean_and_a_walk_where_it_is() -> None:
    noise, walk = plain(), plain()
    dice = np.random.default_rng(0)
    steps = dice.normal(size=4000)
    for value, at in zip(steps.tolist(), np.cumsum(steps).tolist(), strict=True):
        about, stays = noise.step(reading(value)), walk.step(reading(at))
    assert about is not None
    assert stays is not None
    assert abs(about.values[0][0]) < 0.3
    assert stays.values[0][0] == pytest.approx(float(np.sum(steps)), abs=2.0)
    assert stays.sigma[2][0] > 1.5 * stays.sigma[0][0]


def test_sigma_is_honest() -> None:
    forecaster, score = plain(), Score(1, 1.0)
    for value in autoregressive(4000, 0.8):
        score.step(np.array([value]))
        score.said((forecaster.step(reading(value)), None))
    (_, coverage), _ = score.figures()
    assert 0.6 < coverage < 0.76


def test_what_was_learnt_goes_on_and_nonsense_is_refused() -> None:
    one, other = plain(), plain()
    for value in autoregressive(300, 0.8):
        one.step(reading(value))
    other.restore(one.state())
    one.restart()
    assert other.step(reading(11.0)) == one.step(reading(11.0))
    for kept in ([], [[1.0]], [*one.state()[:-1], [math.nan] * 3], [[9.0]] * 7):
        with pytest.raises(ValueError, match=r"another form|impossible numbers"):
            plain().restore(kept)


def said(value: float, sigma: float = 1.0) -> SeriesForecast:
    return SeriesForecast("tank", 0, (1.0,), ((value,),), ((sigma,),), 0.0)


def compared(plain_off: float, learnt_off: float, count: int) -> Score:
    score = Score(1, 1.0)
    values = np.random.default_rng(0).normal(size=count + 1)
    for now, coming in itertools.pairwise(values.tolist()):
        score.step(np.array([now]))
        score.said((said(coming + plain_off), said(coming + learnt_off)))
    return score


@pytest.mark.parametrize(
    ("plain_off", "learnt_off", "count", "serving"),
    [
        (1.0, 0.1, 10, PLAIN),  # too early
        (1.0, 0.1, COMPARED + 10, LEARNT),
        (0.1, 1.0, COMPARED + 10, PLAIN),
        (1.0, 1.0, COMPARED + 10, PLAIN),
    ],
)
def test_the_better_one_serves(plain_off: float, learnt_off: float, count: int, serving: int) -> None:
    assert compared(plain_off, learnt_off, count).serving == serving


def test_a_score_is_kept_and_a_gap_compares_nothing() -> None:
    one, other = compared(1.0, 0.1, 100), Score(1, 1.0)
    other.restore(one.state())
    assert (other.serving, other.figures()) == (LEARNT, one.figures())
    before = other.figures()
    other.said((said(5.0), said(5.0)))
    other.restart()
    assert other.step(np.array([0.0])) is None
    assert other.figures() == before
    with pytest.raises(ValueError, match="another form"):
        other.restore([[1.0, 1.0]])


def test_a_bridged_sample_says_nothing_of_a_forecast() -> None:
    score = compared(1.0, 0.1, 100)
    before = score.figures()
    assert score.step(np.array([99.0]), counts=False) is None
    assert score.figures() == before


def test_an_alarm_begins_once_and_ends_after_some_calm() -> None:
    alarm = Alarm(AlarmSettings(threshold=0.9, calm_steps=2))
    found = []
    for k, score in enumerate([0.0, 0.95, 0.1, 0.92, 0.1, 0.1, 0.1, 0.99]):
        kind = alarm.step(k + 1, score)
        found.append(kind)
        if kind is SensorEventKind.NORMAL:
            assert (alarm.since_ns, alarm.worst) == (2, 0.95)
            alarm.over()
    begins, ends = SensorEventKind.ANOMALY, SensorEventKind.NORMAL
    assert found == [None, begins, None, None, None, ends, None, begins]


def test_stuck_needs_time_and_readings() -> None:
    assert not any(Stuck(0).step(1e6 * k, (1.0,)) for k in range(100))
    stuck = Stuck(100.0)
    assert [stuck.step(10.0 * k, (1.0,)) for k in range(REPEATS)] == [False] * (REPEATS - 1) + [True]
    assert not stuck.step(1e4, (2.0,))


def test_a_queue_keeps_the_newest_and_counts_the_rest() -> None:
    arrived = threading.Event()
    intake = Intake(1000, arrived)
    assert intake.take(5) == []
    for k in range(10_000):
        intake.offer(raw(k))
    assert (intake.dropped, len(intake), arrived.is_set()) == (9000, 1000, True)
    assert [one.content for one in intake.take(2)] == [b"9000", b"9001"]


def test_a_queue_holds_ten_thousand_readings_but_not_any_number_of_bytes() -> None:
    intake = Intake(WindowSettings().queue, threading.Event())
    for k in range(10_000):
        intake.offer(raw(k))
    assert (intake.dropped, len(intake)) == (0, 10_000)
    for _ in range(1000):
        intake.offer(raw(b"7" * 65536))
    assert (len(intake), intake.dropped) == (LIMIT_BYTES // 65536, 11_000 - LIMIT_BYTES // 65536)


def test_nothing_is_learnt_from_what_was_filled_in() -> None:
    forecaster, values = plain(), autoregressive(200, 0.9)
    for value in values:
        forecaster.step(reading(value))
    known = forecaster.state()
    held = [forecaster.step(reading(values[-1]), counts=False) for _ in range(20)]
    assert forecaster.state() == known
    assert all(held)
    forecaster.step(reading(7.0))  # of which only what was filled in knew anything, at any horizon
    assert forecaster.state()[3:] == known[3:]
