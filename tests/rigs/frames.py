"""Frames around pixels."""

from edge.contracts.types import U8, Frame


def frame(pixels: U8, t_s: float = 0.0, seq: int = 0) -> Frame:
    """A frame of the camera `cam`."""
    return Frame("cam", seq, t_s, round(t_s * 1e9), pixels)
