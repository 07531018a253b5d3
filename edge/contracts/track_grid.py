"""Paths that were seen at any times, brought to one grid of time.

Letters in shapes: T tracks, H samples of a history, S nodes of the grid, oldest first, the newest is now.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.types import F64, Mask

Floats = NDArray[np.floating[Any]]

SAME_TIME_S = 1e-6
JUMP = 20.0  # steps so many times longer than usual belong to another object
USUAL = 0.1  # the least step that counts as usual, in lengths of the object (metres where it has no size)


@dataclass(frozen=True, eq=False, slots=True)
class Past:
    """What is known of tracks now. Lengths are metres, or heights of the frame on both axes."""

    position: Floats  # (T, H, 2) of the centre, NaN where absent
    age_s: Floats  # (T, H) how long before now, NaN where absent
    velocity: Floats  # (T, 2) now, per second
    size: Floats  # (T, 2) width and height of the box, NaN or 0 where there is none: then lengths are metres
    label: NDArray[np.int64]  # (T,) index into the window's labels, -1 = none of them
    lost_s: Floats  # (T,) since it was last seen

    def __post_init__(self) -> None:
        t, h = self.age_s.shape
        rows = (self.position.shape, self.velocity.shape, self.size.shape, self.label.shape, self.lost_s.shape)
        if rows != ((t, h, 2), (t, 2), (t, 2), (t,), (t,)):
            raise ValueError(f"for age_s ({t}, {h}) the others must have the same rows; got {rows}")

    def __len__(self) -> int:
        return len(self.age_s)


@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """The same paths at times that are `step_s` apart."""

    position: F64  # (T, S, 2), as the velocity has it where nothing is known
    present: Mask  # (T, S) lies between two samples, or at most half a step from one
    elapsed_s: F64  # (T, S) between the node and the nearest sample, infinite where there is none


def resampled(past: Past, samples: int, step_s: float) -> Grid:
    """Positions at the grid's nodes: between two samples on the line that joins them.

    A node before the first sample or after the newest lies where the velocity puts it, and is absent when that is
    more than half a step away. What lies before a jump is absent too: it belongs to another object.
    """
    position, age, velocity = _known(past)
    node = np.arange(samples - 1, -1, -1) * step_s
    gap = age[:, None, :] - node[:, None]  # (T, S, H), positive: the sample is older than the node
    apart = np.abs(gap)
    older, older_s = _nearest(np.where(gap >= -SAME_TIME_S, apart, np.inf))
    newer, newer_s = _nearest(np.where(gap <= SAME_TIME_S, apart, np.inf))
    row = np.arange(len(past))[:, None]
    has_older, has_newer = np.isfinite(older_s), np.isfinite(newer_s)
    onward_s = np.where(has_older, older_s, 0.0)
    back_s = np.where(has_newer, newer_s, 0.0)
    after = position[row, older] + np.where(has_newer, 0.0, onward_s)[..., None] * velocity[:, None]
    before = position[row, newer] - np.where(has_older, 0.0, back_s)[..., None] * velocity[:, None]
    share = np.where(has_older & has_newer, onward_s / np.maximum(onward_s + back_s, SAME_TIME_S), has_newer * 1.0)
    placed = after + share[..., None] * (before - after)
    elapsed = np.minimum(older_s, newer_s)
    present = (has_older & has_newer) | (elapsed <= step_s / 2)
    return Grid(placed, present & ~_before_jump(placed, present, lengths(past)), elapsed)


def lengths(past: Past) -> F64:
    """(T,) the height of each object's box, 1 metre where it has none."""
    height = np.asarray(past.size[:, 1], np.float64)
    return np.where(boxed(past), height, 1.0)


def velocities(past: Past) -> F64:
    """(T, 2), 0 where unknown."""
    velocity = np.asarray(past.velocity, np.float64)
    return np.where(np.isfinite(velocity), velocity, 0.0)


def boxed(past: Past) -> Mask:
    """(T,) those that have a box."""
    known = np.isfinite(past.size) & (past.size > 0)
    return known[:, 0] & known[:, 1]


def _known(past: Past) -> tuple[F64, F64, F64]:
    """Positions (T, H, 2), 0 where absent, ages (T, H), NaN where absent, velocity (T, 2), 0 where unknown; H >= 1."""
    t = len(past)
    position = np.concatenate([np.asarray(past.position, np.float64), np.zeros((t, 1, 2))], axis=1)
    age = np.concatenate([np.asarray(past.age_s, np.float64), np.full((t, 1), np.nan)], axis=1)
    known = np.isfinite(age) & np.isfinite(position).all(axis=2) & (age >= 0)
    return np.where(known[..., None], position, 0.0), np.where(known, age, np.nan), velocities(past)


def _nearest(distance: F64) -> tuple[NDArray[np.int64], F64]:
    """The sample that is nearest to each node and its distance, (T, S) each, of distances (T, S, H)."""
    index = distance.argmin(axis=2)
    flat = distance.reshape(-1, distance.shape[2])
    return index, flat[np.arange(len(flat)), index.ravel()].reshape(index.shape)


def _before_jump(position: F64, present: Mask, length: F64) -> Mask:
    """(T, S) nodes that a jump parts from now."""
    if present.shape[1] < 2:
        return np.zeros_like(present)
    moved = position[:, 1:] - position[:, :-1]
    step = np.hypot(moved[..., 0], moved[..., 1])
    both = present[:, 1:] & present[:, :-1]
    if not (both & (step > JUMP * USUAL * length[:, None])).any():  # the least limit there is
        return np.zeros_like(present)
    ascending = np.sort(np.where(both, step, np.inf), axis=1)
    middle = np.maximum(both.sum(axis=1) - 1, 0) // 2
    usual = np.take_along_axis(ascending, middle[:, None], axis=1)[:, 0]
    limit = JUMP * np.maximum(np.where(np.isfinite(usual), usual, 0.0), USUAL * length)
    jumps = both & (step > limit[:, None])
    gone = np.logical_or.accumulate(jumps[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([gone, np.zeros((len(position), 1), np.bool_)], axis=1)
