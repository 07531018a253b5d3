"""What the network is to become better at: scores that tell how well a box fits, and boxes that fit."""

from typing import Any, NamedTuple

import tensorflow as tf

from trainer.detector.architecture import Grid
from trainer.detector.assign import Targets, area, assign, decoded, overlap

BOX_WEIGHT = 2.5
EASY = 2.0  # how fast what is rightly found empty stops to count (varifocal: Zhang et al., 2021)
EMPTY = 0.75
_TINY = 1e-7


class Loss(NamedTuple):
    """Per batch, scalars."""

    total: Any
    scores: Any
    boxes: Any


def loss(raw: Any, logits: Any, truth: Any, label: Any, grid: Grid, *, smoothing: float = 0.0) -> Loss:
    """The loss of one batch.

    Args:
        raw: (B, A, 4) boxes as the network gives them.
        logits: (B, A, C).
        truth: (B, N, 4) corner boxes, fractions; rows without area are padding.
        label: (B, N) classes.
        grid: the network's cells.
        smoothing: how much less than sure scores are to be, 0..1.
    """
    raw, logits = tf.cast(raw, tf.float32), tf.cast(logits, tf.float32)
    predicted = decoded(raw, grid.centre, grid.stride, grid.base)
    score = tf.sigmoid(logits)
    targets = _still(assign(predicted, score, truth, label, grid.centre, grid.stride))
    count = tf.maximum(tf.reduce_sum(targets.quality), 1.0)
    scores = tf.reduce_sum(_score_loss(logits, score, targets.quality * (1 - smoothing))) / count
    worth = tf.reduce_sum(targets.quality, axis=-1)
    boxes = tf.reduce_sum((1 - _fit(predicted, targets.box)) * worth) / count
    return Loss(scores + BOX_WEIGHT * boxes, scores, boxes)


def _still(targets: Targets) -> Targets:
    return Targets(*(tf.stop_gradient(one) for one in targets))


def _score_loss(logits: Any, score: Any, quality: Any) -> Any:
    weight = tf.where(quality > 0, quality, EMPTY * score**EASY)
    crossed = tf.nn.sigmoid_cross_entropy_with_logits(labels=quality, logits=logits)
    return crossed * tf.stop_gradient(weight)


def _fit(one: Any, other: Any) -> Any:
    """Generalised overlap (Rezatofighi et al., GIoU, 2019), -1..1: boxes that do not meet still know where to go."""
    low, high = tf.minimum(one[..., :2], other[..., :2]), tf.maximum(one[..., 2:], other[..., 2:])
    around = tf.reduce_prod(high - low, axis=-1)
    iou = overlap(one, other)
    union = (area(one) + area(other)) / (1 + iou)
    return iou - (around - union) / (around + _TINY)
