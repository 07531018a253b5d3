"""Boxes of objects on paths that are known, as a detector would give them: on roundabouts, or straight on."""

from collections.abc import Iterator

import numpy as np

from edge.contracts.types import F64, Detections

ASPECT = 16 / 9
HEIGHT, WIDTH = 0.12, 0.05  # of a box, frame heights
FPS = 10.0
World = Iterator[tuple[float, Detections]]


def roundabout(
    seconds: float, count: int = 6, seed: int = 1, start_s: float = 0.0, fps: float = FPS
) -> Iterator[tuple[float, Detections]]:
    """Objects that go round in circles of their own, one round in about five seconds."""
    random = np.random.default_rng(seed)
    middle = _spread(count)
    rate = random.uniform(1.1, 1.4, count) * random.choice([-1, 1], count)
    phase = random.uniform(0, 2 * np.pi, count)
    for t_s in _times(seconds, start_s, fps):
        angle = phase + rate * t_s
        yield t_s, _seen(middle + 0.13 * np.stack([np.cos(angle), np.sin(angle)], axis=1), random)


def avenue(seconds: float, count: int = 6, seed: int = 2, start_s: float = 0.0) -> World:
    """Objects that walk to the right, each on a lane of its own, and begin anew at the left when they are through."""
    random = np.random.default_rng(seed)
    lane, speed, phase = np.linspace(0.15, 0.9, count), random.uniform(0.09, 0.16, count), random.uniform(0, 1, count)
    for t_s in _times(seconds, start_s):
        x = (phase * ASPECT + speed * t_s) % ASPECT
        yield t_s, _seen(np.stack([x, lane], axis=1), random)


def _times(seconds: float, start_s: float, fps: float = FPS) -> F64:
    return start_s + np.arange(round(seconds * fps)) / fps


def _spread(count: int) -> F64:
    """Middles that are far apart from each other."""
    across = np.arange(count)
    return np.stack([0.2 + (across % 3) * 0.6, 0.25 + (across // 3) * 0.45], axis=1)


def _seen(centre: F64, random: np.random.Generator) -> Detections:
    """Boxes around centres in frame heights, a little off."""
    n = len(centre)
    noisy = centre + random.normal(0, 0.02 * HEIGHT, (n, 2))
    half = np.array([WIDTH, HEIGHT]) / 2
    box = np.concatenate([noisy - half, noisy + half], axis=1) / np.array([ASPECT, 1, ASPECT, 1])
    return Detections(box.astype(np.float32), np.full(n, 0.9, np.float32), np.zeros(n, np.int64))
