"""Paths that were seen at any times, brought to one grid of time.

Letters in shapes: T tracks, H samples of a history, S nodes of the grid, oldest first, the newest is now.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.types import F64, I64, Mask

Floats = NDArray[np.floating[Any]]
C128 = NDArray[np.complex128]  # places and turns in the plane

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
    place, age, velocity = _known(past)
    node: F64 = np.arange(samples - 1, -1, -1) * np.float64(step_s)
    older = _older(age, node)
    older_s = age.ravel().take(older) - node
    newer = older - (older_s > SAME_TIME_S)
    older_s, newer_s = np.abs(older_s), np.abs(node - age.ravel().take(newer))
    after, before = place.ravel().take(older), place.ravel().take(newer)
    both = np.isfinite(older_s + newer_s)
    elapsed = np.minimum(older_s, newer_s)
    if both.all():
        placed = after + older_s / np.maximum(older_s + newer_s, SAME_TIME_S) * (before - after)
    else:
        placed = _at_ends(after, before, older_s, newer_s, velocity)
    present = both | (elapsed <= step_s / 2)
    present &= ~_before_jump(placed, present, lengths(past))
    return Grid(placed.view(np.float64).reshape(*placed.shape, 2), present, elapsed)


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
    known = (past.size > 0) & (past.size < np.inf)
    return known[:, 0] & known[:, 1]


def _known(past: Past) -> tuple[C128, F64, C128]:
    """Places (T, H + 2) as complex numbers, their ages, and the velocity (T,); 0, infinite and 0 where unknown.

    The first and the last one of a row are absent; those between are in the order of their ages, the newest first.
    """
    t, h = past.age_s.shape
    position, age = np.zeros((t, h + 2, 2)), np.full((t, h + 2), np.inf)
    position[:, 1:-1], age[:, 1:-1] = past.position[:, ::-1], past.age_s[:, ::-1]
    place = position.view(np.complex128)[..., 0]
    inner = age[:, 1:-1]
    known = np.isfinite(place[:, 1:-1]) & (inner >= 0) & (inner < np.inf)
    if not known.all():
        place[:, 1:-1][~known], inner[~known] = 0.0, np.inf
    if (inner[:, 1:] < inner[:, :-1]).any():
        order = np.argsort(inner, axis=1, kind="stable")
        place[:, 1:-1] = np.take_along_axis(place[:, 1:-1], order, 1)
        inner[:] = np.take_along_axis(inner, order, 1)
    return place, age, velocities(past).view(np.complex128)[:, 0]


def _older(age: F64, node: F64) -> I64:
    """Which of all samples (T, H + 2) is the newest that is not newer than each node, (T, S); else an absent one."""
    t = len(age)
    rows = np.arange(t)[:, None]
    longest_s = node[0] + 1.0  # all that is older comes first where it is looked for
    begins = rows * (longest_s + 1.0)
    keys = np.minimum(age[:, 1:-1], longest_s) + begins
    found = np.searchsorted(keys.ravel(), (node - SAME_TIME_S + begins).ravel()).reshape(t, len(node))
    return np.asarray(found + (2 * rows + 1), np.int64)


def _at_ends(after: C128, before: C128, older_s: F64, newer_s: F64, velocity: C128) -> C128:
    """(T, S) places where some nodes have no sample before them, or none after: the velocity leads there."""
    has_older, has_newer = np.isfinite(older_s), np.isfinite(newer_s)
    onward_s, back_s = np.where(has_older, older_s, 0.0), np.where(has_newer, newer_s, 0.0)
    after = after + np.where(has_newer, 0.0, onward_s) * velocity[:, None]
    before = before - np.where(has_older, 0.0, back_s) * velocity[:, None]
    share = np.where(has_older & has_newer, onward_s / np.maximum(onward_s + back_s, SAME_TIME_S), has_newer * 1.0)
    return np.asarray(after + share * (before - after), np.complex128)


def _before_jump(place: C128, present: Mask, length: F64) -> Mask:
    """(T, S) nodes that a jump parts from now."""
    gone = np.zeros(present.shape, np.bool_)
    if present.shape[1] < 2:
        return gone
    step = np.abs(place[:, 1:] - place[:, :-1])
    both = present[:, 1:] & present[:, :-1]
    if not (both & (step > JUMP * USUAL * length[:, None])).any():  # the least limit there is
        return gone
    ascending = np.sort(np.where(both, step, np.inf), axis=1)
    middle = np.maximum(both.sum(axis=1) - 1, 0) // 2
    usual = np.take_along_axis(ascending, middle[:, None], axis=1)[:, 0]
    limit = JUMP * np.maximum(np.where(np.isfinite(usual), usual, 0.0), USUAL * length)
    jumps = both & (step > limit[:, None])
    gone[:, :-1] = np.logical_or.accumulate(jumps[:, ::-1], axis=1)[:, ::-1]
    return gone
