"""Between tracked paths and the trajectory network's tensors: the same in training, in the gate and in service.

The network sees each track turned to its heading, from where it is now, in its own scale (the height of its box in
a picture, its mean step in metres), and answers how it departs from a straight line at constant velocity.
Letters in shapes: T tracks, S samples of the window, F columns, K horizons, M modes of the mixture.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.track_grid import Floats, Grid, Past, boxed, lengths, resampled, velocities
from edge.contracts.track_mixture import Mixture
from edge.contracts.track_neighbours import LIMIT, NEIGHBOUR_COLUMNS, neighbour_columns
from edge.contracts.types import F32, F64, Mask
from edge.contracts.windows import TrackWindow

MOTION_COLUMNS = ("step_x", "step_y", "x", "y", "present", "elapsed")
STATE_COLUMNS = ("log_scale", "heading_cos", "heading_sin", "aspect", "lost")  # the same in every sample
LEAST_STEP = 0.1  # metres: shorter mean steps count as this
STILL = 0.02  # lengths of the object: who moves less in a step has no heading
POSITION_UNIT = 4.0  # scales
TIME_UNIT = 4.0  # steps
LOG_SIGMA_LIMIT = 6.0


@dataclass(frozen=True, eq=False, slots=True)
class Encoded:
    """What goes into the network, and what its answer needs to become positions again."""

    x: F32  # (T, S, F)
    scale: F64  # (T,)
    origin: F64  # (T, 2) now; NaN where nothing is known of the track
    velocity: F64  # (T, 2) per second
    heading: F64  # (T, 2) cosine and sine of the direction that became the x axis, (1, 0) for who is still

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """The network's three outputs. Rows beyond the tracks are not looked at."""

    logit: Floats  # (B, M) of each mode
    mean: Floats  # (B, M, K, 2) departure from the straight line, in scales per step
    log_sigma: Floats  # (B, M, K) of the same


def columns(window: TrackWindow) -> int:
    """F of this window."""
    state = len(MOTION_COLUMNS) + len(STATE_COLUMNS) + len(window.labels)
    return state + len(NEIGHBOUR_COLUMNS) * window.neighbours


def input_shape(window: TrackWindow) -> tuple[int, int, int]:
    """(B, S, F) of the model's one input."""
    return window.tracks, window.samples, columns(window)


def encode(past: Past, window: TrackWindow) -> Encoded:
    """What the network sees of these tracks. They are each other's neighbours, however many there are."""
    grid = resampled(past, window.samples, window.step_s)
    velocity, length, has_box = velocities(past), lengths(past), boxed(past)
    scale = _scale(grid, length, has_box)
    turned_to = _heading(velocity * window.step_s, STILL * length)
    heading = np.where(turned_to.any(axis=1, keepdims=True), turned_to, (1.0, 0.0))
    motion, own = len(MOTION_COLUMNS), len(MOTION_COLUMNS) + len(STATE_COLUMNS) + len(window.labels)
    x = np.zeros((len(past), window.samples, columns(window)), np.float32)
    _put_motion(x[..., :motion], grid, scale, heading, window.step_s)
    x[..., motion:own] = _state(past, scale, turned_to, has_box, window)[:, None]
    if window.neighbours:
        x[..., own:] = neighbour_columns(grid, scale, heading, window.neighbours)
    known = np.isfinite(grid.elapsed_s[:, -1])
    origin = np.where(known[:, None], grid.position[:, -1], np.nan)
    return Encoded(x, scale, origin, velocity, heading)


def decode(answer: Answer, encoded: Encoded, window: TrackWindow) -> Mixture:
    """Where the tracks will be, in the unit of their past.

    Raises:
        ModelError: the model does not answer with numbers.
    """
    t = len(encoded)
    logit, mean, log_sigma = (
        np.asarray(part[:t], np.float64) for part in (answer.logit, answer.mean, answer.log_sigma)
    )
    if not np.isfinite(np.concatenate([logit.ravel(), mean.ravel(), log_sigma.ravel()])).all():
        raise ModelError("the trajectory model answers with what are no finite numbers; export it again, as float32")
    horizon_s = np.array(window.horizons_s, np.float64)
    unit = units(encoded, window)
    odds = np.exp(logit - logit.max(axis=1, keepdims=True))
    turn = (encoded.heading[:, 0] + 1j * encoded.heading[:, 1])[:, None] * unit
    departure = ((mean[..., 0] + 1j * mean[..., 1]) * turn[:, None]).view(np.float64).reshape(mean.shape)
    line = encoded.origin[:, None] + encoded.velocity[:, None] * horizon_s[:, None]
    sigma = np.exp(np.minimum(np.maximum(log_sigma, -LOG_SIGMA_LIMIT), LOG_SIGMA_LIMIT)) * unit[:, None]
    return Mixture(odds / odds.sum(axis=1, keepdims=True), line[:, None] + departure, sigma)


def departure(future: F64, encoded: Encoded, window: TrackWindow) -> F64:
    """What the network should answer, (T, K, 2), for tracks that came to `future` (T, K, 2): `decode` undone."""
    horizon_s = np.array(window.horizons_s, np.float64)
    line = encoded.origin[:, None] + encoded.velocity[:, None] * horizon_s[:, None]
    return _turned(future - line, encoded.heading) / units(encoded, window)[..., None]


def units(encoded: Encoded, window: TrackWindow) -> F64:
    """(T, K) what one of the network's numbers is worth at each horizon, in the unit of the past."""
    return encoded.scale[:, None] * np.array(window.horizons_s, np.float64) / window.step_s


def _scale(grid: Grid, length: F64, has_box: Mask) -> F64:
    """(T,) the length of who has a box, the mean step of who has none."""
    if has_box.all():
        return length
    moved = grid.position[:, 1:] - grid.position[:, :-1]
    step = np.hypot(moved[..., 0], moved[..., 1])
    both = grid.present[:, 1:] & grid.present[:, :-1]
    mean = np.where(both, step, 0.0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    return np.where(has_box, length, np.maximum(mean, LEAST_STEP))


def _heading(step: F64, still: F64) -> F64:
    """(T, 2) cosine and sine of each step's direction, zeros for who is still."""
    length = np.hypot(step[:, 0], step[:, 1])
    return np.where((length > still)[:, None], step / np.maximum(length, 1e-12)[:, None], 0.0)


def _put_motion(x: F32, grid: Grid, scale: F64, heading: F64, step_s: float) -> None:
    """Write (T, S, 6) as MOTION_COLUMNS names them, zeros where absent; `x` is zeros."""
    place = grid.position.view(np.complex128)[..., 0]
    turn = (heading[:, 0] - 1j * heading[:, 1]) / scale
    here = ((place - place[:, -1:]) * turn[:, None]).view(np.float64).reshape(grid.position.shape)
    present = grid.present
    if not present.all():
        here[~present] = 0.0
    both = present[:, 1:] & present[:, :-1]
    np.multiply(here[:, 1:] - here[:, :-1], both[..., None], out=x[:, 1:, 0:2], casting="same_kind")
    np.multiply(here, 1 / POSITION_UNIT, out=x[..., 2:4], casting="same_kind")
    x[..., 4] = present
    np.minimum(grid.elapsed_s / (step_s * TIME_UNIT), 1.0, out=x[..., 5], casting="same_kind")
    np.minimum(x[..., :4], np.float32(LIMIT), out=x[..., :4])
    np.maximum(x[..., :4], np.float32(-LIMIT), out=x[..., :4])


def _state(past: Past, scale: F64, turned_to: F64, has_box: Mask, window: TrackWindow) -> F64:
    """(T, 5 + labels) as STATE_COLUMNS names them, and ones for the labels."""
    state = np.empty((len(past), len(STATE_COLUMNS) + len(window.labels)))
    size = np.where(has_box[:, None], past.size, 1.0)
    state[:, 0], state[:, 3] = np.log(np.maximum(scale, 1e-6)), np.log(size[:, 0] / size[:, 1])
    np.minimum(np.maximum(state[:, 0:4:3], -LIMIT), LIMIT, out=state[:, 0:4:3])
    state[:, 1:3] = turned_to
    lost = np.asarray(past.lost_s, np.float64) * (1 / (window.step_s * TIME_UNIT))
    state[:, 4] = np.fmin(np.maximum(lost, 0.0), 1.0)  # who was never seen is lost for long
    state[:, 5:] = past.label[:, None] == np.arange(len(window.labels))
    return state


def _turned(vector: F64, heading: F64) -> F64:
    """(T, any, 2) as seen along each track's heading."""
    cos, sin = heading[:, None, 0], heading[:, None, 1]
    x, y = vector[..., 0], vector[..., 1]
    turned = np.empty_like(vector)
    turned[..., 0], turned[..., 1] = cos * x + sin * y, cos * y - sin * x
    return turned
