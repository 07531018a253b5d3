"""What happened to recorded tracks after a moment, and whether they turned."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import F64, I64, Mask
from trainer.recorded.scene import Scene, Track, Unit

LONGEST_GAP_S = 0.6  # between two samples that a position is taken from
EDGE = 2e-3  # picture heights: a box that is nearer to the edge is cut off, and its middle is not the object's
SAME_S = 1e-4
TURN_DEGREES = 15.0
TURN_S = (1.0, 2.0)
LEAST_WAY = 0.25  # object heights (metres on the ground) in each of the two seconds


class Futures:
    """What is known of one scene afterwards."""

    def __init__(self, scene: Scene) -> None:
        self._tracks = scene.tracks
        pictured = scene.unit is Unit.HEIGHTS
        self._whole = [
            _whole(track, scene.aspect) if pictured else np.ones(len(track.t_s), bool) for track in scene.tracks
        ]
        self._pictured = pictured

    def places(self, whose: I64, t_s: float, horizons_s: Sequence[float]) -> F64:
        """(T, K, 2) where the tracks were at `t_s` + horizon, NaN where one was not seen, or only a part of it."""
        at_s = t_s + np.array(horizons_s)
        return np.stack([_places(self._tracks[row], self._whole[row], at_s) for row in whose.tolist()])

    def turning(self, whose: I64, t_s: float) -> Mask:
        """(T,) those that turn, by what really happened: not by what any forecaster says.

        The way of the first second and that of the second one differ in direction by `TURN_DEGREES` or more, and each
        is at least `LEAST_WAY` long. Who is not seen so long does not count as turning.
        """
        path = self.places(whose, t_s, (0.0, *TURN_S))
        ways = np.diff(path, axis=1)
        length = np.hypot(ways[..., 0], ways[..., 1])
        cross = ways[:, 0, 0] * ways[:, 1, 1] - ways[:, 0, 1] * ways[:, 1, 0]
        angle = np.degrees(np.abs(np.arctan2(cross, (ways[:, 0] * ways[:, 1]).sum(axis=1))))
        height = np.array([self._height(self._tracks[row], t_s) for row in whose.tolist()])
        turns: Mask = (length >= LEAST_WAY * height[:, None]).all(axis=1) & (angle >= TURN_DEGREES)
        return turns

    def _height(self, track: Track, t_s: float) -> float:
        return float(np.interp(t_s, track.t_s, track.size[:, 1])) if self._pictured else 1.0


def _places(track: Track, whole: Mask, at_s: F64) -> F64:
    """(K, 2)."""
    after = np.searchsorted(track.t_s, at_s - SAME_S).clip(0, len(track.t_s) - 1)
    before = np.searchsorted(track.t_s, at_s + SAME_S, side="right").clip(1) - 1
    known = (at_s >= track.t_s[0] - SAME_S) & (at_s <= track.t_s[-1] + SAME_S) & whole[after] & whole[before]
    known &= track.t_s[after] - track.t_s[before] <= LONGEST_GAP_S
    place = np.stack([np.interp(at_s, track.t_s, track.position[:, axis]) for axis in (0, 1)], axis=1)
    return np.where(known[:, None], place, np.nan)


def _whole(track: Track, aspect: float) -> Mask:
    """(n,) whether the box is wholly in the picture."""
    low, high = track.position - track.size / 2, track.position + track.size / 2
    inside: Mask = np.all((low > EDGE) & (high < np.array([aspect, 1.0]) - EDGE), axis=1)
    return inside
