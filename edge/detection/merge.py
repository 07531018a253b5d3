"""Putting together what was seen in the whole frame and in crops, each object once."""

import numpy as np

from edge.contracts.boxes import area, intersection, iou
from edge.contracts.preprocess import Region
from edge.contracts.types import F32, Detections, Mask

EDGE = 0.01  # a box that ends within this share of the crop's size from a crop's edge is taken to be cut by it


def cut_off(box: F32, region: Region) -> Mask:
    """Boxes (N, 4) that a crop cuts: they end at an edge of its region that is not the frame's edge too."""
    crop: F32 = np.array(region, np.float32)
    slack = np.tile((crop[2:] - crop[:2]) * np.float32(EDGE), 2)
    near = np.abs(box - crop) <= slack
    near[:, :2] |= box[:, :2] < crop[:2]
    near[:, 2:] |= box[:, 2:] > crop[2:]
    inner = np.concatenate([crop[:2] > 0, crop[2:] < 1])
    return (near & inner).any(axis=1)


def join(parts: list[Detections]) -> Detections:
    """All rows, in the order of the parts."""
    if not parts:
        return Detections.empty()
    return Detections(
        np.concatenate([part.box for part in parts]),
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.label for part in parts]),
    )


def merge(parts: list[Detections], nms_iou: float, inside_share: float) -> Detections:
    """One row per object, best score first, from parts that looked at overlapping places.

    Within a part nothing is dropped: the head has suppressed duplicates there. Between parts, of two boxes of one
    label the weaker goes when they overlap by more than `nms_iou`, or when `inside_share` of the smaller one lies
    inside the other (a torso beside its person, two people in one box beside each of them).
    """
    found = join(parts)
    if sum(len(part) > 0 for part in parts) < 2:
        return found[np.argsort(-found.score, kind="stable")]
    source = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    smaller = np.minimum(area(found.box)[:, None], area(found.box)[None, :])
    same = iou(found.box, found.box) > nms_iou
    same |= intersection(found.box, found.box) > np.float32(inside_share) * smaller
    same &= (found.label[:, None] == found.label[None, :]) & (source[:, None] != source[None, :])
    alive, kept = np.ones(len(found), bool), []
    for row in np.argsort(-found.score, kind="stable"):
        if alive[row]:
            kept.append(row)
            alive &= ~same[row]
    return found[np.array(kept, np.int64)]
