"""Where in a set of pictures the channels of a level respond most, and which channels matter for the verdict."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.types import F32, I64, Mask
from trainer.explain.flat import Flat
from trainer.explain.levels import Level
from trainer.explain.pictures import View
from trainer.explain.reach import Reach

BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """The strongest response of every channel in every picture; -inf where no place counts."""

    value: F32  # (P, C)
    row: I64  # (P, C)
    column: I64  # (P, C)

    def best(self, channel: int, most: int) -> I64:
        """The pictures in which a channel responds most, strongest first."""
        order = np.argsort(-self.value[:, channel], kind="stable")
        return order[np.isfinite(self.value[order, channel])][:most]


def peaks(flat: Flat, chosen: Sequence[tuple[Level, Reach]], views: Sequence[View]) -> tuple[Peaks, ...]:
    """The strongest response of each level's channels in each picture.

    Places count whose window lies in the picture: the grey around it is no pattern of anybody. Where there are none,
    those that are centred in it.
    """
    model = flat.all_of([level.before for level, _ in chosen])
    rows: list[list[tuple[F32, I64]]] = [[] for _ in chosen]
    for start in range(0, len(views), BATCH):
        batch = views[start : start + BATCH]
        maps = model(np.stack([view.tensor for view in batch]))
        for found, (level, reach), one in zip(rows, chosen, maps, strict=True):
            found.extend(_strongest(np.asarray(one), level, reach, batch))
    return tuple(_gathered(found, level.side) for found, (level, _) in zip(rows, chosen, strict=True))


def weights(
    flat: Flat, chosen: Sequence[Level], views: Sequence[View], logits: Any, verdict: Callable[[Any], Any]
) -> list[F32]:
    """How much each channel (C,) moves the verdict: |gradient x activation|, summed over places (Molchanov, 2017).

    Args:
        flat: the network.
        chosen: its levels.
        views: pictures to average over.
        logits: the tensor that the verdict is read from.
        verdict: of the logits, one number per picture (B,).
    """
    model = flat.to([[level.after for level in chosen], logits])
    with tf.GradientTape() as tape:
        maps, numbers = model(np.stack([view.tensor for view in views]), training=False)
        total = tf.reduce_sum(verdict(numbers))
    gradients = tape.gradient(total, maps)
    return [_moved(gradient, one) for gradient, one in zip(gradients, maps, strict=True)]


def _moved(gradient: Any, maps: Any) -> F32:
    if gradient is None:
        return np.zeros(maps.shape[-1], np.float32)
    return np.asarray(tf.reduce_mean(tf.abs(tf.reduce_sum(gradient * maps, axis=(1, 2))), axis=0))


def _strongest(maps: F32, level: Level, reach: Reach, batch: Sequence[View]) -> Iterator[tuple[F32, I64]]:
    """Per picture: the largest value of each channel (C,), and its place in the flattened map (C,)."""
    for one, view in zip(maps, batch, strict=True):
        flat = np.where(allowed(level, reach, view).reshape(-1, 1), one.reshape(-1, one.shape[-1]), -np.inf)
        place = flat.argmax(axis=0)
        yield np.take_along_axis(flat, place[None], axis=0)[0], place


def _gathered(found: list[tuple[F32, I64]], side: int) -> Peaks:
    place = np.stack([one for _, one in found])
    return Peaks(np.stack([value for value, _ in found]), place // side, place % side)


def allowed(level: Level, reach: Reach, view: View) -> Mask:
    """(h, w) units that look at the picture and not at the grey around it."""
    size = view.tensor.shape[0]
    units = np.arange(level.side)
    width, height = (fraction * size for fraction in view.filled)
    across, down = reach.origin[0] + reach.step * units, reach.origin[1] + reach.step * units
    for half in (reach.side / 2, 0.0):
        inside: Mask = _between(down, half, height)[:, None] & _between(across, half, width)[None, :]
        if inside.any():
            break
    return inside


def _between(centres: Any, half: float, end: float) -> Mask:
    return (centres - half >= -0.5) & (centres + half <= end + 0.5)
