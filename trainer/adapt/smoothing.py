"""Boxes of one object, smoothed over time where it moves evenly: a detector's edges jitter, objects do not.

A straight line is fitted to each edge over a short while around each moment (Savitzky and Golay, Smoothing and
Differentiation of Data by Simplified Least Squares Procedures, Analytical Chemistry 36, 1964, for uneven times). Where
the boxes are farther from their lines than jitter explains, the object turned or stopped, and they stay as they are.
"""

import numpy as np

from edge.contracts.types import F32, F64

FEWEST = 4  # boxes under one line; two points are always on one
JITTER = 0.06  # of the box's size: farther off the line is motion


def smoothed(t_s: F64, box: F32, window_s: float) -> F32:
    """Boxes (K, 4) of the moments (K,) of one object.

    Args:
        t_s: rising.
        box: as they were seen.
        window_s: how far to both sides the line reaches; 0 = as they were.
    """
    out = box.copy()
    if window_s <= 0:
        return out
    first, last = np.searchsorted(t_s, t_s - window_s), np.searchsorted(t_s, t_s + window_s, side="right")
    for row, (begin, end) in enumerate(zip(first, last, strict=True)):
        if end - begin >= FEWEST:
            out[row] = _on_line(t_s[begin:end] - t_s[row], box[begin:end], box[row])
    return out


def _on_line(since_s: F64, box: F32, own: F32) -> F32:
    """Where the lines through boxes (n, 4) are at time 0; `own` (4,) where the boxes do not follow lines."""
    design = np.stack([np.ones_like(since_s), since_s], axis=1)
    fit, *_ = np.linalg.lstsq(design, box.astype(np.float64), rcond=None)
    size = np.tile(own[2:] - own[:2], 2)
    off = np.abs(design @ fit - box).max(axis=0)
    at = fit[0].astype(np.float32)
    return at if (off <= JITTER * size).all() and (at[2:] > at[:2]).all() else own
