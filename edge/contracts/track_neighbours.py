"""What a track's network sees of the others around it. Letters: T tracks, S nodes of the grid, N neighbours."""

import numpy as np

from edge.contracts.track_grid import Grid
from edge.contracts.types import F32, F64, Mask

NEIGHBOUR_COLUMNS = ("near_x", "near_y", "apart_x", "apart_y")  # of each neighbour, nearest first
NEAR = 4.0  # scales away, where closeness is one half
LIMIT = 4.0


def neighbour_columns(grid: Grid, scale: F64, heading: F64, neighbours: int) -> F32:
    """(T, S, 4 N): direction to each of the nearest N others times its closeness, and its relative step.

    Closeness is 1 beside the track and falls to 0 far away, so that nobody there is all zeros. Directions and steps
    are turned to the track's heading, lengths are in its scales.

    Args:
        grid: all tracks that are there now.
        scale: (T,) of each.
        heading: (T, 2) cosine and sine of each.
        neighbours: N.
    """
    t, s = grid.present.shape
    table = np.zeros((t, s, neighbours, 4), np.float32)
    count = min(neighbours, t - 1)
    if count < 1:
        return table.reshape(t, s, neighbours * 4)
    who = _nearest(grid.position[:, -1], count)
    apart = (grid.position[who] - grid.position[:, None]) / scale[:, None, None, None]  # (T, N, S, 2)
    there = grid.present[who] & grid.present[:, None]
    distance = np.hypot(apart[..., 0], apart[..., 1])
    near = apart / np.maximum(distance, 1e-6)[..., None] / (1 + distance / NEAR)[..., None]
    step = np.diff(apart, axis=2, prepend=apart[:, :, :1]).clip(-LIMIT, LIMIT)
    found = np.concatenate([_turned(near, heading), _turned(step, heading)], axis=-1)
    table[:, :, :count] = np.where(_both(there), found, 0.0).transpose(0, 2, 1, 3)
    return table.reshape(t, s, neighbours * 4)


def _nearest(position: F64, count: int) -> np.ndarray:
    """(T, count) the nearest others of each, nearest first."""
    distance = np.hypot(*np.moveaxis(position[:, None] - position[None], 2, 0))
    np.fill_diagonal(distance, np.inf)
    return np.argsort(distance, axis=1, kind="stable")[:, :count]


def _turned(vector: F64, heading: F64) -> F64:
    """(T, N, S, 2) as seen along each track's heading (T, 2)."""
    cos, sin = heading[:, None, None, 0], heading[:, None, None, 1]
    x, y = vector[..., 0], vector[..., 1]
    return np.stack([cos * x + sin * y, cos * y - sin * x], axis=-1)


def _both(there: Mask) -> Mask:
    """(T, N, S, 4) columns that are known: the step needs the node before too."""
    before = np.concatenate([np.zeros_like(there[..., :1]), there[..., :-1]], axis=-1) & there
    return np.stack([there, there, before, before], axis=-1)
