"""The picture that a channel likes best, found by climbing its gradient from noise (Erhan et al., 2009).

Shifting the picture at each step and smoothing it now and then keeps the climb from ending in pixel noise that no
camera ever shows (Mordvintsev et al., 2015).
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import tensorflow as tf

from edge.contracts.types import F32, U8
from trainer.errors import TrainError
from trainer.explain.flat import Flat, flattened
from trainer.explain.levels import Level, level_named
from trainer.explain.pictures import as_pixels
from trainer.explain.reach import Reach

STEPS = 48
RATE = 0.08  # of the range of a pixel (-1..1) that a step moves it, on average
SMOOTH_EVERY, SMOOTH_PX = 4, 0.7
JITTER = 4  # pixels
LEAST_PX = 64


def dreams(network: Any, level: Level, reach: Reach, channels: Sequence[int], seed: int = 1) -> list[U8]:
    """For each channel the patch (side, side, 3) BGR that its units in the middle of the map respond to most."""
    full = int(network.input_shape[1])
    side = min(full, max(LEAST_PX, -(-3 * reach.side // 64) * 32))  # half as much again, in whole strides
    flat, here = _at_size(network, level.name, side)
    picture = _climbed(flat, here, channels, np.random.default_rng(seed))
    half = min(reach.side, picture.shape[1]) // 2
    middle = here.side // 2
    scale = picture.shape[1] / here.side
    x, y = (origin + scale * middle for origin in reach.origin)
    left, top = (int(np.clip(round(at - half), 0, picture.shape[1] - 2 * half)) for at in (x, y))
    return [as_pixels(one) for one in picture[:, top : top + max(2 * half, 1), left : left + max(2 * half, 1)]]


def _at_size(network: Any, name: str, side: int) -> tuple[Flat, Level]:
    """The network for smaller pictures, which cost less; as it is where its layers allow none."""
    try:
        flat = flattened(network, side)
        return flat, level_named(flat, name)
    except TrainError:
        flat = flattened(network)
        return flat, level_named(flat, name)


def _climbed(flat: Flat, level: Level, channels: Sequence[int], random: np.random.Generator) -> F32:
    model, side, middle = flat.to(level.before), int(flat.picture.shape[1]), level.side // 2
    wanted = tf.one_hot(list(channels), level.channels)
    near = slice(max(middle - 1, 0), middle + 2)

    @tf.function
    def uphill(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            maps = model(batch, training=False)[:, near, near]
            total = tf.reduce_sum(tf.reduce_mean(maps, axis=(1, 2)) * wanted)
        gradient = tape.gradient(total, batch)
        return gradient / (tf.reduce_mean(tf.abs(gradient), axis=(1, 2, 3), keepdims=True) + 1e-12)

    picture = random.normal(0, 0.05, (len(channels), side, side, 3)).astype(np.float32)
    for step in range(STEPS):
        shift = tuple(random.integers(-JITTER, JITTER + 1, 2).tolist())
        moved = np.roll(picture, shift, axis=(1, 2))
        moved = moved + RATE * np.asarray(uphill(tf.constant(moved)))
        picture = np.clip(np.roll(moved, (-shift[0], -shift[1]), axis=(1, 2)), -1, 1)
        if step % SMOOTH_EVERY == 0:
            picture = np.stack([cv2.GaussianBlur(one, (0, 0), SMOOTH_PX) for one in picture])
    return picture.astype(np.float32)
