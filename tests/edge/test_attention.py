import math

import numpy as np
import pytest

from edge.attention import Attention, AttentionSettings, forecast_error, next_gap_s
from edge.contracts.types import Detections, Tracks
from edge.tracking import Tracker, TrackingSettings

FPS = 25
BOX = (0.4, 0.4, 0.5, 0.6)


def tracks(
    *boxes: tuple[float, float, float, float], ids: tuple[int, ...] = (), lost: tuple[float, ...] = ()
) -> Tracks:
    n = len(boxes)
    box, zero = np.array(boxes, np.float32).reshape(-1, 4), np.zeros(n, np.float32)
    lost_s = np.array(lost, np.float32) if lost else zero
    return Tracks(
        id=np.array(ids or range(n), np.int64),
        box=box,
        velocity=np.zeros_like(box),
        score=zero,
        label=np.zeros(n, np.int64),
        seen_s=zero,
        lost_s=lost_s,
        sigma=zero,
        velocity_sigma=zero,
        history=np.zeros((n, 1, 4), np.float32),
        history_age_s=np.zeros((n, 1), np.float32),
    )


HALF_OFF = (0.45, 0.4, 0.55, 0.6)  # IoU 1/3 with BOX


@pytest.mark.parametrize(
    ("forecast", "seen", "error"),
    [
        (tracks(), tracks(), 0),
        (tracks(BOX), tracks(), 0),
        (tracks(), tracks(BOX), 1),
        (tracks(BOX), tracks(BOX), 0),
        (tracks(BOX), tracks(HALF_OFF), 2 / 3),
        (tracks(BOX, BOX), tracks(HALF_OFF, BOX), 1 / 3),
        (tracks(BOX, BOX, ids=(5, 2)), tracks(BOX, HALF_OFF, ids=(2, 5)), 1 / 3),
        (tracks(BOX, BOX), tracks(HALF_OFF, BOX, lost=(1, 0)), 0),
        (tracks(BOX, BOX, lost=(1, 0)), tracks(HALF_OFF, BOX), 0),
        (tracks(BOX, ids=(1,)), tracks(BOX, ids=(2,)), 1),
    ],
)
def test_forecast_error(forecast: Tracks, seen: Tracks, error: float) -> None:
    assert math.isclose(forecast_error(forecast, seen), error, abs_tol=1e-6)


def test_gap_follows_the_error() -> None:
    settings = AttentionSettings(tolerance=0.1, longest_s=0.5)
    assert next_gap_s(0.1, 1.0, settings) < 0.02
    assert next_gap_s(0.1, 0.12, settings) == pytest.approx(0.1)
    assert next_gap_s(0.1, 0.0, settings) == pytest.approx(0.16)
    assert next_gap_s(0.4, 0.0, settings) == 0.5


def looks(speed_of: list[float], settings: AttentionSettings) -> list[bool]:
    """Which frames are looked at while one object moves at these speeds (fractions per second), frame by frame."""
    attention, tracker = Attention(settings), Tracker(TrackingSettings(), 16 / 9)
    due, x = [], 0.2
    for n, speed in enumerate(speed_of):
        t_s, x = n / FPS, x + speed / FPS
        box = np.array([[x, 0.4, x + 0.05, 0.6]], np.float32)
        due.append(attention.due(t_s))
        if due[-1]:
            forecast = tracker.at(t_s)
            seen = tracker.step(Detections(box, np.full(1, 0.9, np.float32), np.zeros(1, np.int64)), t_s)
            attention.looked(forecast, seen, t_s)
    return due


def test_looks_at_the_first_frames() -> None:
    assert looks([0.0, 0.0], AttentionSettings()) == [True, True]


def test_steady_motion_needs_few_looks() -> None:
    due = looks([0.05] * 100, AttentionSettings(longest_s=0.2))
    assert 0.15 < np.mean(due) < 0.35


def test_erratic_motion_needs_many() -> None:
    erratic = [0.5 if n // 3 % 2 else -0.5 for n in range(100)]
    assert np.mean(looks(erratic, AttentionSettings())) > 2 * np.mean(looks([0.05] * 100, AttentionSettings()))


def test_never_waits_longer_than_told() -> None:
    due = looks([0.0] * 200, AttentionSettings(longest_s=0.4))
    assert int(np.diff(np.flatnonzero(due)).max()) == 10


def test_slow_cameras_are_always_looked_at() -> None:
    attention = Attention(AttentionSettings(longest_s=0.2))
    for n in range(10):
        assert attention.due(n * 0.5)
        attention.looked(tracks(BOX), tracks(BOX), n * 0.5)
