"""What a classifier is made of. No TensorFlow here: sizes are asked before it is loaded."""

from dataclasses import dataclass

from trainer.detector.architecture import Backbone

STRIDE = 32
SMALLEST_PX, LARGEST_PX = 32, 512


@dataclass(frozen=True, slots=True)
class Architecture:
    """One classifier.

    `input_px` is the side of its square picture, a multiple of 32; `width` the backbone's multiplier of channels;
    `embedding` the extent of the vector that the classes are told apart by; `dropout` the share of it that training
    leaves out.
    """

    classes: int
    input_px: int = 128
    backbone: Backbone = "mobilenet_v2"
    width: float = 0.35
    embedding: int = 128
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if self.input_px % STRIDE or not SMALLEST_PX <= self.input_px <= LARGEST_PX:
            raise ValueError(
                f"input_px {self.input_px} must be a multiple of {STRIDE}, from {SMALLEST_PX} to {LARGEST_PX}"
            )
        if self.classes < 2:
            raise ValueError("a classifier tells two classes apart at least")
