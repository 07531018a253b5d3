"""The picture that a channel likes best, found by climbing its gradient from noise (Erhan et al., 2009).

Shifting the picture at each step, and stepping as pictures vary - smooth more than rough, in the colours they have -
keeps the climb from ending in pixel noise that no camera ever shows (Mordvintsev et al., 2015; Olah et al., 2017).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.types import F32, F64, U8
from trainer.errors import TrainError
from trainer.explain.flat import Flat, flattened
from trainer.explain.levels import Level, level_named
from trainer.explain.pictures import as_pixels
from trainer.explain.reach import Reach

STEPS = 40
RATE, FADE = 0.06, 0.96  # how far a step moves a pixel (-1..1), and how much it keeps of what it was
JITTER = 0.25  # of a unit's step
LEAST_PX = 64


def dreams(network: Any, level: Level, reach: Reach, channels: Sequence[int], colours: F64) -> list[U8]:
    """The patches (side, side, 3) BGR that the units in the middle of a map respond to most, one for each channel.

    Args:
        network: the network.
        level: the map.
        reach: what its units see.
        channels: those to climb for.
        colours: (3, 3), `colours_of` some pictures.
    """
    size = min(int(network.input_shape[1]), max(LEAST_PX, -(-3 * reach.side // 64) * 32))  # with room around
    flat, here = _at_size(network, level.name, size)
    size, middle = int(flat.picture.shape[1]), here.side // 2
    uphill, random = _uphill(flat, here, channels), np.random.default_rng(1)
    picture = random.normal(0, 0.02, (len(channels), size, size, 3)).astype(np.float32)
    jitter = int(JITTER * reach.step)
    for _ in range(STEPS):
        shift = tuple(random.integers(-jitter, jitter + 1, 2).tolist())
        moved = np.roll(picture, shift, axis=(1, 2))
        step = _natural(np.asarray(uphill(tf.constant(moved))), colours, reach.side)
        picture = np.roll(moved * FADE + RATE * step, (-shift[0], -shift[1]), axis=(1, 2))
    x, y = (min(max(at, 0), max(size - reach.side, 0)) for at in reach.corner(middle, middle))
    return [as_pixels(one) for one in np.clip(picture[:, y : y + reach.side, x : x + reach.side], -1, 1)]


def colours_of(pictures: F32) -> F64:
    """(3, 3) how the colours of some pictures (P, S, S, 3) go together."""
    return np.cov(pictures.reshape(-1, 3).astype(np.float64), rowvar=False)


def _at_size(network: Any, name: str, side: int) -> tuple[Flat, Level]:
    """The network for smaller pictures, which cost less; as it is where its layers allow none."""
    try:
        flat = flattened(network, side)
        return flat, level_named(flat, name)
    except TrainError:
        flat = flattened(network)
        return flat, level_named(flat, name)


def _uphill(flat: Flat, level: Level, channels: Sequence[int]) -> Callable[[Any], Any]:
    """The gradient of each picture's channel, in the middle of the map, with respect to its pixels (n, S, S, 3)."""
    model, middle = flat.to(level.before), level.side // 2
    wanted = tf.one_hot(list(channels), level.channels)

    def uphill(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            total = tf.reduce_sum(model(batch, training=False)[:, middle, middle] * wanted)
        return tape.gradient(total, batch)

    return tf.function(uphill)


def _natural(gradient: F32, colours: F64, coarsest_px: int) -> F32:
    """A step up (n, S, S, 3) in what pictures are made of: the coarse more than the fine (1/f), grey more than hues."""
    size = gradient.shape[1]
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    power = 1 / np.maximum(frequency, 1 / coarsest_px)[None, :, :, None] ** 2
    step = np.fft.irfft2(np.fft.rfft2(gradient, axes=(1, 2)) * power, s=(size, size), axes=(1, 2)) @ colours
    return (step / (np.sqrt((step**2).mean(axis=(1, 2, 3), keepdims=True)) + 1e-12)).astype(np.float32)
