"""What a detector is made of, and where its cells lie. No TensorFlow here: sizes are asked before it is loaded."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge.contracts.types import F32

STRIDES = (8, 16, 32)
BASE = 4.0  # a box of so many strides is what a cell's logarithm 0 stands for
Backbone = Literal["mobilenet_v1", "mobilenet_v2"]


@dataclass(frozen=True, slots=True)
class Architecture:
    """One detector.

    `input_px` is the side of its square picture, a multiple of 32; `width` the backbone's multiplier of channels;
    `channels` those of pyramid and head; `dropout` the share of the head's that training leaves out.
    """

    classes: int
    input_px: int = 320
    backbone: Backbone = "mobilenet_v2"
    width: float = 0.35
    channels: int = 64
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.input_px % STRIDES[-1] or not 64 <= self.input_px <= 1024:
            raise ValueError(f"input_px {self.input_px} must be a multiple of {STRIDES[-1]}, from 64 to 1024")
        if self.classes < 1:
            raise ValueError("a detector needs a class to detect")

    @property
    def cells(self) -> int:
        """How many cells look for an object, over all strides."""
        return sum((self.input_px // stride) ** 2 for stride in STRIDES)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The cells of all strides, finest first, row by row, as fractions of the picture.

    A cell's raw box is (dy, dx, log h, log w): `centre = cell + (dx, dy) * stride`, `size = exp(log) * BASE * stride`
    (after YOLOX, Ge et al. 2021). TFLite_Detection_PostProcess decodes the same, in this order, with boxes of
    `base` as its anchors and `BASE` as the scale of its offsets.
    """

    centre: F32  # (A, 2) x, y
    stride: F32  # (A, 1)

    @property
    def base(self) -> F32:
        """(A, 1) side of the box that logarithm 0 stands for."""
        return self.stride * np.float32(BASE)


def grid(architecture: Architecture) -> Grid:
    """The cells of a detector."""
    centres, strides = [], []
    for stride in STRIDES:
        side = architecture.input_px // stride
        y, x = np.mgrid[:side, :side]
        centres.append((np.stack([x.reshape(-1), y.reshape(-1)], axis=1) + 0.5) / side)
        strides.append(np.full((side * side, 1), 1 / side))
    return Grid(np.concatenate(centres).astype(np.float32), np.concatenate(strides).astype(np.float32))
