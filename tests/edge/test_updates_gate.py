"""The health gate: whether the daemon does as well with something new as it did before."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.updates.gate import NOTHING, WATCHED, WELL, Before, Gate, Health, Pulse, Verdict
from edge.updates.seams import Vitals
from edge.updates.settings import GateSettings

SETTINGS = GateSettings(before_s=10, warm_s=5, watch_s=60, silent_s=20, broker_s=20)
BEFORE = Pulse(frames_s=10, looks_s=2, failures_s=0, score=0.8, broker=True)
Life = Callable[[int], Vitals]  # what it does, by the second since it began to serve


def vitals(
    frames: float = 0, looks: float = 0, failures: float = 0, score: float = math.nan, *, broker: bool = True
) -> Vitals:
    return Vitals(int(frames), int(looks), int(failures), score, broker)


def judged(life: Life, before: Pulse = BEFORE, settings: GateSettings = SETTINGS, *, holds: bool = False) -> Verdict:
    """The first verdict that is one."""
    gate = Gate(settings, before, 0.0, holds=holds)
    verdicts = (gate.feel(life(second), float(second)) for second in range(900))
    return next((verdict for verdict in verdicts if verdict != WATCHED), WATCHED)


def healthy(second: int) -> Vitals:
    return vitals(10 * second, 2 * second, score=0.8)


def test_nothing_is_demanded_where_nothing_was() -> None:
    assert judged(lambda _: vitals(broker=False), NOTHING) == WELL


def test_what_does_as_well_is_good_once_it_was_watched() -> None:
    gate = Gate(SETTINGS, BEFORE, 0.0)
    told = [gate.feel(healthy(second), second) for second in range(66)]
    assert told == [WATCHED] * 65 + [WELL]


@pytest.mark.parametrize(
    ("life", "why"),
    [
        (lambda s: vitals(10 * s, 0, score=0.8), "no detector looked"),
        (lambda s: vitals(10 * s, 0.15 * s, score=0.8), "detectors looked"),
        (lambda s: vitals(10 * s, 2 * s, s // 4, 0.8), "models failed"),
        (lambda s: vitals(10 * s, 2 * s, score=0.3), "mean score"),
        (lambda s: vitals(10 * (s % 30), 2 * (s % 30), score=0.8), "began its work 4 times"),
    ],
)
def test_what_does_worse_is_sick(life: Life, why: str) -> None:
    verdict = judged(life)
    assert verdict.health is Health.SICK
    assert why in verdict.why


@pytest.mark.parametrize("holds", [False, True])
@pytest.mark.parametrize(
    ("life", "why"),
    [
        (lambda _: vitals(0, 0), "no frame came"),
        (lambda s: vitals(10 * min(s, 30), 2 * min(s, 30), score=0.8), "no frame came"),
        (lambda s: vitals(4 * s, 2 * s, score=0.8), "frames came a second"),
        (lambda s: vitals(10 * s, 2 * s, score=0.8, broker=s < 30), "broker"),
    ],
)
def test_what_goes_away_is_no_sickness(life: Life, why: str, holds: bool) -> None:
    verdict = judged(life, holds=holds)
    assert verdict.health is Health.LOST
    assert why in verdict.why


def unplugged(second: int) -> Vitals:
    """From 30 to 330 s."""
    return healthy(second - min(300, max(0, second - 30)))


def unheard(second: int) -> Vitals:
    """In the same time."""
    return replace(healthy(second), broker=not 30 <= second < 330)


def flickering(second: int) -> Vitals:
    """Somebody ends each connection."""
    return replace(healthy(second), broker=second % 3 == 0)


@pytest.mark.parametrize("life", [unplugged, unheard])
def test_the_clock_is_held_while_something_is_away(life: Life) -> None:
    assert judged(life, holds=True) == WELL
    assert judged(life, holds=False).health is Health.LOST
    gate = Gate(SETTINGS, BEFORE, 0.0, holds=True)
    told = [gate.feel(life(second), second) for second in range(360)]
    assert set(told[:340]) == {WATCHED}


def test_the_clock_is_not_held_for_ever() -> None:
    settings = SETTINGS.model_copy(update={"hold_s": 100, "watch_s": 200})
    verdict = judged(flickering, settings=settings, holds=True)
    assert (verdict.health, "in all" in verdict.why) == (Health.LOST, True)


def test_failures_count_while_the_clock_is_held() -> None:
    verdict = judged(lambda s: vitals(10 * s, 2 * s, s // 4, 0.8, broker=s < 10), holds=True)
    assert (verdict.health, "models failed" in verdict.why) == (Health.SICK, True)


@pytest.mark.parametrize(
    "life",
    [
        lambda s: vitals(10 * s if s < 5 else 10 * s + 100, 2 * s, score=0.8),
        lambda s: vitals(6 * s, 2 * s, score=0.8),  # a little slower
        lambda s: vitals(10 * s, 0.5 * s, score=0.8),  # a quiet hour
        lambda s: vitals(10 * s, 2 * s, 2 * (s > 20), 0.8),  # two failures are borne
        lambda s: vitals(10 * s, 2 * s, score=math.nan),  # nothing is detected
        lambda s: vitals(10 * s, 2 * s, s if s < 5 else 5, 0.8),  # while it warmed up
        lambda s: vitals(10 * s, 2 * s, score=0.8, broker=not 55 < s < 70),  # it comes back
        lambda s: healthy(s if s < 40 else s - 40),  # the daemon began again once
    ],
)
def test_what_does_about_as_well_is_good(life: Life) -> None:
    assert judged(life) == WELL


def test_failures_that_were_there_before_are_borne() -> None:
    before = Pulse(10, 2, 0.5, 0.8, broker=True)
    assert judged(lambda s: vitals(10 * s, 2 * s, s // 2, 0.8), before) == WELL


def test_a_broker_that_was_away_may_stay_away() -> None:
    before = Pulse(10, 2, 0, 0.8, broker=False)
    assert judged(lambda s: vitals(10 * s, 2 * s, score=0.8, broker=False), before) == WELL


def test_what_came_once_a_minute_is_given_time() -> None:
    before = Pulse(1 / 60, 0, 0, math.nan, broker=False)
    assert judged(lambda s: vitals(s // 60), before) == WELL


def test_before_nothing_was_watched_there_is_no_pulse() -> None:
    before = Before()
    assert before.watched_s(5.0) == 0.0
    pulse = before.pulse(vitals(100, score=0.5), 5.0)
    assert (pulse.frames_s, pulse.looks_s, pulse.score, pulse.broker) == (0.0, 0.0, 0.5, True)


def test_the_pulse_is_of_the_last_minutes() -> None:
    before = Before()
    for second in range(2000):
        before.note(vitals(10 * max(0, second - 1000), second, broker=second > 5), float(second))
    assert 595 <= before.watched_s(1999.0) <= 600
    pulse = before.pulse(vitals(9990, 1999, score=0.5), 1999.0)
    assert (pulse.frames_s, pulse.looks_s, pulse.failures_s, pulse.broker) == (10.0, 1.0, 0.0, True)


def test_a_daemon_that_begins_again_is_watched_anew() -> None:
    before = Before()
    before.note(vitals(1000), 0.0)
    before.note(vitals(10), 100.0)
    assert before.watched_s(100.0) == 0.0
    before.note(vitals(20), 110.0)
    assert before.pulse(vitals(20), 110.0).frames_s == 1.0
    before.forget()
    assert before.watched_s(111.0) == 0.0
