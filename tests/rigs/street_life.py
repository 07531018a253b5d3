"""A camera's life beside the rendered street: what its chain hands to the learner, and the truth of its windows.

Letters: n windows, K horizons.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.contracts.flow_map import PLACE_COLUMNS, places
from edge.contracts.track_windows import departure, encode, units
from edge.contracts.types import F32, F64, Mask
from edge.contracts.windows import TrackWindow
from edge.forecast.past import askable, past_of
from edge.learners.wire import pack_look
from trainer.forecaster.samples import Samples
from trainer.recorded.following import NOBODY, SAME_S, Followed, Watching, followed, kinds
from trainer.recorded.futures import Futures
from trainer.recorded.scene import Scene

LOOKS_S, WINDOWS_S = 0.24, 0.5  # between looks that are handed over, as in service, and between windows
BEGIN_NS = 1_000_000_000_000  # on the wall clock


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """n windows and what came of them."""

    samples: Samples  # n; lengths are heights of the picture
    place: F32  # (n, 8) see `edge.contracts.flow_map.places`
    turning: Mask  # (n,)

    @property
    def height(self) -> F64:
        """(n,) of the object's box, in heights of the picture."""
        return self.place[:, PLACE_COLUMNS.index("length")].astype(np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """One picture."""

    t_s: float
    look: bytes  # as it is handed over; empty where it is not time
    windows: Truth | None  # None where it is not time


def life(scene: Scene, window: TrackWindow, watching: Watching) -> Iterator[Seen]:
    """Picture by picture, followed by the tracker of the daemon."""
    truth = _Truths(scene, window)
    look_s, windows_s = -math.inf, -math.inf
    for one in followed(scene, window, watching):
        look, windows = b"", None
        if one.t_s - look_s >= LOOKS_S:
            look_s = one.t_s
            look = pack_look(0, one.t_s, BEGIN_NS + round(one.t_s * 1e9), scene.aspect, one.tracks)
        if one.t_s - windows_s >= WINDOWS_S - SAME_S and (one.whose != NOBODY).any():
            windows_s = one.t_s
            windows = truth.of(one)
        yield Seen(one.t_s, look, windows)


class _Truths:
    """What really comes of tracks."""

    def __init__(self, scene: Scene, window: TrackWindow) -> None:
        self._after, self._window, self._aspect = Futures(scene), window, scene.aspect
        numbers = {label: number for number, label in enumerate(window.labels)}
        self._numbers = np.array([numbers.get(name, -1) for name in kinds(scene)], np.int64)

    def of(self, one: Followed) -> Truth:
        """Of all whom the network can be asked about, and of whom anything is known later; somebody must be there."""
        known = one.whose != NOBODY
        past, whose, window = past_of(one.tracks[known], self._aspect, self._numbers), one.whose[known], self._window
        future = self._after.places(whose, one.t_s, window.horizons_s)
        encoded = encode(past, window)
        rows: Mask = askable(past, window.step_s) & np.any(np.isfinite(future).all(axis=2), axis=1)
        target = departure(future, encoded, window)[rows]
        there: Mask = np.logical_and.reduce(np.isfinite(target), axis=2)
        unit: F32 = np.where(there, units(encoded, window)[rows], 0.0).astype(np.float32)
        samples = Samples(encoded.x[rows], np.where(there[..., None], target, 0.0).astype(np.float32), unit)
        place = places(encoded, encoded.scale, window)[rows]
        return Truth(samples, place, self._after.turning(whose, one.t_s)[rows])
