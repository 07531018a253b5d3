"""What trajectory forecasts are worth: distances and honesty of sigma, beside the straight line of a Kalman filter.

Letters: n windows, K horizons. Lengths are box heights in pictures and metres on the ground.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.contracts.track_mixture import Mixture
from edge.contracts.track_windows import Answer
from edge.contracts.types import F64, Mask
from trainer.forecaster.samples import Samples


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """How far off, and how far off a straight line."""

    off: F64  # (n, K) NaN where it is not known what happened
    line: F64  # (n, K) of constant velocity, as the tracker has it
    within: F64  # (n, K) share of the two axes along which it lay within the told sigma, NaN likewise

    def at(self, rows: Mask) -> "Measured":
        """Of some windows."""
        return Measured(self.off[rows], self.line[rows], self.within[rows])

    @property
    def ade(self) -> float:
        """Mean over all windows and horizons."""
        return mean(self.off)

    @property
    def fde(self) -> float:
        """Mean at the last horizon."""
        return mean(self.off[:, -1])

    @property
    def gains(self) -> F64:
        """(K,) share by which the mean distance is below that of the straight line, NaN where nothing is known."""
        return np.array(
            [1 - mean(off) / max(mean(line), 1e-9) for off, line in zip(self.off.T, self.line.T, strict=True)]
        )

    @property
    def coverage(self) -> float:
        """Share of what happened, along an axis, that lies within the told sigma; `WITHIN` where that is right."""
        return mean(self.within)

    def figures(self) -> Mapping[str, float]:
        """For a manifest."""
        told = {
            "ade": self.ade,
            "fde": self.fde,
            "ade_line": mean(self.line),
            "fde_line": mean(self.line[:, -1]),
            "coverage": self.coverage,
            "windows": float(len(self.off)),
        }
        return {name: value for name, value in told.items() if np.isfinite(value)}


def measure(answer: Answer, truth: Samples) -> Measured:
    """Compare forecasts with what happened."""
    mixture = mixture_of(answer)
    known = truth.unit > 0
    apart = mixture.point() - truth.departure
    within = (np.abs(apart) <= mixture.told_sigma()[..., None]).mean(axis=-1)
    off, line = (np.hypot(one[..., 0], one[..., 1]) * truth.unit for one in (apart, truth.departure))
    return Measured(*(np.where(known, one, np.nan).astype(np.float64) for one in (off, line, within)))


def mixture_of(answer: Answer) -> Mixture:
    """In the network's own units: departures from the straight line."""
    logit, average, log_sigma = (np.asarray(part, np.float64) for part in (answer.logit, answer.mean, answer.log_sigma))
    odds = np.exp(logit - logit.max(axis=1, keepdims=True))
    return Mixture(odds / odds.sum(axis=1, keepdims=True), average, np.exp(log_sigma))


def mean(values: F64) -> float:
    """Of those that are known; NaN of none."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
