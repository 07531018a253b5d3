"""How much of the machine learning takes, and when it waits."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.learning.conditions import Conditions, Pause, pause_of
from edge.learning.governor import Governor
from edge.learning.settings import LearningSettings

SETTINGS = LearningSettings(pause_c=75, pause_free_mb=100)
FINE = Conditions(50.0, throttled=False, free_mb=500.0, battery=False, dropping=False)
UNKNOWN = Conditions(float("nan"), throttled=False, free_mb=float("nan"), battery=False, dropping=False)


class Machine:
    """A clock and a processor that only these tests move."""

    def __init__(self) -> None:
        self.now_s, self.cpu_s, self.slept = 0.0, 0.0, list[float]()

    def work(self, seconds: float) -> None:
        self.now_s += seconds
        self.cpu_s += seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def governor(self, percent: float) -> Governor:
        return Governor(percent, lambda: self.now_s, lambda: self.cpu_s, self.sleep)


@pytest.mark.parametrize(
    ("conditions", "last", "pause"),
    [
        (FINE, Pause.NONE, Pause.NONE),
        (UNKNOWN, Pause.NONE, Pause.NONE),
        (replace(FINE, battery=True), Pause.NONE, Pause.BATTERY),
        (replace(FINE, dropping=True), Pause.NONE, Pause.DROPPING),
        (replace(FINE, throttled=True), Pause.NONE, Pause.THROTTLED),
        (replace(FINE, temperature_c=75.1), Pause.NONE, Pause.HOT),
        (replace(FINE, temperature_c=72.0), Pause.NONE, Pause.NONE),
        (replace(FINE, temperature_c=72.0), Pause.HOT, Pause.HOT),
        (replace(FINE, temperature_c=69.0), Pause.HOT, Pause.NONE),
        (replace(FINE, free_mb=99.0), Pause.NONE, Pause.MEMORY),
        (replace(FINE, free_mb=110.0), Pause.NONE, Pause.NONE),
        (replace(FINE, free_mb=110.0), Pause.MEMORY, Pause.MEMORY),
        (replace(FINE, free_mb=130.0), Pause.MEMORY, Pause.NONE),
        (replace(FINE, free_mb=1.0, battery=True), Pause.MEMORY, Pause.BATTERY),
    ],
)
def test_when_learning_waits(conditions: Conditions, last: Pause, pause: Pause) -> None:
    assert pause_of(conditions, SETTINGS, last) is pause


@pytest.mark.parametrize("percent", [1.0, 10.0, 50.0, 100.0])
def test_processor_time_stays_within_its_share(percent: float) -> None:
    machine = Machine()
    governor = machine.governor(percent)
    for _ in range(500):
        machine.work(0.02)
        assert governor.breathe()
    assert machine.cpu_s <= percent / 100 * machine.now_s + 2e-4
    assert machine.cpu_s >= 0.9 * percent / 100 * machine.now_s
    assert max(machine.slept, default=0) <= 1.0


def test_a_long_rest_earns_no_more_than_a_moment() -> None:
    machine = Machine()
    governor = machine.governor(10.0)
    machine.now_s += 3600
    governor.breathe()
    machine.work(5.0)
    begin_s = machine.now_s
    governor.breathe()
    assert machine.now_s - begin_s > 40


def test_time_that_others_take_is_not_slept_again() -> None:
    machine = Machine()
    governor = machine.governor(10.0)
    machine.work(0.5)
    machine.now_s += 10.0
    assert governor.breathe()
    assert machine.slept == []


def test_sleep_ends_when_learning_is_to_stop() -> None:
    machine = Machine()
    governor = machine.governor(1.0)
    machine.work(10.0)
    goes_on: Callable[[], bool] = lambda: machine.now_s < 13.5  # noqa: E731
    assert not governor.breathe(goes_on)
    assert machine.now_s < 15.0


@pytest.mark.parametrize("others", [0.0, 0.05, 0.4, 1.0])
def test_other_work_neither_stops_training_nor_does_training_exceed_its_share(others: float) -> None:
    """Others take this share of the core: between rounds, and in every sleep."""
    machine = Machine()
    percent, trained_s = 10.0, 0.0

    def busy(seconds: float) -> None:
        machine.now_s += seconds
        machine.cpu_s += seconds * others

    governor = Governor(percent, lambda: machine.now_s, lambda: machine.cpu_s, busy)
    for _ in range(20):
        busy(600.0)
        governor.other()
        begin_s, round_s = machine.now_s, 0.0
        for _ in range(100):
            machine.work(0.02)
            round_s += 0.02
            assert governor.breathe(lambda: machine.now_s < 1e5)
        length_s = machine.now_s - begin_s
        assert round_s <= percent / 100 * length_s + 0.1 + 1e-3  # what may be spent at once after a rest
        assert round_s >= 0.45 * percent / 100 * length_s
        trained_s += round_s
    assert trained_s == pytest.approx(40.0)


def test_what_training_does_after_its_last_step_is_paid_before_the_next() -> None:
    machine = Machine()
    governor = machine.governor(10.0)
    machine.work(5.0)
    governor.trained()
    begin_s = machine.now_s
    assert governor.breathe()
    assert machine.now_s - begin_s > 40
