"""What is doubtful about a look: judged when the one after it is known, for some doubts show only then."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from edge.contracts.boxes import centre, iou, size
from edge.contracts.types import F32, I64, Detections, Mask, Tracks
from edge.uncertain.look import Look
from edge.uncertain.record import MOST_THINGS, Box, Doubt, Reason

SAME = 0.5  # IoU from which two boxes are one object
REACH = 1.5  # an object is found again within so many of its sizes
NEIGHBOUR_S = 1.0  # looks further apart say nothing about each other
EDGE = 0.01  # of the frame: what touches it comes and goes


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """A look and its doubts, of which there is at least one."""

    look: Look
    doubts: tuple[Doubt, ...]


class Judge:
    """Judges the looks at one camera. Not thread-safe.

    Args:
        near: scores this near to their threshold are doubtful.
    """

    def __init__(self, near: float) -> None:
        self._near = near
        self._looks: deque[Look] = deque(maxlen=3)

    def step(self, look: Look, *, wanted: bool = True) -> Judged | None:
        """Take the newest look; the one before it, if there is doubt about it and anybody wants to know."""
        if self._looks and look.number != self._looks[-1].number + 1:
            self._looks.clear()
        self._looks.append(look)
        if len(self._looks) < 3:
            return None
        before, middle, after = self._looks
        self._looks[0] = before = _without_pixels(before)  # a picture is large, and nobody will ask for this one
        if not wanted:
            return None
        doubts = [*near_scores(middle, self._near), *odd_labels(middle), *disputed(middle, self._near)]
        doubts += near_rejection(middle, self._near)
        if max(middle.t_s - before.t_s, after.t_s - middle.t_s) <= NEIGHBOUR_S:
            doubts += [*appeared(before, middle, after), *missed(before, middle, after)]
        return Judged(middle, tuple(doubts[:MOST_THINGS])) if doubts else None


def near_scores(look: Look, near: float) -> list[Doubt]:
    """Detections that are just about objects, or just about none."""
    found = look.detections
    distance = np.abs(found.score - look.threshold)
    close = distance <= near
    return _doubts(look, found[close], Reason.SCORE, 0.5 * (1 - distance[close] / near))


def odd_labels(look: Look) -> list[Doubt]:
    """Tracks that are there, and that the detector calls something else in this look."""
    tracks, found = look.tracks, look.detections
    if not len(tracks) or not len(found):
        return []
    same = iou(tracks.box, found.box) >= SAME
    agree = tracks.label[:, None] == found.label[None, :]
    odd = (tracks.lost_s == 0) & (tracks.seen_s > 0) & same.any(axis=1) & ~(same & agree).any(axis=1)
    best = np.where(same[odd], found.score, -1).argmax(axis=1)
    chosen = found[np.unique(best)]
    return _doubts(look, chosen, Reason.LABEL, 0.9 * chosen.score / max(look.threshold, 1e-3))


def appeared(before: Look, look: Look, after: Look) -> list[Doubt]:
    """Objects seen in this look only: not before, not after, and not followed from earlier."""
    found = look.detections
    alone = (found.score >= look.threshold) & ~_touches(found.box)
    if not alone.any():
        return []
    followed = look.tracks[(look.tracks.lost_s == 0) & (look.tracks.seen_s > 0)]
    alone &= ~(iou(found.box, followed.box) >= SAME).any(axis=1)
    for other in (before, after):
        alone &= ~_within_reach(found.box, np.concatenate([other.detections.box, other.tracks.box]))
    return _doubts(look, found[alone], Reason.APPEARED, 0.7 * found.score[alone])


def missed(before: Look, look: Look, after: Look) -> list[Doubt]:
    """Tracks that were seen before and after, and not in this look."""
    seen = np.intersect1d(_seen(before.tracks), _seen(after.tracks))
    tracks = look.tracks
    rows = np.flatnonzero(np.isin(tracks.id, seen) & (tracks.lost_s > 0) & ~_touches(tracks.box))
    return [
        Doubt(
            reason=Reason.MISSED,
            label=name_of(look, int(tracks.label[row])),
            box=as_box(tracks.box[row]),
            track=int(tracks.id[row]),
            weight=0.8 * float(np.clip(tracks.score[row], 0, 1)),
        )
        for row in rows.tolist()
    ]


def disputed(look: Look, near: float) -> list[Doubt]:
    """What one model holds to be an object, and another, which knows the label, does not see at all."""
    doubts: list[Doubt] = []
    for mine in look.opinions:
        for other in look.opinions:
            found = mine.found[(mine.found.score >= look.threshold) & np.isin(mine.found.label, other.knows)]
            if other is mine or not len(found):
                continue
            seen = other.found[other.found.score >= look.threshold - near]
            same = (iou(found.box, seen.box) >= SAME) & (found.label[:, None] == seen.label[None, :])
            alone = found[~same.any(axis=1)]
            doubts += _doubts(look, alone, Reason.MODELS, alone.score)
    return doubts


def near_rejection(look: Look, near: float) -> list[Doubt]:
    """Tracks that the second stage is just about sure of, or just about not."""
    doubts = []
    for row, track in enumerate(look.tracks.id.tolist()):
        said = look.closest.get(track)
        distance = abs(said.score - look.sub_threshold) if said else near
        if distance < near:
            label, box = name_of(look, int(look.tracks.label[row])), as_box(look.tracks.box[row])
            weight = 0.6 * (1 - distance / near)
            doubts.append(Doubt(reason=Reason.SUB_LABEL, label=label, box=box, track=track, weight=weight))
    return doubts


def tracks_of(look: Look, box: F32) -> list[int]:
    """The ids of the tracks that detections (N, 4) belong to, -1 where there is none."""
    if not len(look.tracks):
        return [-1] * len(box)
    overlap = iou(box, look.tracks.box)
    return np.where(overlap.max(axis=1) >= SAME, look.tracks.id[overlap.argmax(axis=1)], -1).tolist()


def name_of(look: Look, label: int) -> str:
    """What a label is called; its number where the table has a hole."""
    return look.labels[label] or str(label)


def as_box(box: F32) -> Box:
    """A box (4,) within the frame."""
    x1, y1, x2, y2 = np.clip(box, 0, 1).tolist()
    return x1, y1, x2, y2


def _doubts(look: Look, found: Detections, reason: Reason, weight: F32) -> list[Doubt]:
    """One doubt about each of some detections; weights (N,) are cut off at 0 and 1."""
    tracks, weights = tracks_of(look, found.box), np.clip(weight, 0, 1).tolist()
    labels = [name_of(look, label) for label in found.label.tolist()]
    rows = zip(labels, map(as_box, found.box), tracks, weights, strict=True)
    return [Doubt(reason=reason, label=label, box=box, track=track, weight=own) for label, box, track, own in rows]


def _seen(tracks: Tracks) -> I64:
    return tracks.id[tracks.lost_s == 0]


def _touches(box: F32) -> Mask:
    """Which boxes (N, 4) touch the edge of the frame."""
    return np.logical_or((box[:, :2] < EDGE).any(axis=1), (box[:, 2:] > 1 - EDGE).any(axis=1))


def _within_reach(box: F32, others: F32) -> Mask:
    """Which boxes (N, 4) have one of the others (M, 4) near by."""
    reach = REACH * size(box).max(axis=1)
    distance = np.abs(centre(box)[:, None] - centre(others)[None]).max(axis=2)
    return np.any(distance <= reach[:, None], axis=1)


def _without_pixels(look: Look) -> Look:
    names = [name for name in Look.__slots__ if name != "pixels"]
    return Look(pixels=np.zeros((0, 0, 3), np.uint8), **{name: getattr(look, name) for name in names})
