"""One object of a clip: where it was, frame by frame, and how far its track supports each of these boxes.

The support of a box is the vote of the scores around it in time: a teacher that wavers from frame to frame is believed
where it is mostly right, and one that is sure for a moment only is not. Nothing is added before the first or after the
last sighting. Letters in shapes: D detections of the clip, K sightings of the object, P moments of its path.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edge.contracts.types import F32, F64, I64, Mask
from trainer.adapt.looks import Look
from trainer.adapt.settings import CleaningSettings
from trainer.adapt.smoothing import smoothed

OWN = 0.25  # weight of a sighting's own score beside that of the vote around it


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """The detections of one track, in the order of time."""

    label: int  # the one that most of the scores vote for
    frame: I64  # (K,) of the clip
    t_s: F64  # (K,)
    box: F32  # (K, 4)
    score: F32  # (K,) for that label: 0 where the teacher saw another

    @property
    def lasted_s(self) -> float:
        """From the first to the last."""
        return float(self.t_s[-1] - self.t_s[0])


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """An object's boxes at every frame for which there is one; sightings first, then what is filled."""

    label: int
    lasted_s: float
    frame: I64  # (P,)
    box: F32  # (P, 4)
    support: F32  # (P,) 0..1
    filled: Mask  # (P,)


def sightings(looks: Sequence[Look], track: I64) -> list[Sightings]:
    """The tracks of a clip, from the track (D,) of each of its detections, -1 for those of none."""
    frame = np.repeat(np.arange(len(looks)), [len(look.found) for look in looks])
    t_s = np.array([look.t_s for look in looks], np.float64)
    box = np.concatenate([np.zeros((0, 4), np.float32), *(look.found.box for look in looks)])
    score = np.concatenate([np.zeros(0, np.float32), *(look.found.score for look in looks)])
    label = np.concatenate([np.zeros(0, np.int64), *(look.found.label for look in looks)])
    order = np.argsort(track, kind="stable")
    first = np.searchsorted(track[order], np.arange(int(track.max(initial=-1)) + 2))
    made = []
    for begin, end in pairwise(first.tolist()):
        own = order[begin:end]
        if len(own):
            voted = int(np.bincount(label[own], weights=score[own]).argmax())
            right = np.where(label[own] == voted, score[own], 0).astype(np.float32)
            made.append(Sightings(voted, frame[own], t_s[frame[own]], box[own], right))
    return made


def path(one: Sightings, times: F64, settings: CleaningSettings) -> Path:
    """An object smoothed where it moves evenly, its gaps filled.

    Args:
        one: where it was seen.
        times: of all frames of the clip, seconds.
        settings: of the cleaning.
    """
    box = smoothed(one.t_s, one.box, settings.smooth_s)
    gap = _gaps(one, settings.fill_s)
    frame = np.append(one.frame, gap)
    own = np.append(one.score, np.zeros(len(gap), np.float32))
    support = OWN * own + (1 - OWN) * vote(one, times[frame], settings.vote_s)
    filled: Mask = np.arange(len(frame)) >= len(one.frame)
    boxes = np.concatenate([box, along(one.t_s, box, times[gap])])
    return Path(one.label, one.lasted_s, frame, boxes, support.astype(np.float32), filled)


def vote(one: Sightings, at_s: F64, reach_s: float) -> F64:
    """The mean (P,) of an object's scores around some times, those `reach_s` away counting e^-1/2 of those there."""
    weight = np.exp(-0.5 * np.square((at_s[:, None] - one.t_s) / reach_s))
    return (weight @ one.score) / np.maximum(weight.sum(axis=1), np.finfo(np.float64).tiny)


def along(t_s: F64, box: F32, at_s: F64) -> F32:
    """Boxes (P, 4) at some times, on straight lines between boxes (K, 4) at theirs."""
    return np.stack([np.interp(at_s, t_s, box[:, edge]) for edge in range(4)], axis=1).astype(np.float32)


def _gaps(one: Sightings, fill_s: float) -> I64:
    """Frames in which it was not seen, between sightings that are at most `fill_s` apart."""
    wide = (np.diff(one.frame) > 1) & (np.diff(one.t_s) <= fill_s)
    gaps = [np.arange(a + 1, b) for a, b in zip(one.frame[:-1][wide], one.frame[1:][wide], strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *gaps])
