"""A teacher's detections cleaned by time: what is one object over many frames is judged once, by all of them.

The idea is old: what is consistent over time can teach a detector (Kalal et al., P-N Learning, CVPR 2010; Radosavovic
et al., Data Distillation, CVPR 2018; Xie et al., Self-training with Noisy Student, CVPR 2020). Three outcomes: labels;
areas of which nothing is said, so that a student is punished neither for finding nor for missing what is there; and
background. Single flashes of a teacher are background even where their score is high in one frame.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edge.contracts.boxes import area, intersection, iou
from edge.contracts.types import F32, F64, I64, Mask
from trainer.adapt.linking import link
from trainer.adapt.looks import Labelled, Look
from trainer.adapt.objects import Path, path, sightings
from trainer.adapt.settings import CleaningSettings

SAME = 0.5  # IoU: an unsure box so much on a label is the label's own echo
NOWHERE: F32 = np.zeros((0, 4), np.float32)


def clean(looks: Sequence[Look], aspect: float, settings: CleaningSettings) -> tuple[Labelled, ...]:
    """The labels of a clip's frames, one for each look.

    Args:
        looks: of every frame that the teacher saw, in the order of time.
        aspect: width / height of the frames in pixels.
        settings: of the cleaning.
    """
    times = np.array([look.t_s for look in looks], np.float64)
    track = link(looks, aspect, settings)
    frames = _frames([path(one, times, settings) for one in sightings(looks, track)], times, settings)
    loose = _loose(looks, track, settings.unsure_support)
    return tuple(_settled(frame, more, settings.hidden_share) for frame, more in zip(frames, loose, strict=True))


def select(labelled: Labelled, rows: Mask) -> Labelled:
    """Some of the labels of a frame, with all that is unsure in it."""
    columns = {name: getattr(labelled, name)[rows] for name in ("box", "label", "track", "support", "filled")}
    return replace(labelled, **columns)


def _frames(paths: Sequence[Path], times: F64, settings: CleaningSettings) -> list[Labelled]:
    """Paths cut into frames, each box a label, unsure or nothing."""
    count = [len(one.frame) for one in paths]
    track = np.repeat(np.arange(len(paths)), count)
    label = np.repeat(np.array([one.label for one in paths], np.int64), count)
    long = np.repeat(np.array([one.lasted_s >= settings.least_s for one in paths], bool), count)
    frame = np.concatenate([np.zeros(0, np.int64), *(one.frame for one in paths)])
    box = np.concatenate([NOWHERE, *(one.box for one in paths)])
    support = np.concatenate([np.zeros(0, np.float32), *(one.support for one in paths)])
    filled = np.concatenate([np.zeros(0, bool), *(one.filled for one in paths)])
    sure = long & (support >= settings.keep_support)
    order = np.argsort(frame, kind="stable")
    order = order[support[order] >= settings.unsure_support]
    first = np.searchsorted(frame[order], np.arange(len(times) + 1))
    made = []
    for n, t_s in enumerate(times.tolist()):
        here = order[first[n] : first[n + 1]]
        own, other = here[sure[here]], here[~sure[here]]
        made.append(Labelled(t_s, box[own], label[own], track[own], support[own], filled[own], box[other]))
    return made


def _loose(looks: Sequence[Look], track: I64, unsure_support: float) -> list[F32]:
    """Of each look the boxes (M, 4) of what is on no track, and yet may be something."""
    ends = np.cumsum([len(look.found) for look in looks])[:-1]
    rows = np.split(track < 0, ends) if looks else []
    return [look.found.box[own & (look.found.score >= unsure_support)] for look, own in zip(looks, rows, strict=True)]


def _settled(frame: Labelled, loose: F32, hidden_share: float) -> Labelled:
    """The labels of one frame: what is filled behind others is not labelled, and no echo of a label is unsure."""
    hidden = frame.filled & (_covered(frame.box) >= hidden_share)
    kept = select(frame, ~hidden)
    unsure = np.concatenate([frame.unsure, frame.box[hidden], loose])
    echo = iou(unsure, kept.box).max(axis=1, initial=0) > SAME
    return replace(kept, unsure=unsure[~echo])


def _covered(box: F32) -> F32:
    """The greatest share (N,) of each box that one box nearer to the camera (its foot is lower) covers."""
    share = intersection(box, box) / np.maximum(area(box), np.float32(1e-9))[:, None]
    nearer = box[None, :, 3] > box[:, None, 3]
    return (share * nearer).max(axis=1, initial=0)
