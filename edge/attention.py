"""When the detector must look again, because the forecasts can no longer be trusted.

At every look the forecasts are held against what is seen. How far they were off says how soon the next look is due,
as the step of a numerical integrator follows from the error of its last one (Hairer, Norsett, Wanner, Solving Ordinary
Differential Equations I, II.4). Between looks a wrong velocity errs in proportion to time. So a street of steady
walkers is looked at seldom, a turning crowd or a shaking camera often.
"""

import numpy as np
from pydantic import BaseModel, Field

from edge.contracts import boxes
from edge.contracts.types import F32, Tracks

JITTER = 0.02  # of overlap that detectors lose from frame to frame by themselves
BOLDEST = 1.6  # factor by which a gap may exceed the one before; above 1.5, else one frame never becomes two


class LookSettings(BaseModel, extra="forbid", frozen=True):
    """When the detector looks at a frame."""

    every_frame: bool = Field(False, description="Look at every frame, whether anything moves or not")
    settle_s: float = Field(
        1.0, ge=0, le=60, description="Seconds to go on looking after the last motion, so that speeds come to rest"
    )
    economical: bool = Field(
        False, description="Skip frames in which the forecasts are certain enough to stand in for a look"
    )


class AttentionSettings(BaseModel, extra="forbid", frozen=True):
    """How much the forecasts may go wrong before they are checked."""

    tolerance: float = Field(0.105, description="overlap that forecasts may lose between looks (1 = all)", gt=0, lt=1)
    longest_s: float = Field(0.2, description="seconds after which a look is due in any case", gt=0, le=60)


class Attention:
    """Decides for the frames of one camera, one after the other, whether the detector looks at them.

    For each frame `due` is asked; where it says yes, `looked` is told what was forecast for that frame and what is
    seen on it. The forecast must be made before the tracker takes in what is seen.
    """

    def __init__(self, settings: AttentionSettings) -> None:
        self._settings = settings
        self._looked_s = -np.inf
        self._frame_s = -np.inf
        self._gap_s = 0.0

    def due(self, t_s: float) -> bool:
        """Whether to look at the frame of `t_s`: it is the one nearest to when the next look is due."""
        spacing_s = t_s - self._frame_s if np.isfinite(self._frame_s) else 0.0
        self._frame_s = t_s
        return bool(t_s + spacing_s / 2 - self._looked_s >= self._gap_s)

    def looked(self, forecast: Tracks, seen: Tracks, t_s: float) -> None:
        """Learn from a look: `forecast` is what the tracks were expected to be at `t_s` and `seen` what they are."""
        since_s = t_s - self._looked_s
        self._looked_s = t_s
        if np.isfinite(since_s):
            self._gap_s = next_gap_s(since_s, forecast_error(forecast, seen), self._settings)


def next_gap_s(gap_s: float, error: float, settings: AttentionSettings) -> float:
    """Seconds to the next look, after a gap at whose end the forecasts were off by `error`."""
    factor = settings.tolerance / max(error - JITTER, 1e-9)
    return min(gap_s * min(factor, BOLDEST), settings.longest_s)


def forecast_error(forecast: Tracks, seen: Tracks) -> float:
    """Mean share of overlap (1 - IoU, 0..1) by which forecasts missed the objects that were seen before and are now.

    0 where nothing is there, 1 where all that is there is new.
    """
    before, now = forecast[forecast.lost_s == 0], seen[seen.lost_s == 0]
    if not len(now):
        return 0.0
    _, row, column = np.intersect1d(before.id, now.id, assume_unique=True, return_indices=True)
    return float(1 - _overlap(before.box[row], now.box[column]).mean()) if len(row) else 1.0


def _overlap(a: F32, b: F32) -> F32:
    """IoU (n,) of the boxes (n, 4) of each row."""
    both = np.concatenate([np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])], axis=1)
    shared = boxes.area(both)
    return shared / np.maximum(boxes.area(a) + boxes.area(b) - shared, np.float32(1e-12))
