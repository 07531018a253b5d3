"""Grad-CAM (Selvaraju et al., 2017): where in a picture the evidence for one verdict lies.

The gradient of the verdict's logit with respect to a feature map says which of its channels speak for the verdict;
the map weighted so, without what speaks against, is the heat. A classifier's gradient is averaged over the places of a
channel, as in the paper. A detector's verdict is one cell's, and rests upon one place: there the gradient is taken
place by place, or every similar object in the picture would light up too.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import tensorflow as tf

from edge.contracts.types import F32
from trainer.explain.flat import Flat
from trainer.explain.levels import Level
from trainer.explain.pictures import View
from trainer.explain.reach import Reach


def heat(asked: tuple[Flat, Level, Any], view: View, logit: Callable[[Any], Any], *, everywhere: bool) -> F32:
    """The heat (h, w) of one verdict on a level's map, 0..1; all 0 where nothing there speaks for it.

    Args:
        asked: the network, the map to read the evidence from, and the tensor that the verdict is read from.
        view: the picture.
        logit: the verdict's number (1,) in the logits.
        everywhere: average the gradient over the places of a channel.
    """
    flat, level, logits = asked
    model = flat.to([level.after, logits])
    with tf.GradientTape() as tape:
        maps, numbers = model(view.tensor[None], training=False)
        chosen = tf.reduce_sum(logit(numbers))
    gradient = tape.gradient(chosen, maps)
    if gradient is None:  # the verdict does not come by this map
        return np.zeros(maps.shape[1:3], np.float32)
    if everywhere:
        gradient = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    speaks = np.maximum(np.asarray(tf.reduce_sum(gradient * maps, axis=-1)[0], np.float32), 0)
    hottest = max(float(speaks.max()), 1e-12)
    return np.divide(speaks, hottest, dtype=np.float32)


def laid_out(heat_map: F32, reach: Reach, view: View) -> F32:
    """The heat of every pixel (h, w) of the picture, each unit's where that unit looks."""
    size = view.tensor.shape[0]
    height, width = view.pixels.shape[:2]
    x = (np.arange(width) + 0.5) / width * view.filled[0] * size
    y = (np.arange(height) + 0.5) / height * view.filled[1] * size
    columns, rows = np.meshgrid((x - reach.origin[0]) / reach.step, (y - reach.origin[1]) / reach.step)
    spread: F32 = cv2.remap(
        heat_map,
        columns.astype(np.float32),
        rows.astype(np.float32),
        interpolation=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return spread
