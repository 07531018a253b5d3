"""The camera's own motion, from nothing but boxes: what nearly all of them do together, the camera did.

Medians, since they stand up to a minority of wrong pairs and of people who turn. Estimated from boxes it costs no
look at the pixels, unlike the feature matching of BoT-SORT (Aharon et al., 2022), which this replaces.
"""

import numpy as np

from edge.contracts.types import F64

FEWEST = 3  # objects that must agree; fewer could be people who walk together
LEAST = 0.02  # box heights; a smaller shift is the detector's jitter


def common_shift(forecast: F64, seen: F64, worth: F64, least: float) -> F64:
    """How far (2,) the picture moved beyond the forecast: the median over pairs that choose each other.

    Args:
        forecast: (T, 2, 2) centre and size.
        seen: (N, 2, 2) centre and size.
        worth: (T, N) of each pair.
        least: pairs worth no more are none.
    """
    if min(worth.shape) < FEWEST:
        return np.zeros(2)
    best, rival = worth.argmax(axis=1), worth.argmax(axis=0)
    row = np.arange(len(best))
    row = row[(rival[best] == row) & (worth[row, best] > least)]
    if len(row) < FEWEST:
        return np.zeros(2)
    shift = _median(seen[best[row], 0] - forecast[row, 0])
    still = np.abs(shift).max() < LEAST * _median(forecast[row, 1, 1])
    return np.zeros(2) if still else shift


def common_velocity(velocity: F64) -> F64:
    """The velocity (2,) that most of some objects (T, 2) share, which one that is new to us will have, too."""
    return _median(velocity) if len(velocity) >= FEWEST else np.zeros(2)


def _median(values: F64) -> F64:
    """The median along the first axis; `np.median` takes ten times as long on so few."""
    n, ordered = len(values), np.sort(values, axis=0)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) * 0.5
