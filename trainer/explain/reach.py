"""How much of the picture a unit sees: its effective receptive field (Luo et al., 2016), measured, not computed.

The gradient of the unit in the middle of a map with respect to the pixels says what it rests upon. What layers could
let through in theory is far more (often the whole picture), and says little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.types import F32, F64
from trainer.explain.flat import Flat
from trainer.explain.geometry import Place, places
from trainer.explain.levels import Level

SHARE = 0.7  # of the gradient that lies within the window


@dataclass(frozen=True, slots=True)
class Reach:
    """Unit (row i, column j) of a map sees the square of `side` around `origin + step * (j, i)`; input pixels."""

    step: float
    origin: tuple[float, float]  # x, y
    side: int

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """The middle of what a unit sees: x, y."""
        return self.origin[0] + self.step * column, self.origin[1] + self.step * row

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """The top left pixel of what a unit sees: x, y; may lie outside the picture."""
        x, y = self.centre(row, column)
        return round(x - self.side / 2), round(y - self.side / 2)


def reaches(flat: Flat, chosen: Sequence[Level], pictures: F32) -> tuple[Reach, ...]:
    """What the units of each level see, measured over some pictures (P, S, S, 3)."""
    model = flat.all_of([level.before for level in chosen])
    batch = tf.constant(pictures)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(batch)
        middles = [_middle(one) for one in model(batch)]
    return tuple(
        _reach(places(flat, level.before), level.side, _mass(tape.gradient(middle, batch)))
        for level, middle in zip(chosen, middles, strict=True)
    )


def _middle(maps: Any) -> Any:
    """The power of the units in the middle: signs must not cancel."""
    middle = maps.shape[1] // 2
    return tf.reduce_sum(maps[:, middle, middle] ** 2)


def _mass(gradient: Any) -> F64:
    """(S, S) how much the units rest upon each pixel; every picture counts the same."""
    mass = np.abs(np.asarray(gradient, np.float64)).sum(axis=-1)
    return (mass / np.maximum(mass.sum(axis=(1, 2), keepdims=True), 1e-30)).mean(axis=0)


def _reach(place: tuple[Place, Place], side: int, mass: F64) -> Reach:
    x, y = place
    middle, pixels = side // 2, np.arange(len(mass)) + 0.5
    across, down = pixels - x.first - x.step * middle, pixels - y.first - y.step * middle
    far = np.maximum(np.abs(across)[None, :], np.abs(down)[:, None]).ravel()
    order = np.argsort(far)
    gathered = np.cumsum(mass.ravel()[order])
    within = int(np.argmax(gathered >= SHARE * gathered[-1])) if gathered[-1] > 0 else 0
    seen = round(2 * float(far[order][within]) + 1)
    return Reach(x.step, (x.first, y.first), min(max(seen, round(x.step)), len(mass)))
