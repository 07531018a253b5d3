"""Choosing where to look closer: windows of the model's own shape that cover the active regions.

A window of the finest scale shows camera pixels one to one; each coarser scale is twice as wide. A region is looked
at with the finest window that holds it, and windows are chosen greedily, the one that covers most regions first.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32, Mask

MOST = 32  # regions that are planned for, the first; the cost grows with their square
NOTHING: F32 = np.zeros((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class CropPlan:
    """What the planning needs to know, sizes in pixels as (width, height)."""

    frame: tuple[int, int]
    model: tuple[int, int]
    margin: float  # room around a region, in sizes of the region
    zoom: float  # model pixels per camera pixel at the finest scale
    min_gain: float  # least magnification over the whole frame


def plan_crops(look: F32, plan: CropPlan) -> F32:
    """Windows (C, 4) that together hold every region (R, 4) that a closer look can help, finest windows first.

    Both in frame fractions. Regions that fill so much of the frame that a window gains nothing are left out.
    """
    regions = _padded(look[:MOST], plan)
    chosen = [NOTHING]
    for window in _scales(plan):
        fit: Mask = np.all(regions[:, 2:] - regions[:, :2] <= window + 1e-6, axis=1)
        chosen.append(cover(regions[fit], window))
        regions = regions[~fit]
    return np.concatenate(chosen)


def turn_of(windows: F32, budget: int, turn: int) -> F32:
    """The windows (at most `budget`, 4) whose turn it is, so that none waits for ever when there are too many."""
    if len(windows) <= budget:
        return windows
    return windows[(turn * budget + np.arange(budget)) % len(windows)]


def cover(regions: F32, window: F32) -> F32:
    """Windows (C, 4) of one size (2,) inside the frame that together hold all regions (R, 4), each of which fits."""
    candidates = _candidates(regions, window)
    begins: Mask = np.all(candidates[:, None, :2] <= regions[None, :, :2] + 1e-6, axis=2)
    ends: Mask = np.all(candidates[:, None, 2:] >= regions[None, :, 2:] - 1e-6, axis=2)
    holds = begins & ends
    chosen = []
    while holds.any():
        best = int(holds.sum(axis=1).argmax())
        chosen.append(_around(regions[holds[best]], window))
        holds = holds & ~holds[best]
    return np.array(chosen, np.float32).reshape(-1, 4)


def _padded(look: F32, plan: CropPlan) -> F32:
    """Regions with their margin, cut at the frame's edges; empty and unreadable ones dropped."""
    good = np.isfinite(look).all(axis=1) & (look[:, 2:] > look[:, :2]).all(axis=1)
    look = look[good]
    room = (look[:, 2:] - look[:, :2]) * np.float32(plan.margin)
    padded = np.clip(np.concatenate([look[:, :2] - room, look[:, 2:] + room], axis=1), 0, 1)
    return padded[(padded[:, 2:] > padded[:, :2]).all(axis=1)]


def _scales(plan: CropPlan) -> list[F32]:
    """Window sizes (2,) in frame fractions, finest first, as long as they magnify enough."""
    frame_px = np.array(plan.frame, np.float32) * np.float32(plan.zoom)
    finest: F32 = np.array(plan.model, np.float32) / frame_px
    windows = []
    while np.sqrt(np.prod(finest)) * plan.min_gain <= 1 and finest.max() <= 1:
        windows.append(finest)
        finest = finest * np.float32(2)
    return windows


def _candidates(regions: F32, window: F32) -> F32:
    """Windows (4R, 4) inside the frame that have a region at one of their corners."""
    corners = [regions[:, [x, y]] - window * np.array([x == 2, y == 3], np.float32) for x in (0, 2) for y in (1, 3)]
    corner = np.clip(np.concatenate(corners), 0, 1 - window)
    return np.concatenate([corner, corner + window], axis=1)


def _around(held: F32, window: F32) -> F32:
    """The window (4,) inside the frame that has the regions (R, 4) that it holds in its middle."""
    middle = (held[:, :2].min(axis=0) + held[:, 2:].max(axis=0)) / 2
    corner = np.clip(middle - window / 2, 0, 1 - window)
    return np.concatenate([corner, corner + window])
