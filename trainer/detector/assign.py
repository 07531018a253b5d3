"""Which cells are to find which object: those that already find it best (task-aligned: Feng et al., TOOD, 2021).

The alignment of a cell with an object is `score * iou ** 6`; the `TOP` best cells inside the object's box, or next to
the centre of a small one, are to find it, and their score is to be the alignment, scaled so that the best reaches the
best overlap.
"""

from typing import Any, NamedTuple

import tensorflow as tf

POWER = 6.0
TOP = 10
NEAR = 1.5  # strides from an object's centre within which a cell may find it, however small it is
_TINY = 1e-9


class Targets(NamedTuple):
    """For each cell (B, A, ...): whether it is to find something, which box, which class, how surely."""

    found: Any  # (B, A) bool
    box: Any  # (B, A, 4) corners, fractions
    quality: Any  # (B, A, C) 0 but for the class of what is to be found


def decoded(raw: Any, centre: Any, stride: Any, base: Any) -> Any:
    """Corner boxes (B, A, 4), fractions, of raw ones; see `architecture.Grid`."""
    middle = centre + tf.reverse(raw[..., :2], [-1]) * stride
    half = tf.exp(tf.clip_by_value(tf.reverse(raw[..., 2:], [-1]), -6.0, 4.0)) * (base / 2)
    return tf.concat([middle - half, middle + half], axis=-1)


def overlap(one: Any, other: Any) -> Any:
    """Intersection over union of boxes (..., 4), broadcast."""
    low, high = tf.maximum(one[..., :2], other[..., :2]), tf.minimum(one[..., 2:], other[..., 2:])
    shared = tf.reduce_prod(tf.maximum(high - low, 0.0), axis=-1)
    return shared / (area(one) + area(other) - shared + _TINY)


def area(box: Any) -> Any:
    """Of boxes (..., 4)."""
    return tf.reduce_prod(tf.maximum(box[..., 2:] - box[..., :2], 0.0), axis=-1)


def assign(predicted: Any, score: Any, truth: Any, label: Any, centre: Any, stride: Any) -> Targets:
    """What each cell is to find.

    Args:
        predicted: (B, A, 4) corner boxes as the network has them now.
        score: (B, A, C) 0..1.
        truth: (B, N, 4) corner boxes; rows without area are padding.
        label: (B, N) classes.
        centre: (A, 2) of the cells, fractions.
        stride: (A, 1) side of a cell.
    """
    there = area(truth) > 0
    iou = overlap(truth[:, :, None], predicted[:, None])  # (B, N, A)
    of_class = tf.gather(tf.transpose(score, (0, 2, 1)), tf.maximum(label, 0), axis=1, batch_dims=1)  # (B, N, A)
    may = _may(truth, centre, stride) & there[..., None]
    alignment = tf.where(may, of_class * iou**POWER, 0.0)
    chosen = (alignment >= _top(alignment)) & may & (alignment > 0)
    owner = tf.argmax(tf.where(chosen, iou, -1.0), axis=1)  # of a cell that several want, the one it overlaps most
    mine = chosen & (tf.range(tf.shape(truth)[1], dtype=owner.dtype)[None, :, None] == owner[:, None])
    best = tf.reduce_max(tf.where(mine, alignment, 0.0), axis=2, keepdims=True)
    reach = tf.reduce_max(tf.where(mine, iou, 0.0), axis=2, keepdims=True)
    worth = tf.reduce_max(tf.where(mine, alignment / (best + _TINY) * reach, 0.0), axis=1)  # (B, A)
    found = tf.reduce_any(mine, axis=1)
    classes = tf.one_hot(tf.gather(label, owner, axis=1, batch_dims=1), tf.shape(score)[-1])
    return Targets(
        found, tf.gather(truth, owner, axis=1, batch_dims=1), classes * (worth * tf.cast(found, worth.dtype))[..., None]
    )


def _may(truth: Any, centre: Any, stride: Any) -> Any:
    """(B, N, A): cells inside an object, or next to its centre."""
    low, high = truth[:, :, None, :2], truth[:, :, None, 2:]
    inside = tf.reduce_all((centre > low) & (centre < high), axis=-1)
    near = tf.reduce_all(tf.abs(centre - (low + high) / 2) < NEAR * stride, axis=-1)
    return inside | near


def _top(alignment: Any) -> Any:
    """(B, N, 1): the alignment of the last of the best cells."""
    return tf.math.top_k(alignment, k=TOP).values[..., -1:]
