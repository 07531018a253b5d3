"""Clocks that are set, messages that come late, and times that are wrong."""

import math
import random

import pytest

from edge.sensors.clock import SensorClock
from tests.rigs.readings import BEGIN_NS, arrival

STEP_S = 1.0
FAR = 1_700_000_000.0


def follow(pairs: list[tuple[float, float]]) -> tuple[SensorClock, list[float]]:
    clock = SensorClock()
    found = [timed.t_s for stamp_s, at_s in pairs for timed in clock.step(arrival(stamp_s, at_s), STEP_S)]
    return clock, found


@pytest.mark.parametrize("begin", [0.0, FAR])  # a device without a battery begins in 1970
def test_a_clock_that_goes_right_is_followed_wherever_it_stands(begin: float) -> None:
    clock, found = follow([(begin + k, 5.0 + k) for k in range(20)])
    assert (found, clock.steps) == ([5.0 + k for k in range(20)], 0)


@pytest.mark.parametrize("by_s", [-86400.0, -30.0, 30.0, 3600.0])
def test_a_clock_that_is_set_moves_nothing_and_is_told_once(by_s: float) -> None:
    pairs = [(FAR + k + (by_s if k >= 10 else 0), float(k)) for k in range(30)]
    clock, found = follow(pairs)
    assert found == pytest.approx([float(k) for k in range(30)], abs=1e-6)
    assert clock.steps == 1
    assert clock.stepped_s == pytest.approx(by_s)


def test_a_backlog_keeps_its_own_times() -> None:
    live = [(FAR + 60 * k, 60.0 * k) for k in range(5)]
    backlog = [(FAR + 60 * k, 1200.0 + 0.001 * k) for k in range(5, 20)]
    clock, found = follow([*live, *backlog, (FAR + 1200, 1200.5), (FAR + 1260, 1260.0)])
    assert found == pytest.approx([60.0 * k for k in range(22)], abs=1.5)
    assert clock.steps == 0


@pytest.mark.parametrize("apart_s", [1.0, 60.0])
def test_a_backlog_on_a_fresh_start_lies_before_now(apart_s: float) -> None:
    now_s = BEGIN_NS / 1e9
    backlog = [(now_s - apart_s * (500 - k), 1e-4 * k) for k in range(500)]
    live = [(now_s + apart_s * k, apart_s * k) for k in range(1, 5)]
    clock, found = follow([*backlog, *live])
    assert found == pytest.approx([-apart_s * (500 - k) for k in range(500)] + [at_s for _, at_s in live], abs=0.2)
    assert (clock.steps, clock.wrong) == (0, 0)


def test_a_single_time_that_is_wrong_is_not_believed() -> None:
    pairs = [(FAR + k, float(k)) for k in range(20)]
    pairs[7] = (FAR + 1e8, 7.0)
    clock, found = follow(pairs)
    assert found == pytest.approx([float(k) for k in range(20) if k != 7])
    assert (clock.steps, clock.wrong) == (0, 1)


def test_a_clock_that_drifts_is_followed() -> None:
    _, found = follow([(FAR + k * 1.001, float(k)) for k in range(5000)])
    assert max(abs(t_s - k) for k, t_s in enumerate(found)) < 0.1


def test_without_a_time_of_its_own_the_arrival_counts_whatever_this_devices_clock_does() -> None:
    clock = SensorClock()
    found = []
    for k in range(20):
        one = arrival(math.nan, float(k))
        jumped = type(one)(one.values, one.stamp_s, one.arrived_s, one.arrived_ns + (7200 * 10**9 if k >= 9 else 0))
        found += [timed.t_s for timed in clock.step(jumped, STEP_S)]
    assert found == [float(k) for k in range(20)]
    assert clock.steps == 1
    assert clock.stepped_s == pytest.approx(7200)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_times_no_reading_is_invented_and_none_is_held_for_long(seed: int) -> None:
    dice, clock = random.Random(seed), SensorClock()
    found, stamp_s = 0, FAR
    for k in range(2000):
        stamp_s += dice.choice([1.0, 1.0, 1.0, 0.0, -5.0, 40.0, dice.uniform(-1e6, 1e6)])
        found += len(clock.step(arrival(stamp_s, k + dice.random()), STEP_S))
        assert 0 <= k + 1 - found - clock.wrong <= 2
