"""What passes through label cleaning: what a teacher saw in one frame, and what is left of it as labels."""

from dataclasses import dataclass

from edge.contracts.types import F32, I64, Detections, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame of a clip, as the teacher saw it. Its frames come in the order of time."""

    t_s: float  # of the clip
    found: Detections


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """The labels of one frame: N objects, and M areas where something may be that the teacher is not sure of."""

    t_s: float
    box: F32  # (N, 4)
    label: I64  # (N,)
    track: I64  # (N,) which object of the clip it is
    support: F32  # (N,) of its track at that time, 0..1
    filled: Mask  # (N,) not seen in this frame, but before and after it
    unsure: F32  # (M, 4)
