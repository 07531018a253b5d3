"""How likely a forecast path is to enter a zone or cross a line, and when.

The forecast is a path that is straight from horizon to horizon, and a sigma at each. Its error is taken to grow along
one direction (a wrong velocity stays wrong), so that one draw `z` of a standard normal in the plane gives a whole
possible path, `mean(t) + sigma(t) z`, that starts where the object is now. The draws are a fixed set of equal weight;
those whose path meets an edge are the odds, and the times at which they first do, the spread of the time to go.
Equal weights and whole paths make it monotone: a zone that contains another is never less likely to be entered.
A forecast may have several modes ("left or right"), each a path of its own with a weight; each has its own draws, and
its weight is shared out among them: the probability of a mixture is the weighted sum of the probabilities.
"""

import numpy as np

from edge.contracts.types import F32, F64
from edge.events.paths import Paths

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


def normal_draws(pairs: int) -> F64:
    """Points (2 · pairs, 2) that are spread like a standard normal: a sunflower and its mirror image.

    Radii are the quantiles of the Rayleigh distribution, angles multiples of the golden angle (Vogel, 1979).
    """
    rank = (np.arange(pairs) + 0.5) / pairs
    radius, angle = np.sqrt(-2 * np.log(1 - rank)), np.arange(pairs) * GOLDEN_ANGLE
    half = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([half, -half])


HALF = np.float32(0.499999)  # so that rounding does not pass over the lower of two
DRAWS = normal_draws(16).astype(np.float32)


def draw_weights(paths: Paths) -> F32:
    """What share (C, M · G) of all that is possible each of the possible paths of `entry_times` stands for."""
    return np.repeat(paths.weight, len(DRAWS), axis=1) / np.float32(len(DRAWS))


def entry_times(paths: Paths, edges: F32, side: F32) -> F32:
    """Seconds (C, M · G) until each possible path of each object first meets an edge, infinite if it never does.

    Args:
        paths: of C objects.
        edges: (C, E, 4) x and y of both ends of what each is asked about; edges without length are never met.
        side: (C,) 0 for any way through an edge, +1 only from its left to its right, -1 only from right to left.
    """
    c, m = paths.weight.shape
    flat, spread = paths.point.reshape(c * m, *paths.point.shape[2:]), paths.sigma.reshape(c * m, paths.sigma.shape[2])
    edges, way = np.repeat(edges, m, axis=0), np.repeat(side, m)[:, None, None, None]
    x, y = (flat[:, None, :, i] + spread[:, None] * DRAWS[:, i, None] for i in range(2))  # (C M, G, K + 1)
    px, py = x[..., :-1, None], y[..., :-1, None]  # (C M, G, K, 1) against edges (C M, 1, 1, E)
    rx, ry = x[..., 1:, None] - px, y[..., 1:, None] - py
    ax, ay, bx, by = edges[:, None, None].transpose(4, 0, 1, 2, 3)
    ex, ey, qx, qy = bx - ax, by - ay, px - ax, py - ay
    turn = ex * ry - ey * rx  # above 0 where the step leads to the right of the edge
    hit = np.where(way == 0, turn != 0, turn * way > 0)
    turn += ~hit  # nothing divides by 0
    along_step = (qx * ey - qy * ex) / turn
    along_edge = (qx * ry - qy * rx) / turn
    hit &= (np.abs(along_step - np.float32(0.5)) <= 0.5) & (np.abs(along_edge - np.float32(0.5)) <= 0.5)
    start, length = paths.t_s[:-1, None], np.diff(paths.t_s)[:, None]
    first = np.where(hit, start + along_step * length, np.float32(np.inf)).min(axis=(2, 3), initial=np.inf)
    return first.reshape(c, m * len(DRAWS))


def odds(times: F32, weight: F32, tolerance_s: float) -> tuple[F32, F32]:
    """Probability (C,) and seconds to go (C,) of objects, from their possible entry times (C, M · G) and weights.

    The seconds to go are the median of the paths that enter, infinite where none does; those that do so later than
    the tolerance do not count.
    """
    entering = np.where(np.isfinite(times), weight, np.float32(0))
    eta_s = weighted_median(times, entering)
    entering[times > eta_s[:, None] + np.float32(tolerance_s)] = 0
    return np.minimum(entering.sum(axis=1), np.float32(1)), eta_s


def weighted_median(value: F32, weight: F32) -> F32:
    """The lower median of each row (C, N); infinite where a row has no weight."""
    order = np.argsort(value, axis=1)
    rising = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    half = (rising >= rising[:, -1:] * HALF) & (rising > 0)
    rows = np.arange(len(value))
    found: F32 = value[rows, order[rows, half.argmax(axis=1)]]
    return np.where(rising[:, -1] > 0, found, np.float32(np.inf))


def within(times: F32, weight: F32, limit_s: float) -> F32:
    """Probability (C,) that each object is there within so many seconds, from its entry times (C, M · G)."""
    return np.minimum((weight * (times <= limit_s)).sum(axis=1), np.float32(1))
