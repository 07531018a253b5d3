"""What a trajectory network is told of tracks, and which tracks it can be asked about.

Lengths are heights of the frame on both axes, so that right and down count alike.
"""

import numpy as np

from edge.contracts import boxes
from edge.contracts.track_grid import Past
from edge.contracts.types import F32, I64, Mask, Tracks

LEAST_BOXES = 3
LEAST_STEPS = 2.0  # of the network's grid that a history must span
FASTEST = 12.0  # box heights per second; whatever moves faster is two objects under one name
JUMP = 1.0  # box heights that a detector's box may be off


def past_of(tracks: Tracks, aspect: float, labels: I64) -> Past:
    """The tracks as the network is told of them.

    The newest position is not the box that was seen but what the tracker makes of it, so that the velocity leads from
    there to where the track is now: a network that foresees no departure says what the straight line says.

    Args:
        tracks: T of them, with H boxes of history each.
        aspect: width / height of the frame.
        labels: the network's label for each of the tracks' own, -1 where it knows none.
    """
    axes = np.array([aspect, 1.0], np.float32)
    velocity = boxes.centre(tracks.velocity) * axes
    position = boxes.centre(tracks.history) * axes
    age_s = tracks.history_age_s
    position[:, -1] = boxes.centre(tracks.box) * axes - velocity * age_s[:, -1:]
    return Past(position, age_s, velocity, boxes.size(tracks.box) * axes, labels[tracks.label], age_s[:, -1])


def askable(past: Past, step_s: float) -> Mask:
    """Which tracks (T,) a network with this grid can be asked about.

    Not those whose history is too short, that jump across the picture, or of which a number is not finite.
    """
    height, age_s = past.size[:, 1], past.age_s
    known = np.isfinite(age_s)
    numbers = np.concatenate([past.position[:, -1], past.velocity, past.size, age_s[:, -1:]], axis=1).T
    whole = np.isfinite(numbers).all(axis=0) & (numbers[4:6] > 0).all(axis=0)
    oldest_s = np.where(known, age_s, 0).T.max(axis=0, initial=0)  # the first axis is the fastest
    long = (known.T.sum(axis=0) >= LEAST_BOXES) & (oldest_s - past.lost_s >= LEAST_STEPS * step_s)
    steady = np.abs(numbers[2:4]).max(axis=0, initial=0) <= FASTEST * height
    return whole & long & steady & ~_jumps(past.position, age_s, height)


def _jumps(position: F32, age_s: F32, height: F32) -> Mask:
    """Whether two neighbouring boxes (T, H, 2) of a history are too far apart for their times (T, H)."""
    off = np.abs(position[:, 1:] - position[:, :-1])
    apart = np.maximum(off[..., 0], off[..., 1])
    limit = (JUMP + FASTEST * np.abs(age_s[:, 1:] - age_s[:, :-1])) * height[:, None]
    return np.asarray((apart > limit).any(axis=1))  # not a number where a box is missing, which is no jump
