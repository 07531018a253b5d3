"""What is known of one look of the detector, as it is handed to the judge of doubts."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.contracts.types import U8, Detections, Opinion, SubLabel, Tracks


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """One frame that a detector looked at, and what came of it."""

    camera: str
    number: int  # counts the looks at this camera: a gap means that one was not handed over
    t_s: float
    utc_ns: int
    size: tuple[int, int]  # width and height of the frame, pixels
    pixels: U8  # (height, width, 3) BGR, masked; (0, 0, 3) where no picture may be kept
    masks: tuple[str, ...]  # fingerprints of what was blackened in them
    labels: tuple[str, ...]  # what the labels below index
    threshold: float  # score from which something counts as an object
    detections: Detections
    tracks: Tracks
    opinions: tuple[Opinion, ...]  # of each model of an ensemble; empty where there is one model
    closest: Mapping[int, SubLabel]  # by track: the second stage's best answer, whether or not it was good enough
    sub_threshold: float  # score from which such an answer counts
