"""Recorded tracks as a forecaster meets them: moment by moment, with the past that is known by then.

In a picture the daemon's own tracker follows the recorded boxes, so that velocities and gaps are those of service.
On the ground the velocity is that of the newest step. Letters in shapes: T tracks, H samples, K horizons.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.track_grid import Past
from edge.contracts.types import F32, F64, I64, Detections, Tracks
from edge.contracts.windows import TrackWindow
from edge.forecast.fitting import reach_s
from edge.forecast.past import past_of
from edge.tracking.settings import TrackingSettings
from edge.tracking.tracker import Tracker
from trainer.recorded.scene import Scene, Track, Unit

SURE = 0.95  # score of a recorded box
MOST_BOXES = 256  # of a history
SAME_S = 1e-4
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Watching:
    """How a scene is watched."""

    every_s: float = 0.4  # between two moments
    most_fps: float = 30.0  # pictures beyond are left out
    jitter: float = 0.0  # 1 sd of what a detector adds to the edges of a box, in box heights
    missed: float = 0.0  # share of the boxes that it does not see
    seed: int = 0  # of both


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """What is known at one time, row by row, and whose row it is."""

    t_s: float
    past: Past  # T rows
    whose: I64  # (T,) index into the scene's tracks


@dataclass(frozen=True, eq=False, slots=True)
class Followed:
    """What the tracker knows after one picture, and whose rows they are."""

    t_s: float
    tracks: Tracks  # T of them
    whose: I64  # (T,) index into the scene's tracks, NOBODY where it was never seen as any


def moments(scene: Scene, window: TrackWindow, watching: Watching) -> Iterator[Moment]:
    """All of a scene, in the order of time; those without any track are left out."""
    if scene.tracks:
        yield from _WATCHED[scene.unit](scene, window, watching)


@dataclass(frozen=True, eq=False, slots=True)
class _Sighting:
    """All that was recorded at one time, n objects."""

    t_s: float
    whose: I64  # (n,)
    centre: F64  # (n, 2)
    size: F64  # (n, 2)


def followed(scene: Scene, window: TrackWindow, watching: Watching) -> Iterator[Followed]:
    """A scene in pictures, picture by picture; labels of tracks index `kinds(scene)`."""
    if not scene.tracks:
        return
    names = kinds(scene)
    label_of = np.array([names.index(track.label) for track in scene.tracks], np.int64)
    random = np.random.default_rng(watching.seed)
    tracker = Tracker(TrackingSettings(), scene.aspect, reach_s(window))
    held: dict[int, int] = {}
    for one in _sightings(scene.tracks, 1 / watching.most_fps):
        whose, box = _detected(one, scene.aspect, watching, random)
        found = Detections(box, np.full(len(box), SURE, np.float32), label_of[whose])
        tracks = tracker.step(found, one.t_s)
        _recognise(held, tracks, whose, box)
        rows = np.array([held.get(identity, NOBODY) for identity in tracks.id.tolist()], np.int64)
        yield Followed(one.t_s, tracks, rows)


def kinds(scene: Scene) -> list[str]:
    """The labels that there are."""
    return sorted({track.label for track in scene.tracks})


def _in_pictures(scene: Scene, window: TrackWindow, watching: Watching) -> Iterator[Moment]:
    numbers = _numbers(kinds(scene), window.labels)
    due_s = -math.inf
    for one in followed(scene, window, watching):
        known = one.whose != NOBODY
        if one.t_s >= due_s and known.any():
            due_s = one.t_s + watching.every_s - SAME_S
            yield Moment(one.t_s, past_of(one.tracks[known], scene.aspect, numbers), one.whose[known])


def _sightings(tracks: Sequence[Track], least_s: float) -> list[_Sighting]:
    """In the order of time, at least so far apart."""
    whose = np.concatenate([np.full(len(track.t_s), number) for number, track in enumerate(tracks)])
    t_s, centre, size = (
        np.concatenate([getattr(track, name) for track in tracks]) for name in ("t_s", "position", "size")
    )
    order = np.argsort(t_s, kind="stable")
    begins = np.flatnonzero(np.diff(t_s[order], prepend=-math.inf) > SAME_S)
    kept: list[_Sighting] = []
    for rows in np.split(order, begins[1:]):
        at_s = float(t_s[rows[0]])
        if not kept or at_s - kept[-1].t_s > least_s - SAME_S:
            kept.append(_Sighting(at_s, whose[rows], centre[rows], size[rows]))
    return kept


def _detected(seen: _Sighting, aspect: float, watching: Watching, random: np.random.Generator) -> tuple[I64, F32]:
    """Whose boxes a detector sees, and the boxes in frame fractions."""
    kept = random.random(len(seen.whose)) >= watching.missed
    height = seen.size[kept, 1, None]
    edges = np.concatenate([seen.centre - seen.size / 2, seen.centre + seen.size / 2], axis=1)[kept]
    edges = edges + random.normal(0, 1, edges.shape) * (watching.jitter * height)
    return seen.whose[kept], (edges / np.array([aspect, 1.0, aspect, 1.0])).astype(np.float32)


def _recognise(held: dict[int, int], tracks: Tracks, whose: I64, box: F32) -> None:
    """Note which recorded track each of the tracker's was just seen as: its newest box is one that it was given."""
    for row in np.flatnonzero(tracks.lost_s == 0).tolist():
        apart = np.abs(box - tracks.history[row, -1]).max(axis=1)
        held[int(tracks.id[row])] = int(whose[apart.argmin()])


def _on_the_ground(scene: Scene, window: TrackWindow, watching: Watching) -> Iterator[Moment]:
    numbers = _numbers([track.label for track in scene.tracks], window.labels)
    due_s = -math.inf
    for one in _sightings(scene.tracks, 1 / watching.most_fps):
        if one.t_s < due_s:
            continue
        back_s = reach_s(window)
        whose = np.array([row for row in one.whose.tolist() if _followed(scene.tracks[row], one.t_s, back_s)], np.int64)
        if len(whose):
            due_s = one.t_s + watching.every_s - SAME_S
            known = [_walked(scene.tracks[row], one.t_s, back_s) for row in whose.tolist()]
            yield Moment(one.t_s, _walking(known, numbers[whose]), whose)


def _followed(track: Track, t_s: float, back_s: float) -> bool:
    """Whether it was seen before, and not so long ago that nothing is known of its way by now."""
    before = int(np.searchsorted(track.t_s, t_s - SAME_S)) - 1
    return before >= 0 and t_s - track.t_s[before] <= back_s + SAME_S


def _walked(track: Track, t_s: float, back_s: float) -> tuple[F64, F64]:
    """Positions (h, 2) and ages (h,) until now, so far back; at least the newest two."""
    until = int(np.searchsorted(track.t_s, t_s + SAME_S))
    first = int(np.searchsorted(track.t_s, t_s - back_s - SAME_S))
    newest = slice(max(0, min(first, until - 2), until - MOST_BOXES), until)
    return track.position[newest], t_s - track.t_s[newest]


def _walking(known: Sequence[tuple[F64, F64]], label: I64) -> Past:
    t, h = len(known), max(len(age_s) for _, age_s in known)
    position, age_s = np.full((t, h, 2), np.nan), np.full((t, h), np.nan)
    for row, (places, ages) in enumerate(known):
        position[row, h - len(ages) :], age_s[row, h - len(ages) :] = places, ages
    velocity = (position[:, -1] - position[:, -2]) / (age_s[:, -2] - age_s[:, -1])[:, None]
    return Past(position, age_s, velocity, np.full((t, 2), np.nan), label, age_s[:, -1])


def _numbers(names: Sequence[str], known: Sequence[str]) -> I64:
    """The window's number of each name, -1 where it knows none."""
    numbers = {label: number for number, label in enumerate(known)}
    return np.array([numbers.get(name, -1) for name in names], np.int64)


_WATCHED: Mapping[Unit, Callable[[Scene, TrackWindow, Watching], Iterator[Moment]]] = {
    Unit.HEIGHTS: _in_pictures,
    Unit.METRES: _on_the_ground,
}
