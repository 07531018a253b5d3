"""A running picture of a scene, and how restless each of its pixels is.

A pixel counts as changed where it differs from the running average by more than the contrast asked for, plus so many
times its usual restlessness (the running mean of the difference, outliers cut off so that passing objects do not
raise it), plus a part of the local edge strength, so that a camera that shakes a little does not set off every edge.
A common factor between picture and average (slow light drift, auto exposure) is taken out first.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from edge.contracts.types import F32, U8

RESTLESS_S = 15.0  # memory of the restlessness
REFRESH_S = 1.0  # the thresholds are computed anew no more often
CUT_OFF = 3.0  # one difference counts for no more than so many times the restlessness
MOST_RESTLESS = 8.0
EDGE_SHARE = 0.12
SPARSE = slice(None, None, 8)  # every 8th pixel of every 8th row is enough to see the common factor
_NEIGHBOURS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What a `Background` holds to be no change."""

    memory_s: float
    contrast: float  # of 255
    noise_factor: float


class Background:
    """Running average and thresholds of one camera's small picture, (h, w) or (h, w, 3), each channel by itself."""

    def __init__(self, grey: U8, t_s: float, tolerance: Tolerance) -> None:
        self._tolerance = tolerance
        self._mean: F32 = grey.astype(np.float32)
        self._restless: F32 = np.full(grey.shape, 1.0, np.float32)
        self._t_s = t_s
        self._refreshed_s = t_s
        self._refreshes = 0
        self._difference: U8 = np.zeros_like(grey)
        self._expected: U8 = grey
        self._threshold: U8 = np.full(grey.shape, 255, np.uint8)

    @property
    def expected(self) -> U8:
        """What the newest picture would have been without objects, (h, w)."""
        return self._expected

    @property
    def ready(self) -> bool:
        """Whether the restlessness has been measured at least three times."""
        return self._refreshes >= 3

    def changed(self, grey: U8) -> U8:
        """255 where `grey` (h, w) differs from the scene, 0 elsewhere."""
        self._expected = cv2.convertScaleAbs(self._mean, alpha=_common_factor(grey, self._mean))
        self._difference = cv2.absdiff(grey, self._expected)
        return cv2.compare(self._difference, self._threshold, cv2.CMP_GT)

    def learn(self, grey: U8, t_s: float, where: U8 | None) -> None:
        """Let the average follow `grey`, after `changed(grey)`.

        Args:
            grey: (h, w).
            t_s: when it was taken.
            where: (h, w) not 0 where the picture is to be learnt; None = everywhere.
        """
        elapsed_s = max(t_s - self._t_s, 0.0)
        self._t_s = t_s
        cv2.accumulateWeighted(grey, self._mean, _weight(elapsed_s, self._tolerance.memory_s), where)
        if t_s - self._refreshed_s >= REFRESH_S or not self.ready:
            self._refresh(t_s, where)

    def absorb(self, grey: U8, where: U8) -> None:
        """Make `grey` the scene at once where `where` (h, w) is not 0."""
        self._mean[where > 0] = grey[where > 0]

    def _refresh(self, t_s: float, where: U8 | None) -> None:
        """Bring restlessness and thresholds up to date."""
        if self._refreshes == 0:
            self._restless[:] = max(_typical(self._difference), 0.3)
        limit = cv2.convertScaleAbs(self._restless, alpha=CUT_OFF, beta=1)
        share = max(_weight(t_s - self._refreshed_s, RESTLESS_S), 1 / (self._refreshes + 2))
        cv2.accumulateWeighted(cv2.min(self._difference, limit), self._restless, share, where)
        np.minimum(self._restless, np.float32(MOST_RESTLESS), out=self._restless)
        noise = cv2.dilate(cv2.blur(self._restless, (5, 5)), _NEIGHBOURS)
        edges = cv2.morphologyEx(self._expected, cv2.MORPH_GRADIENT, _NEIGHBOURS)
        quiet = cv2.convertScaleAbs(noise, alpha=self._tolerance.noise_factor, beta=self._tolerance.contrast * 0.5)
        quiet = np.maximum(quiet, np.uint8(round(self._tolerance.contrast)))
        self._threshold = cv2.add(quiet, cv2.convertScaleAbs(edges, alpha=EDGE_SHARE))
        self._refreshes += 1
        self._refreshed_s = t_s


def _weight(elapsed_s: float, memory_s: float) -> float:
    """How much of the new goes into a running average with this memory after so long."""
    return 1.0 - math.exp(-elapsed_s / memory_s)


def _typical(difference: U8) -> float:
    """Mean difference of a quiet pixel: noise is Gaussian, so its mean is 1.18 times its median (which is robust).

    The median of whole numbers is too coarse; the mean below twice the 60 % quantile comes to the same.
    """
    sample = difference[SPARSE, SPARSE].ravel()
    quiet = sample[sample <= 2 * np.quantile(sample, 0.6) + 1]
    return float(quiet.mean())


def _common_factor(grey: U8, mean: F32) -> float:
    """Median of picture / average, within 0.5..2: one number for the light of the whole scene."""
    now, usual = grey[SPARSE, SPARSE].ravel(), mean[SPARSE, SPARSE].ravel()
    ratio = (now + np.float32(1)) / (usual + np.float32(1))
    middle = len(ratio) // 2
    return min(max(float(np.partition(ratio, middle)[middle]), 0.5), 2.0)
