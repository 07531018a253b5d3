"""Pictures on which the quantiser measures ranges, brought to the network exactly as serving brings them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.preprocess import Preprocess
from edge.contracts.types import F32, U8, ColourOrder, InputRecipe, Resize, TensorSpec
from edge.imaging import OpenCv
from trainer.export.scaling import MEAN, STD

MOST = 300  # ranges hardly move beyond a few hundred pictures
FEW = 16  # fewer measure too narrow ranges


@dataclass(slots=True)
class CalibrationSet:
    """Pictures of the training split, read one after the other when the quantiser asks for them."""

    pictures: Sequence[Path]
    input_px: int
    used: int = 0
    unreadable: list[Path] = field(default_factory=list)

    def __iter__(self) -> Iterator[F32]:
        """Input tensors (1, S, S, 3), float32, -1..1."""
        prepare = _prepared(self.input_px)
        self.used, self.unreadable = 0, []
        for path in self.pictures:
            pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if pixels is None:
                self.unreadable.append(path)
                continue
            tensor = prepare(pixels)
            self.used += 1
            yield _spanning(tensor) if self.used == 1 else tensor


def chosen(pictures: Sequence[Path]) -> tuple[Path, ...]:
    """At most `MOST` of them, evenly spread."""
    if len(pictures) <= MOST:
        return tuple(pictures)
    return tuple(pictures[index] for index in np.linspace(0, len(pictures) - 1, MOST).round().astype(int))


def _prepared(input_px: int) -> Callable[[U8], F32]:
    tensor = TensorSpec("picture", (1, input_px, input_px, 3), "float32", 0.0, 0)
    preprocess = Preprocess(InputRecipe(tensor, Resize.LETTERBOX, ColourOrder.RGB, MEAN, STD), OpenCv())

    def prepare(pixels: U8) -> F32:
        made: F32 = preprocess(pixels)[0].copy()
        return made

    return prepare


def _spanning(tensor: F32) -> F32:
    """The same with a black and a white pixel in its last row, so that the input's range is that of all pixels.

    Else the darkest pictures would decide what a byte of the input means, and it would not be the pixel itself.
    """
    tensor[0, -1, -1], tensor[0, -1, -2] = -1.0, 1.0
    return tensor
