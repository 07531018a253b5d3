"""How the daemon does while nothing new is tried."""

import math

from edge.updates.baseline import BaselineRecorder
from edge.updates.interfaces import HealthSample


def sample(frames: float = 0, looks: float = 0, score: float = math.nan, *, broker: bool = True) -> HealthSample:
    return HealthSample(int(frames), int(looks), 0, score, broker)


def test_before_nothing_was_watched_there_is_no_baseline() -> None:
    recorder = BaselineRecorder()
    assert recorder.watched_s(5.0) == 0.0
    baseline = recorder.baseline(sample(100, score=0.5), 5.0)
    assert (baseline.frames_s, baseline.looks_s, baseline.score, baseline.broker) == (0.0, 0.0, 0.5, True)


def test_the_baseline_is_of_the_last_minutes() -> None:
    recorder = BaselineRecorder()
    for second in range(2000):
        recorder.note(sample(10 * max(0, second - 1000), second, broker=second > 5), float(second))
    assert 595 <= recorder.watched_s(1999.0) <= 600
    baseline = recorder.baseline(sample(9990, 1999, score=0.5), 1999.0)
    assert (baseline.frames_s, baseline.looks_s, baseline.failures_s, baseline.broker) == (10.0, 1.0, 0.0, True)


def test_a_daemon_that_begins_again_is_watched_anew() -> None:
    recorder = BaselineRecorder()
    recorder.note(sample(1000), 0.0)
    recorder.note(sample(10), 100.0)
    assert recorder.watched_s(100.0) == 0.0
    recorder.note(sample(20), 110.0)
    assert recorder.baseline(sample(20), 110.0).frames_s == 1.0
    recorder.forget()
    assert recorder.watched_s(111.0) == 0.0
