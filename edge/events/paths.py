"""Forecasts as paths of the points that stand for objects."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.contracts.boxes import centre
from edge.contracts.types import F32, I64, Forecasts
from edge.events.zones import anchor


@dataclass(frozen=True, eq=False, slots=True)
class Paths:
    """M forecast paths of K horizons for each of C objects, starting now."""

    point: F32  # (C, M, K + 1, 2) frame fractions, the first of each where the object is now
    sigma: F32  # (C, M, K + 1) frame fractions, the first of each 0
    weight: F32  # (C, M) how likely each path is, 0..1, 1 in all
    t_s: F32  # (K + 1,) seconds from now, the first 0

    def __getitem__(self, rows: I64) -> Self:
        """Of the chosen objects only; one may be chosen more than once."""
        return type(self)(self.point[rows], self.sigma[rows], self.weight[rows], self.t_s)


def single_paths(point: F32, sigma: F32, t_s: F32) -> Paths:
    """One path for each object: points (C, K + 1, 2), their sigma (C, K + 1), their times (K + 1,)."""
    return Paths(point[:, None], sigma[:, None], np.ones((len(point), 1), np.float32), t_s)


def paths_of(point: F32, forecasts: Forecasts, which: str) -> Paths:
    """The ways that objects may go from where their points (T, 2) are now; `which` point of a box that is."""
    offset = anchor(forecasts.box, which) - centre(forecasts.box)
    t, m, k = forecasts.mode_sigma.shape
    way = np.empty((t, m, k + 1, 2), np.float32)
    way[:, :, 0] = point[:, None]
    way[:, :, 1:] = forecasts.mode_centre + offset[:, None]
    sigma = np.zeros((t, m, k + 1), np.float32)
    sigma[:, :, 1:] = forecasts.mode_sigma
    t_s = np.concatenate([[np.float32(0)], forecasts.horizon_s])
    return Paths(way, sigma, forecasts.mode_weight, t_s)
