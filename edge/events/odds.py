"""How likely a forecast path is to enter a zone or cross a line, and when.

The forecast is a path that is straight from horizon to horizon, and a sigma at each. Its error is taken to grow along
one direction (a wrong velocity stays wrong), so that one draw `z` of a standard normal in the plane gives a whole
possible path, `mean(t) + sigma(t) z`, that starts where the object is now. The draws are a fixed set of equal weight;
those whose path meets an edge are the odds, and the times at which they first do, the spread of the time to go.
Equal weights and whole paths make it monotone: a zone that contains another is never less likely to be entered.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32, F64
from edge.events.polygon import Edge

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


def normal_draws(pairs: int) -> F64:
    """Points (2 · pairs, 2) that are spread like a standard normal: a sunflower and its mirror image.

    Radii are the quantiles of the Rayleigh distribution, angles multiples of the golden angle (Vogel, 1979).
    """
    rank = (np.arange(pairs) + 0.5) / pairs
    radius, angle = np.sqrt(-2 * np.log(1 - rank)), np.arange(pairs) * GOLDEN_ANGLE
    half = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([half, -half])


@dataclass(frozen=True, eq=False, slots=True)
class Paths:
    """C forecast paths of K horizons, starting now."""

    point: F32  # (C, K + 1, 2) frame fractions, the first of each where the object is now
    sigma: F32  # (C, K + 1) frame fractions, the first of each 0
    t_s: F32  # (K + 1,) seconds from now, the first 0


DRAWS = normal_draws(24)


def entry_times(paths: Paths, edges: tuple[Edge, ...], side: int) -> F64:
    """Seconds (C, G) until each of the G possible paths of each object first meets an edge, infinite if none does.

    Args:
        paths: of C objects.
        edges: of one zone or line.
        side: 0 for any way through an edge, +1 only from its left to its right, -1 only from right to left.
    """
    way = paths.point[:, None] + paths.sigma[:, None, :, None] * DRAWS[:, None]  # (C, G, K + 1, 2)
    flat = np.array(edges, np.float64).reshape(-1, 4)
    ax, ay, ex, ey = flat[:, 0], flat[:, 1], flat[:, 2] - flat[:, 0], flat[:, 3] - flat[:, 1]
    px, py = way[:, :, :-1, 0, None], way[:, :, :-1, 1, None]  # (C, G, K, 1) against edges (E,)
    rx, ry = way[:, :, 1:, 0, None] - px, way[:, :, 1:, 1, None] - py
    turn = ex * ry - ey * rx  # above 0 where the step leads to the right of the edge
    safe = np.where(turn == 0, 1.0, turn)
    along_step = ((px - ax) * ey - (py - ay) * ex) / safe
    along_edge = ((px - ax) * ry - (py - ay) * rx) / safe
    hit = (along_step >= 0) & (along_step <= 1) & (along_edge >= 0) & (along_edge <= 1)
    hit &= turn * side > 0 if side else turn != 0
    start, length = paths.t_s[:-1, None], np.diff(paths.t_s)[:, None]
    return np.where(hit, start + along_step * length, np.inf).min(axis=(2, 3))


def odds(times: F64, tolerance_s: float) -> tuple[float, float]:
    """Probability and seconds to go of one object, from its possible entry times (G,).

    The seconds to go are the median of the paths that enter; those that do so later than the tolerance do not count.
    """
    met = np.sort(times[np.isfinite(times)])
    if not len(met):
        return 0.0, float("inf")
    eta_s = float(met[(len(met) - 1) // 2])
    return float((met <= eta_s + tolerance_s).sum()) / len(times), eta_s
