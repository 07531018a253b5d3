"""Frames of a source that is opened anew, as if it had never been away."""

import math
from dataclasses import replace

from edge.contracts.types import Frame

RESTART_S = 0.04  # between the last frame of a source and the first after it was opened anew, at least


class Onward:
    """Lets numbers and times of frames go on where a source that is opened anew begins again."""

    def __init__(self) -> None:
        self._next_seq = 0
        self._last_s = -math.inf
        self._seq_shift = 0
        self._shift_s = 0.0
        self._anew = True

    def reopened(self) -> None:
        """The next frame is the first of a source that knows nothing of the one before."""
        self._anew = True

    def frame(self, frame: Frame) -> Frame:
        """The frame, numbered and timed after all those before it."""
        if self._anew:
            self._anew = False
            self._seq_shift = self._next_seq - frame.seq
            self._shift_s = max(0.0, self._last_s + RESTART_S - frame.t_s) if math.isfinite(self._last_s) else 0.0
        if self._seq_shift or self._shift_s:
            frame = replace(frame, seq=frame.seq + self._seq_shift, t_s=frame.t_s + self._shift_s)
        self._next_seq, self._last_s = frame.seq + 1, frame.t_s
        return frame
