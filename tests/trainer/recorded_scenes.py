"""Small recorded scenes, made up: objects that walk straight, turn, or stand."""

import numpy as np

from edge.contracts.types import F64
from edge.contracts.windows import TrackWindow
from trainer.recorded.scene import Scene, Track, Unit

WINDOW = TrackWindow(
    tracks=8, samples=6, step_s=0.2, horizons_s=(0.5, 1.0, 2.0), modes=2, labels=("person",), neighbours=0
)
ASPECT = 2.0
HEIGHT = 0.1
FPS = 10.0


def walked(name: str, position: F64, first_s: float = 0.0, *, boxed: bool = True) -> Track:
    """A track of these positions (n, 2), `FPS` times a second."""
    size = np.tile([HEIGHT / 2, HEIGHT] if boxed else [np.nan, np.nan], (len(position), 1))
    return Track(name, "person", first_s + np.arange(len(position)) / FPS, position, size)


def straight(count: int = 40, speed: float = 0.1) -> F64:
    """To the right, heights per second."""
    t_s = np.arange(count) / FPS
    return np.stack([0.3 + speed * t_s, np.full(count, 0.5)], axis=1)


def curved(count: int = 40, speed: float = 0.1, degrees_per_s: float = 30.0, start: float = 0.0) -> F64:
    """On a circle."""
    heading = start + np.radians(degrees_per_s) * np.arange(count) / FPS
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * speed / FPS
    return np.array([1.0, 0.5]) + np.cumsum(steps, axis=0)


def scene(*tracks: Track, unit: Unit = Unit.HEIGHTS, name: str = "made") -> Scene:
    """A scene of these."""
    return Scene(name, unit, ASPECT if unit is Unit.HEIGHTS else 1.0, tracks)


def crowd(seed: int, tracks: int = 12, count: int = 60) -> Scene:
    """Many who turn, all the time, to one side or the other, at speeds of their own."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(tracks):
        rate = float(random.choice([-40.0, 40.0]))
        path = curved(count, float(random.uniform(0.05, 0.1)), rate, float(random.uniform(0, 6)))
        made.append(walked(str(number), path + random.uniform(-0.15, 0.15, 2)))
    return scene(*made, name=f"crowd {seed}")
