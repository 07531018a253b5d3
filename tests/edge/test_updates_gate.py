"""The health gate: whether the daemon does as well with something new as it did before."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.updates.baseline import NOTHING, Baseline
from edge.updates.gate import HEALTHY, UNDECIDED, Gate, Health, Verdict
from edge.updates.interfaces import HealthSample
from edge.updates.settings import GateSettings

SETTINGS = GateSettings(before_s=10, warm_s=5, watch_s=60, silent_s=20, broker_s=20)
BEFORE = Baseline(frames_s=10, looks_s=2, failures_s=0, score=0.8, broker=True)
Life = Callable[[int], HealthSample]  # what it does, by the second since it began to serve


def sample(
    frames: float = 0, looks: float = 0, failures: float = 0, score: float = math.nan, *, broker: bool = True
) -> HealthSample:
    return HealthSample(int(frames), int(looks), int(failures), score, broker)


def judged(
    life: Life, baseline: Baseline = BEFORE, settings: GateSettings = SETTINGS, *, holds: bool = False
) -> Verdict:
    """The first verdict that is one."""
    gate = Gate(settings, baseline, 0.0, holds=holds)
    verdicts = (gate.judge(life(second), float(second)) for second in range(900))
    return next((verdict for verdict in verdicts if verdict != UNDECIDED), UNDECIDED)


def healthy(second: int) -> HealthSample:
    return sample(10 * second, 2 * second, score=0.8)


def test_nothing_is_demanded_where_nothing_was() -> None:
    assert judged(lambda _: sample(broker=False), NOTHING) == HEALTHY


def test_what_does_as_well_is_good_once_it_was_watched() -> None:
    gate = Gate(SETTINGS, BEFORE, 0.0)
    told = [gate.judge(healthy(second), second) for second in range(66)]
    assert told == [UNDECIDED] * 65 + [HEALTHY]


@pytest.mark.parametrize(
    ("life", "why"),
    [
        (lambda s: sample(10 * s, 0, score=0.8), "no detector looked"),
        (lambda s: sample(10 * s, 0.15 * s, score=0.8), "detectors looked"),
        (lambda s: sample(10 * s, 2 * s, s // 4, 0.8), "models failed"),
        (lambda s: sample(10 * s, 2 * s, score=0.3), "mean score"),
        (lambda s: sample(10 * (s % 30), 2 * (s % 30), score=0.8), "began its work 4 times"),
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
        (lambda _: sample(0, 0), "no frame came"),
        (lambda s: sample(10 * min(s, 30), 2 * min(s, 30), score=0.8), "no frame came"),
        (lambda s: sample(4 * s, 2 * s, score=0.8), "frames came a second"),
        (lambda s: sample(10 * s, 2 * s, score=0.8, broker=s < 30), "broker"),
    ],
)
def test_what_goes_away_is_no_sickness(life: Life, why: str, holds: bool) -> None:
    verdict = judged(life, holds=holds)
    assert verdict.health is Health.INCONCLUSIVE
    assert why in verdict.why


def unplugged(second: int) -> HealthSample:
    """From 30 to 330 s."""
    return healthy(second - min(300, max(0, second - 30)))


def unheard(second: int) -> HealthSample:
    """In the same time."""
    return replace(healthy(second), broker=not 30 <= second < 330)


def flickering(second: int) -> HealthSample:
    """Somebody ends each connection."""
    return replace(healthy(second), broker=second % 3 == 0)


@pytest.mark.parametrize("life", [unplugged, unheard])
def test_the_clock_is_held_while_something_is_away(life: Life) -> None:
    assert judged(life, holds=True) == HEALTHY
    assert judged(life, holds=False).health is Health.INCONCLUSIVE
    gate = Gate(SETTINGS, BEFORE, 0.0, holds=True)
    told = [gate.judge(life(second), second) for second in range(360)]
    assert set(told[:340]) == {UNDECIDED}


def test_the_clock_is_not_held_for_ever() -> None:
    settings = SETTINGS.model_copy(update={"hold_s": 100, "watch_s": 200})
    verdict = judged(flickering, settings=settings, holds=True)
    assert (verdict.health, "in all" in verdict.why) == (Health.INCONCLUSIVE, True)


def test_failures_count_while_the_clock_is_held() -> None:
    verdict = judged(lambda s: sample(10 * s, 2 * s, s // 4, 0.8, broker=s < 10), holds=True)
    assert (verdict.health, "models failed" in verdict.why) == (Health.SICK, True)


@pytest.mark.parametrize(
    "life",
    [
        lambda s: sample(10 * s if s < 5 else 10 * s + 100, 2 * s, score=0.8),
        lambda s: sample(6 * s, 2 * s, score=0.8),  # a little slower
        lambda s: sample(10 * s, 0.5 * s, score=0.8),  # a quiet hour
        lambda s: sample(10 * s, 2 * s, 2 * (s > 20), 0.8),  # two failures are borne
        lambda s: sample(10 * s, 2 * s, score=math.nan),  # nothing is detected
        lambda s: sample(10 * s, 2 * s, s if s < 5 else 5, 0.8),  # while it warmed up
        lambda s: sample(10 * s, 2 * s, score=0.8, broker=not 55 < s < 70),  # it comes back
        lambda s: healthy(s if s < 40 else s - 40),  # the daemon began again once
    ],
)
def test_what_does_about_as_well_is_good(life: Life) -> None:
    assert judged(life) == HEALTHY


def test_failures_that_were_there_before_are_borne() -> None:
    before = Baseline(10, 2, 0.5, 0.8, broker=True)
    assert judged(lambda s: sample(10 * s, 2 * s, s // 2, 0.8), before) == HEALTHY


def test_a_broker_that_was_away_may_stay_away() -> None:
    before = Baseline(10, 2, 0, 0.8, broker=False)
    assert judged(lambda s: sample(10 * s, 2 * s, score=0.8, broker=False), before) == HEALTHY


def test_what_came_once_a_minute_is_given_time() -> None:
    before = Baseline(1 / 60, 0, 0, math.nan, broker=False)
    assert judged(lambda s: sample(s // 60), before) == HEALTHY
