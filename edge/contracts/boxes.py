"""Box geometry, as pure functions on `(…, 4)` arrays of `(x1, y1, x2, y2)`."""

import numpy as np

from edge.contracts.types import F32, I64


def area(box: F32) -> F32:
    """Areas of boxes (…, 4); 0 where a box is turned inside out."""
    extent = np.maximum(size(box), np.float32(0))
    return extent[..., 0] * extent[..., 1]


def centre(box: F32) -> F32:
    """Centres (…, 2) of boxes (…, 4)."""
    return (box[..., :2] + box[..., 2:]) * np.float32(0.5)


def size(box: F32) -> F32:
    """Widths and heights (…, 2) of boxes (…, 4)."""
    return box[..., 2:] - box[..., :2]


def from_centre_size(centre_size: F32) -> F32:
    """Boxes (…, 4) from `(cx, cy, w, h)` (…, 4)."""
    half = centre_size[..., 2:] / 2
    return np.concatenate([centre_size[..., :2] - half, centre_size[..., :2] + half], axis=-1)


def clip(box: F32) -> F32:
    """Boxes cut off at the frame's edges."""
    return np.clip(box, 0, 1)


def iou(a: F32, b: F32) -> F32:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4), 0..1; 0 where both are empty."""
    inter = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)


def intersection(a: F32, b: F32) -> F32:
    """Areas (N, M) shared by boxes (N, 4) and (M, 4)."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    extent = np.maximum(bottom_right - top_left, 0)
    return np.multiply(extent[..., 0], extent[..., 1])


def nms(box: F32, score: F32, group: I64, threshold: float) -> I64:
    """Rows kept by greedy non-maximum suppression, best score first.

    Args:
        box: (N, 4).
        score: (N,).
        group: (N,) rows of different groups (labels) never suppress each other.
        threshold: IoU above which the weaker of two boxes is dropped, 0..1.
    """
    order = np.argsort(-score, kind="stable")
    overlap = iou(box, box) > threshold
    overlap &= group[:, None] == group[None, :]
    alive = np.ones(len(box), bool)
    kept = []
    for row in order:
        if alive[row]:
            kept.append(row)
            alive &= ~overlap[row]
    return np.array(kept, np.int64)
