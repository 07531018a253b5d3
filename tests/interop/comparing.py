"""Whether two readers found the same in the same pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.boxes import clip, iou
from edge.contracts.types import F32
from tests.interop.asked import MIN_SCORE, Found


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What counts as the same, beside the label."""

    iou: float  # of two boxes, at least; or ...
    edge_px: float  # ... no edge further off than that: MediaPipe tells boxes in whole pixels
    score: float  # difference, at most
    share: float  # of what is surely to be found, at least so much; and of what is found besides, at most the rest


# Of boxes of the same score the rounding of one build keeps another than that of the next: hence not quite all.
SAME = Tolerance(iou=0.9, edge_px=2.0, score=0.03, share=0.99)
# Other kernels round a quantised model otherwise in every layer, and non-maximum suppression then keeps other boxes.
ALIKE = Tolerance(iou=0.6, edge_px=2.0, score=0.2, share=0.85)
# The same for random weights, where scores are all high and boxes of nothing: that it opens, and is the same network.
ROUGH = Tolerance(iou=0.5, edge_px=2.0, score=0.3, share=0.4)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over all pictures of one model."""

    pictures: int
    boxes: int  # that were to be found
    matched: int
    edge_px: float  # the furthest that an edge is off, and ...
    score: float  # ... the largest difference of scores, of what matched
    troubles: tuple[str, ...]  # in words, per picture
    fine: bool  # as much agrees as is to, and there was something to agree upon

    def words(self) -> str:
        """One line."""
        found = f"{self.matched} of {self.boxes} boxes in {self.pictures} pictures"
        return f"{found}, edges within {self.edge_px:.1f} px, scores within {self.score:.3f}"


def compare(
    expected: Sequence[Sequence[Found]], answer: Sequence[Sequence[Found]], size_px: int, tolerance: Tolerance
) -> Agreement:
    """How well what a reader found agrees with what was to be found, picture by picture.

    Args:
        expected: what our own runtime finds in each picture.
        answer: what the reader finds.
        size_px: side of the pictures.
        tolerance: what counts as the same.
    """
    if len(expected) != len(answer):
        said = f"{len(answer)} pictures were answered of {len(expected)}"
        return Agreement(len(expected), sum(map(len, expected)), 0, 0.0, 0.0, (said,), fine=False)
    troubles: list[str] = []
    pairs: list[tuple[float, float]] = []
    for number, (ours, theirs) in enumerate(zip(expected, answer, strict=True)):
        matched, left = _matched(ours, theirs, size_px, tolerance)
        pairs.extend(matched)
        troubles.extend(f"picture {number}: {text}" for text in left)
    sure = sum(_sure(one, tolerance) for several in expected for one in several)
    return Agreement(
        pictures=len(expected),
        boxes=sum(map(len, expected)),
        matched=len(pairs),
        edge_px=max((off for off, _ in pairs), default=0.0),
        score=max((apart for _, apart in pairs), default=0.0),
        troubles=tuple(troubles),
        fine=sure > 0 and len(troubles) <= (1 - tolerance.share) * 2 * sure,
    )


def _matched(
    ours: Sequence[Found], theirs: Sequence[Found], size_px: int, tolerance: Tolerance
) -> tuple[list[tuple[float, float]], list[str]]:
    """Pairs (pixels that edges are off, difference of scores), best first, and what has no partner, in words."""
    overlap = iou(_boxes(ours), _boxes(theirs))
    apart = np.abs(np.subtract.outer([one.score for one in ours], [one.score for one in theirs]))
    same = np.array([[one.label == other.label for other in theirs] for one in ours], bool).reshape(overlap.shape)
    off = _off(_boxes(ours)[:, None], _boxes(theirs)[None]) * size_px
    near = (overlap >= tolerance.iou) | (off <= tolerance.edge_px)
    fits = np.where(same & near & (apart <= tolerance.score), overlap - apart, -np.inf)
    pairs: list[tuple[float, float]] = []
    free = [set(range(len(ours))), set(range(len(theirs)))]
    for place in np.argsort(-fits, axis=None).tolist():
        row, column = divmod(place, max(len(theirs), 1))
        if np.isfinite(fits[row, column]) and row in free[0] and column in free[1]:
            pairs.append((float(off[row, column]), float(apart[row, column])))
            free[0].discard(row)
            free[1].discard(column)
    left = [f"not found: {_said(ours[row])}" for row in sorted(free[0]) if _sure(ours[row], tolerance)]
    more = [f"found besides: {_said(theirs[row])}" for row in sorted(free[1]) if _sure(theirs[row], tolerance)]
    return pairs, left + more


def _off(ours: F32, theirs: F32) -> F32:
    """How far the worst edge is off (N, M), fractions.

    MediaPipe moves a box that begins left of or above the picture to its edge and leaves it its size: the far edge of
    such a one may lie further off, and does not count.
    """
    apart = np.abs(ours - theirs)
    moved = (ours[..., :2] <= 0) & (theirs[..., :2] <= 0) & (theirs[..., 2:] > ours[..., 2:])
    apart[..., 2:] = np.where(moved, 0, apart[..., 2:])
    return apart.max(axis=-1, initial=0)


def _sure(one: Found, tolerance: Tolerance) -> bool:
    """Nearer to the lowest score what one finds the other may miss."""
    return one.score >= MIN_SCORE + 2 * tolerance.score


def _boxes(several: Sequence[Found]) -> F32:
    """(N, 4), cut off at the picture's edges, as ours are: other readers tell of what lies beyond."""
    return clip(np.array([one.box for one in several], np.float32).reshape(-1, 4))


def _said(one: Found) -> str:
    return f"{one.label} {one.score:.3f} at {', '.join(f'{edge:.3f}' for edge in one.box)}"
