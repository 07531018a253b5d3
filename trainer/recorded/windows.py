"""Recorded scenes cut into what a trajectory network learns from and is scored on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.contracts.track_grid import Past
from edge.contracts.track_windows import departure, encode, units
from edge.contracts.types import F64, Mask
from edge.contracts.windows import TrackWindow
from edge.forecast.past import LEAST_BOXES, LEAST_STEPS, askable
from trainer.errors import TrainError
from trainer.forecaster.samples import Samples, joined
from trainer.recorded.following import Watching, moments
from trainer.recorded.futures import Futures
from trainer.recorded.scene import Scene, Unit


@dataclass(frozen=True, eq=False, slots=True)
class Windows:
    """n windows with what is known of them.

    In pictures, lengths are heights of the object's own box: near and far objects count alike.
    """

    samples: Samples  # n
    turning: Mask  # (n,)
    scene: tuple[str, ...]  # (n,) of the scene

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, rows: Mask) -> Self:
        """The chosen rows."""
        scene = tuple(name for name, chosen in zip(self.scene, rows.tolist(), strict=True) if chosen)
        return type(self)(self.samples[rows], self.turning[rows], scene)


def cut(scenes: Sequence[Scene], window: TrackWindow, watchings: Sequence[Watching]) -> Windows:
    """All windows of all scenes.

    Args:
        scenes: where from.
        window: how windows are made.
        watchings: each scene is watched in each of these ways.

    Raises:
        TrainError: no track is long enough for a window.
    """
    parts = [
        part for scene in scenes for watching in watchings for part in _of_scene(scene, window, watching) if len(part)
    ]
    if not parts:
        raise TrainError(
            "no track is long enough to be learned from: it must be seen three times and at one of the horizons "
            f"({', '.join(f'{horizon:g}' for horizon in window.horizons_s)} s) after that; record for longer"
        )
    return Windows(
        joined([part.samples for part in parts]),
        np.concatenate([part.turning for part in parts]),
        tuple(name for part in parts for name in part.scene),
    )


def _of_scene(scene: Scene, window: TrackWindow, watching: Watching) -> list[Windows]:
    after = Futures(scene)
    parts = []
    for moment in moments(scene, window, watching):
        future = after.places(moment.whose, moment.t_s, window.horizons_s)
        if np.isfinite(future).any():
            parts.append(_of_moment(scene, moment.past, future, window, after.turning(moment.whose, moment.t_s)))
    return parts


def _of_moment(scene: Scene, past: Past, future: F64, window: TrackWindow, turns: Mask) -> Windows:
    """The windows of those whose past is long enough, the others being seen as neighbours only."""
    encoded = encode(past, window)
    target = departure(future, encoded, window)
    known: Mask = np.all(np.isfinite(target), axis=2)
    unit = units(encoded, window)
    if scene.unit is Unit.HEIGHTS:
        unit = unit / encoded.scale[:, None]
    rows: Mask = np.any(known, axis=1) & _ASKABLE[scene.unit](past, window.step_s)
    samples = Samples(
        encoded.x[rows],
        np.where(known[..., None], target, 0.0)[rows].astype(np.float32),
        np.where(known, unit, 0.0)[rows].astype(np.float32),
    )
    return Windows(samples, turns[rows], (scene.name,) * len(samples))


def _long(past: Past, step_s: float) -> Mask:
    """(T,) those on the ground that were seen often and long enough."""
    known = np.isfinite(past.age_s)
    oldest_s = np.where(known, past.age_s, 0).max(axis=1, initial=0)
    long: Mask = (known.sum(axis=1) >= LEAST_BOXES) & (oldest_s - past.lost_s >= LEAST_STEPS * step_s)
    return long


_ASKABLE = {Unit.HEIGHTS: askable, Unit.METRES: _long}  # in pictures as in service
