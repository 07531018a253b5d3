"""What tracks are brought to and from for the trajectory network, written plainly: whatever is quicker must agree.

Each node looks at every sample, each column is made on its own, and nothing is kept from one moment to the next.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.contracts import boxes
from edge.contracts.track_grid import JUMP, SAME_TIME_S, USUAL, Grid, Past, boxed, lengths, velocities
from edge.contracts.track_mixture import Mixture
from edge.contracts.track_neighbours import LIMIT, neighbour_columns
from edge.contracts.track_windows import (
    LEAST_STEP,
    MOTION_COLUMNS,
    POSITION_UNIT,
    STATE_COLUMNS,
    STILL,
    TIME_UNIT,
    columns,
)
from edge.contracts.types import F32, F64, Forecasts, Mask, Tracks
from edge.contracts.windows import TrackWindow


def resampled(past: Past, samples: int, step_s: float) -> Grid:
    """Positions at the grid's nodes; see `edge.contracts.track_grid`."""
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


def encoded(past: Past, window: TrackWindow) -> F32:
    """(T, S, F) what the network sees."""
    grid = resampled(past, window.samples, window.step_s)
    velocity = velocities(past)
    scale, turned_to = _scale(past, grid), _heading(velocity * window.step_s, STILL * lengths(past))
    heading = np.where(turned_to.any(axis=1, keepdims=True), turned_to, (1.0, 0.0))
    motion, state = len(MOTION_COLUMNS), len(MOTION_COLUMNS) + len(STATE_COLUMNS)
    own = state + len(window.labels)
    x = np.empty((len(past), window.samples, columns(window)), np.float32)
    x[..., :motion] = _motion(grid, scale, heading, window.step_s)
    x[..., motion:state] = _state(past, scale, turned_to, window)[:, None]
    x[..., state:own] = (past.label[:, None] == np.arange(len(window.labels)))[:, None]
    x[..., own:] = neighbour_columns(grid, scale, heading, window.neighbours)
    return x


def _scale(past: Past, grid: Grid) -> F64:
    if boxed(past).all():
        return lengths(past)
    moved = grid.position[:, 1:] - grid.position[:, :-1]
    step = np.hypot(moved[..., 0], moved[..., 1])
    both = grid.present[:, 1:] & grid.present[:, :-1]
    mean = np.where(both, step, 0.0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    return np.where(boxed(past), lengths(past), np.maximum(mean, LEAST_STEP))


def _heading(step: F64, still: F64) -> F64:
    """(T, 2) cosine and sine of each step's direction, zeros for who is still."""
    length = np.hypot(step[:, 0], step[:, 1])
    return np.where((length > still)[:, None], step / np.maximum(length, 1e-12)[:, None], 0.0)


def _motion(grid: Grid, scale: F64, heading: F64, step_s: float) -> F64:
    """(T, S, 6) as MOTION_COLUMNS names them, zeros where absent."""
    here = _turned(grid.position - grid.position[:, -1:], heading) / scale[:, None, None]
    present = grid.present[..., None]
    motion = np.zeros((*grid.present.shape, len(MOTION_COLUMNS)))
    motion[:, 1:, 0:2] = (here[:, 1:] - here[:, :-1]) * (present[:, 1:] & present[:, :-1])
    motion[..., 2:4] = here * present / POSITION_UNIT
    motion[..., 4] = grid.present
    motion[..., 5] = np.minimum(grid.elapsed_s / (step_s * TIME_UNIT), 1.0)
    return motion.clip(-LIMIT, LIMIT)


def _state(past: Past, scale: F64, turned_to: F64, window: TrackWindow) -> F64:
    """(T, 5) as STATE_COLUMNS names them."""
    size = np.where(boxed(past)[:, None], past.size, 1.0)
    aspect = np.log(size[:, 0] / size[:, 1]).clip(-LIMIT, LIMIT)
    lost_s = np.asarray(past.lost_s, np.float64)
    lost = np.where(np.isnan(lost_s), 1.0, lost_s / (window.step_s * TIME_UNIT)).clip(0.0, 1.0)
    log_scale = np.log(np.maximum(scale, 1e-6)).clip(-LIMIT, LIMIT)
    return np.concatenate([log_scale[:, None], turned_to, aspect[:, None], lost[:, None]], axis=1)


def _turned(vector: F64, heading: F64) -> F64:
    """(T, any, 2) as seen along each track's heading."""
    cos, sin = heading[:, None, 0], heading[:, None, 1]
    x, y = vector[..., 0], vector[..., 1]
    turned = np.empty_like(vector)
    turned[..., 0], turned[..., 1] = cos * x + sin * y, cos * y - sin * x
    return turned


def told(plain: Forecasts, mixture: Mixture, sigma: F64, aspect: float, most_sigma: float) -> Forecasts:
    """Forecasts of tracks all of which go the ways of a mixture, frame heights; how boxes grow is the baseline's.

    `sigma` (T, K) is what was told of all ways together.
    """
    axes, fractions = np.array([aspect, 1.0], np.float32), np.sqrt(0.5 + 0.5 / aspect**2)
    centre = (mixture.point() / axes).astype(np.float32)
    half = boxes.size(plain.box) * np.float32(0.5)
    return Forecasts(
        plain.id,
        plain.horizon_s,
        np.concatenate([centre - half, centre + half], axis=-1),
        np.minimum(sigma * fractions, most_sigma).astype(np.float32),
        mixture.weight.astype(np.float32),
        (mixture.mean / axes).astype(np.float32),
        np.minimum(mixture.sigma * fractions, most_sigma).astype(np.float32),
    )


def moved_on(mixture: Mixture, then: Tracks, now: Tracks, horizons_s: F64, aspect: float) -> Mixture:
    """A mixture, frame heights, of tracks as they were, moved along and turned as the same tracks are."""
    axes = np.array([aspect, 1.0])
    before, after = (boxes.centre(tracks.velocity) * axes for tracks in (then, now))
    lines = [
        (boxes.centre(tracks.box) * axes)[:, None]
        + (boxes.centre(tracks.velocity) * axes)[:, None] * horizons_s[:, None]
        for tracks in (then, now)
    ]
    angle = np.arctan2(after[:, 1], after[:, 0]) - np.arctan2(before[:, 1], before[:, 0])
    still = 0.1 * boxes.size(now.box)[:, 1]
    moves = (np.hypot(*before.T) > still) & (np.hypot(*after.T) > still)
    cos, sin = (np.where(moves, part, one)[:, None, None] for part, one in ((np.cos(angle), 1), (np.sin(angle), 0)))
    x, y = np.moveaxis(mixture.mean - lines[0][:, None], -1, 0)
    mean = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1) + lines[1][:, None]
    return replace(mixture, mean=mean)
