"""The same scene through a camera that moves: carried by somebody who walks, on a vehicle that turns, zoomed in.

More kinds of cameras to learn from than were recorded; for training only.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64
from trainer.recorded.scene import Scene, Track, no_picture

LEAST_SIDE = 0.006  # picture heights


@dataclass(frozen=True, slots=True)
class Motion:
    """How much, one standard deviation or the most, in picture heights and seconds."""

    pan: float = 0.12  # speed of a slow turn, per second
    change_s: float = 4.0  # for how long it goes on
    sway: float = 0.02  # of steps or of the road
    sway_s: tuple[float, float] = (0.5, 1.5)  # period of that
    zoom: tuple[float, float] = (0.8, 2.5)


def moved(scene: Scene, seed: int, motion: Motion | None = None) -> Scene:
    """The scene as such a camera sees it; objects that leave its picture are gone from then on, or come back as others.

    Args:
        scene: in heights of the picture.
        seed: of all chance.
        motion: None = the usual.
    """
    motion, random = motion or Motion(), np.random.default_rng((seed, 23))
    zoom = float(np.exp(random.uniform(*np.log(motion.zoom))))
    middle = np.array([scene.aspect, 1.0]) * (0.5 + random.uniform(-0.25, 0.25, 2))
    end_s = max((float(track.t_s[-1]) for track in scene.tracks), default=0.0)
    path = _Path(random, motion, end_s)
    tracks = [piece for track in scene.tracks for piece in _seen(track, scene.aspect, zoom, middle, path)]
    return Scene(f"{scene.name}/moved", scene.unit, scene.aspect, tuple(tracks), scene.part, no_picture)


class _Path:
    """Where the picture's middle goes."""

    def __init__(self, random: np.random.Generator, motion: Motion, end_s: float) -> None:
        self._knots_s = np.arange(0, end_s + 2 * motion.change_s, motion.change_s)
        speed = random.normal(0, motion.pan, (len(self._knots_s), 2)) * (1.0, 0.25)
        away = np.cumsum(speed * motion.change_s, axis=0)
        self._knots = np.abs((away + 1) % 2 - 1) * 0.6 - 0.3  # it turns back before all is out of sight
        self._sway = random.exponential(motion.sway, 2)
        self._period_s = random.uniform(*motion.sway_s, 2)
        self._phase = random.uniform(0, 2 * np.pi, 2)

    def at(self, t_s: F64) -> F64:
        """(n, 2)."""
        slow = np.stack([np.interp(t_s, self._knots_s, self._knots[:, axis]) for axis in (0, 1)], axis=1)
        return slow + self._sway * np.sin(2 * np.pi * t_s[:, None] / self._period_s + self._phase)


def _seen(track: Track, aspect: float, zoom: float, middle: F64, path: _Path) -> list[Track]:
    centre = (track.position - middle) * zoom + np.array([aspect, 1.0]) / 2 + path.at(track.t_s)
    low, high = centre - track.size * zoom / 2, centre + track.size * zoom / 2
    low, high = np.maximum(low, 0), np.minimum(high, np.array([aspect, 1.0]))
    inside = (high - low > LEAST_SIDE).all(axis=1)
    begins = np.flatnonzero(np.diff(inside.astype(int), prepend=0) == 1)
    ends = np.flatnonzero(np.diff(inside.astype(int), append=0) == -1) + 1
    return [
        Track(f"{track.id}.{number}", track.label, track.t_s[a:b], ((low + high) / 2)[a:b], (high - low)[a:b])
        for number, (a, b) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True))
        if b - a >= 2
    ]
