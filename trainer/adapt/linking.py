"""Which detections of a clip are one object: the daemon's own tracker, run through the clip.

A second run, backward in time, was tried to catch the faint first moments of objects, and did not pay: on MOT17 the
labels were as good without it. Letters in shapes: D detections of the clip, in the order of its frames.
"""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import I64, Detections, Tracks
from edge.tracking import Tracker, TrackingSettings
from trainer.adapt.looks import Look
from trainer.adapt.settings import CleaningSettings

NONE = -1


def link(looks: Sequence[Look], aspect: float, settings: CleaningSettings) -> I64:
    """The track (D,) of each detection, counted from 0; -1 for those of none.

    Args:
        looks: a whole clip.
        aspect: width / height of its frames in pixels.
        settings: of the cleaning.
    """
    tracker = Tracker(tracking(settings), aspect)
    track = [np.zeros(0, np.int64)]
    for look in looks:
        tracks = tracker.step(look.found, look.t_s)
        track.append(_rows(look.found, tracks[tracks.lost_s == 0]))
    return np.concatenate(track)


def tracking(settings: CleaningSettings) -> TrackingSettings:
    """The tracker's usual settings on the teacher's scale; a label needs many looks, so a start needs no second one."""
    usual = TrackingSettings(history=1).trusting(settings.trusted_score)
    start = max(settings.start_score, usual.low_score)
    changed = {"high_score": min(usual.high_score, start), "birth_score": start, "sure_score": start}
    return usual.model_copy(update=changed)


def _rows(found: Detections, seen: Tracks) -> I64:
    """The track (N,) of each detection: the one whose newest box and score are the detection's own."""
    same = (found.box[:, None] == seen.history[None, :, -1]).all(axis=2) & (found.score[:, None] == seen.score)
    track = np.full(len(found), NONE, np.int64)
    row, column = same.nonzero()
    track[row] = seen.id[column] - 1
    return track
