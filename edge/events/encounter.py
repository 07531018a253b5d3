"""How near two objects come, and how likely it is that they come too near.

Distances are between the points that stand for the objects, in sizes of their boxes: across in mean widths, so that
boxes of the same depth touch at 1, and up in quarters of the mean height, for from the usual height of a camera the
ground looks so much shorter than it is.

The odds are those of `odds`: the relative path is straight from horizon to horizon, its error grows along one direction
(both errors are independent, so their variances add), a fixed set of draws gives whole possible paths, and the closest
approach of each has a closed form: the foot of the perpendicular on each straight piece.
"""

from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32
from edge.events.odds import normal_draws, weighted_median
from edge.events.paths import Paths

UP = np.float32(0.25)
DRAWS = normal_draws(32).astype(np.float32)


def units(size_a: F32, size_b: F32) -> F32:
    """What distances between two objects are measured in (…, 2), from the sizes of their boxes (…, 2)."""
    mean = (size_a + size_b) * np.float32(0.5)
    return np.maximum(mean * np.array([1, UP], np.float32), np.float32(1e-6))


@dataclass(frozen=True, eq=False, slots=True)
class Encounters:
    """Of C pairs."""

    probability: F32  # (C,) that they come nearer than the limit within the paths' time
    eta_s: F32  # (C,) seconds to the closest approach, infinite where they do not come so near on any path
    distance: F32  # (C,) in sizes, at the closest approach


def encounters(first: Paths, second: Paths, unit: F32, limit: float, within_s: float) -> Encounters:
    """How near C pairs come.

    Args:
        first: paths of one object of each pair.
        second: of the other.
        unit: (C, 2) see `units`.
        limit: in sizes.
        within_s: approaches later than this do not count.
    """
    nearest, when = _closest(*_relative(first, second, unit), first.t_s)
    weight = (first.weight[:, :, None] * second.weight[:, None]).reshape(len(unit), nearest.shape[1] // len(DRAWS))
    weight = np.repeat(weight, len(DRAWS), axis=1) / np.float32(len(DRAWS))
    hit = (nearest < limit) & (when <= within_s)
    weight = np.where(hit, weight, np.float32(0))
    probability = np.minimum(weight.sum(axis=1), np.float32(1))
    return Encounters(probability, weighted_median(when, weight), weighted_median(nearest, weight))


def _relative(first: Paths, second: Paths, unit: F32) -> tuple[F32, F32]:
    """Possible relative positions at the nodes of the paths, in sizes: x and y, each (C, M · M · G, K + 1)."""
    c, m, nodes = first.sigma.shape
    way = second.point[:, None] - first.point[:, :, None]  # (C, M, M, K + 1, 2)
    sigma = np.sqrt(second.sigma[:, None] ** 2 + first.sigma[:, :, None] ** 2)
    mean = way.reshape(c, m * m, 1, nodes, 2) / unit[:, None, None, None]
    spread = sigma.reshape(c, m * m, 1, nodes, 1) / unit[:, None, None, None]
    x, y = ((mean[..., i] + spread[..., i] * DRAWS[:, i, None]).reshape(c, m * m * len(DRAWS), nodes) for i in range(2))
    return x, y


def _closest(x: F32, y: F32, t_s: F32) -> tuple[F32, F32]:
    """Least distance from the origin of paths (…, K + 1), and when that is, both (…)."""
    ax, ay, dx, dy = x[..., :-1], y[..., :-1], np.diff(x), np.diff(y)
    along = -(ax * dx + ay * dy) / np.maximum(dx * dx + dy * dy, np.float32(1e-12))
    along = np.minimum(np.maximum(along, np.float32(0)), np.float32(1))
    square = (ax + along * dx) ** 2 + (ay + along * dy) ** 2
    piece = square.argmin(axis=-1)[..., None]
    when = t_s[piece] + np.take_along_axis(along, piece, axis=-1) * np.diff(t_s)[piece]
    return np.sqrt(np.take_along_axis(square, piece, axis=-1))[..., 0], when[..., 0]
