"""The camera's own motion, from nothing but boxes: what nearly all of them do together, the camera did."""

import numpy as np

from edge.contracts.types import F64

FEWEST = 4  # pairs that must agree; fewer could be people who walk together
LEAST = 0.02  # box heights; a smaller shift is the detector's jitter


def common_shift(forecast: F64, seen: F64, alike: F64, least: float) -> F64:
    """How far (2,) the picture moved more than forecast: the median over pairs that choose each other.

    A median stands up to a minority of wrong pairs and of people who turn. Boxes of everyone move along with it, those
    out of sight too, which is what keeps their forecasts near them when the camera pans.

    Args:
        forecast: (T, 2, 2) centre and size.
        seen: (N, 2, 2).
        alike: (T, N) similarity, higher is better.
        least: pairs below this are no pairs.
    """
    none = np.zeros(2)
    if min(alike.shape) < FEWEST:
        return none
    best = alike.argmax(axis=1)
    row = np.flatnonzero((alike.argmax(axis=0)[best] == np.arange(len(best))) & (alike.max(axis=1) > least))
    if len(row) < FEWEST:
        return none
    shift = np.median(seen[best[row], 0] - forecast[row, 0], axis=0)
    still = np.abs(shift).max() < LEAST * np.median(forecast[row, 1, 1])
    return none if still else shift
