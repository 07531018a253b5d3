"""How paths bend at each place of one camera's view, beside what the trajectory network foresees.

A network that sees each track turned to its heading from where it is cannot know that people turn into the doorway on
the left, nor that they walk more slowly uphill. A flow map can: it is a regression of where tracks were on where they
were foreseen, by place, motion and history, and shifts forecasts by what it says. It is a Gaussian process on a few
hundred anchors ("subset of regressors": Quiñonero-Candela and Rasmussen, "A unifying view of sparse approximate
Gaussian process regression", 2005), so far from everything that was seen it says nothing. Robots keep "maps of
dynamics" of where people walk (Kucner et al., "Enabling flow awareness for mobile robots in partially observable
environments", 2017).

Lengths are those of `Past`: heights of the frame, or metres. Letters: n tracks, S samples of the window, K horizons, C
anchors.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.flow_kernel import MOTION, Terms, kernel, terms
from edge.contracts.track_grid import C128
from edge.contracts.track_windows import MOTION_COLUMNS, POSITION_UNIT, Encoded
from edge.contracts.types import F32, F64, Mask
from edge.contracts.windows import TrackWindow

ANCHORS = 384  # at most
STILL = 0.15  # lengths per second: whoever moves slower has no motion to go by, and is not shifted
SMOOTHED_STEPS = 4  # of the grid, over which motion is measured
CURLED = 4.0  # mean steps; a longer step of a history counts as this
PLACE_COLUMNS = ("x", "y", "velocity_x", "velocity_y", "length", "scale", "heading_cos", "heading_sin")


@dataclass(frozen=True, eq=False, slots=True)
class FlowMap:
    """What was learnt at C anchors. No anchors: forecasts stay as they are."""

    anchor: F64  # (C, 5 + 2 S) motions, see `motions`
    pull: F64  # (C, K, 2) in the track's own direction and across, in the way of one second
    _terms: Terms = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_terms", terms(self.anchor))

    def __len__(self) -> int:
        return len(self.anchor)

    def shift(self, place: F32) -> F64:
        """(n, K, 2) by how much forecasts are to be shifted for tracks at these places, see `places`."""
        found = np.zeros((len(place), *self.pull.shape[1:]))
        rows = np.flatnonzero(moves(place))
        if len(self) and len(rows):
            some = place[rows]
            pulled = kernel(motions(some), self._terms) @ self.pull.reshape(len(self), -1)
            found[rows] = turned(pulled.reshape(len(rows), -1, 2), ways(some))
        return found

    def numbers(self) -> F32:
        """All of it as (numbers_of(window),), padded with anchors that pull nowhere."""
        c = len(self)
        table = np.zeros((ANCHORS, self.anchor.shape[1] + self.pull.shape[1] * 2), np.float32)
        table[:c] = np.concatenate([self.anchor, self.pull.reshape(c, 2 * self.pull.shape[1])], axis=1)
        return table.ravel()

    @classmethod
    def of(cls, numbers: F32, window: TrackWindow) -> Self:
        """`numbers` undone. Raises ModelError: they are no flow map for this window."""
        if numbers.shape != (numbers_of(window),) or not np.isfinite(numbers).all():
            raise ModelError(f"{numbers.shape} numbers are no flow map for this model; it is not used")
        table = numbers.reshape(ANCHORS, -1).astype(np.float64)
        table = table[table[:, MOTION - 1] > 0]  # whoever has no length is nobody
        columns = _columns(window)
        return cls(table[:, :columns], table[:, columns:].reshape(len(table), len(window.horizons_s), 2))


def numbers_of(window: TrackWindow) -> int:
    """How many numbers a flow map has."""
    return ANCHORS * (_columns(window) + 2 * len(window.horizons_s))


def place_columns(window: TrackWindow) -> int:
    """How many columns `places` gives."""
    return len(PLACE_COLUMNS) + 2 * window.samples


def places(encoded: Encoded, length: F64, window: TrackWindow) -> F32:
    """(n, 8 + 2 S) where tracks are, how they move (`PLACE_COLUMNS`), and the steps that led there, in own scale.

    Args:
        encoded: of the tracks.
        length: (n,) of each object: the height of its box, or 1 metre.
        window: of the network.
    """
    at_step, at_x, at_present = (MOTION_COLUMNS.index(name) for name in ("step_x", "x", "present"))
    own = encoded.x[..., at_x : at_x + 2].astype(np.float64) * POSITION_UNIT
    present = encoded.x[..., at_present] > 0
    back = np.full(len(encoded), 1)
    for steps in range(2, min(SMOOTHED_STEPS, window.samples - 1) + 1):
        back[present[:, -1 - steps]] = steps
    row = np.arange(len(encoded))
    gone = (own[row, -1] - own[row, -1 - back]) * (encoded.scale / (back * window.step_s))[:, None]
    gone[~present[row, -1 - back]] = 0.0
    velocity = turned(gone[:, None], encoded.heading[:, 0] + 1j * encoded.heading[:, 1])[:, 0]
    history = encoded.x[..., at_step : at_step + 2].reshape(len(encoded), 2 * window.samples)
    columns = (encoded.origin, velocity, length[:, None], encoded.scale[:, None], encoded.heading, history)
    return np.concatenate(columns, axis=1).astype(np.float32)


def moves(place: F32) -> Mask:
    """(n,) who moves enough to have a direction."""
    return np.asarray((place[:, 4] > 0) & (np.hypot(place[:, 2], place[:, 3]) > STILL * place[:, 4]))


def ways(place: F32) -> C128:
    """(n,) the way that each track goes in a second, at least at twice the speed of whoever stands."""
    velocity = place[:, 2].astype(np.float64) + 1j * place[:, 3]
    return velocity * np.maximum(1.0, 2 * STILL * place[:, 4] / np.maximum(np.abs(velocity), 1e-9))


def motions(place: F32) -> F64:
    """(n, 5 + 2 S) of places, as a flow map's anchors have them: histories in mean steps. All of them move."""
    wide = place.astype(np.float64)
    found = np.empty((len(place), MOTION + wide.shape[1] - len(PLACE_COLUMNS)))
    found[:, :2], found[:, 4] = wide[:, :2], wide[:, 4]
    found[:, 2] = np.arctan2(wide[:, 3], wide[:, 2])
    found[:, 3] = np.log(np.hypot(wide[:, 2], wide[:, 3]) / wide[:, 4])
    steps = wide[:, len(PLACE_COLUMNS) :]
    of_late = np.hypot(steps[:, -2 * SMOOTHED_STEPS :: 2], steps[:, 1 - 2 * SMOOTHED_STEPS :: 2])
    mean = of_late.sum(axis=1) / of_late.shape[1]
    history = steps / np.maximum(mean, 1e-6)[:, None]
    np.minimum(np.maximum(history, -CURLED, out=history), CURLED, out=found[:, MOTION:])
    return found


def turned(vector: F64, by: C128) -> F64:
    """(n, K, 2) vectors turned and stretched by (n,) complex numbers."""
    found = np.ascontiguousarray(vector).view(np.complex128)[..., 0] * by[:, None]
    return found.view(np.float64).reshape(*found.shape, 2)


def _columns(window: TrackWindow) -> int:
    return MOTION + 2 * window.samples
