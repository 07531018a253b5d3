"""How a model's input tensor is filled: configuration over manifest over metadata over what is known of the head."""

import math
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.head_rules import is_picture
from edge.contracts.manifest import Manifest, PictureInput, Triple
from edge.contracts.metadata import Metadata
from edge.contracts.types import ColourOrder, Head, InputRecipe, Resize, TensorSpec

LOWEST = {"uint8": 0, "int8": -128}  # what stands for a black pixel
MAX_SIDE_PX = 8192
MAX_SCALING = 1e6

# Mean and std that float models of a family are trained with, where nothing in the file says so. Classifiers and
# embeddings have no such custom: theirs must be told.
FLOAT_SCALING: dict[Head, tuple[float, float]] = {
    Head.SSD: (127.5, 127.5),
    Head.YOLOX: (0.0, 1.0),
    Head.YOLOV5: (0.0, 255.0),
    Head.YOLOV8: (0.0, 255.0),
}
LETTERBOXED = frozenset({Head.YOLOX, Head.YOLOV5, Head.YOLOV8})
NO_PICTURE = PictureInput(Resize.STRETCH, ColourOrder.RGB, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the configuration says against the file, or where the file is silent; None leaves it to the file."""

    labels: Path | None = None
    head: Head | None = None
    resize: Resize | None = None
    order: ColourOrder | None = None
    mean: Triple | None = None
    std: Triple | None = None


NO_OVERRIDES = Overrides()


def resolve_input(
    tensor: TensorSpec, head: Head, manifest: Manifest | None, metadata: Metadata, overrides: Overrides
) -> InputRecipe:
    """The recipe of a model's input.

    Raises:
        ModelError: the input is of a kind that cannot be filled, or its normalisation is not known.
        MalformedError: the file contradicts itself.
    """
    if tensor.dtype not in {"float32", *LOWEST}:
        raise ModelError(f"its input is {tensor.dtype}; export it with uint8, int8 or float32 input")
    if not is_picture(tensor):
        return InputRecipe(tensor, NO_PICTURE.resize, NO_PICTURE.order, NO_PICTURE.mean, NO_PICTURE.std)
    _check_picture(tensor, metadata)
    told = manifest.input if manifest else None
    given = told if isinstance(told, PictureInput) else _from_file(tensor, head, metadata)
    mean, std = _scaling(given, overrides)
    mean, std = _snapped(tensor, mean, std)
    return InputRecipe(tensor, overrides.resize or given.resize, overrides.order or given.order, mean, std)


def _check_picture(tensor: TensorSpec, metadata: Metadata) -> None:
    _, height, width, _ = tensor.shape
    if not (8 <= height <= MAX_SIDE_PX and 8 <= width <= MAX_SIDE_PX):
        raise ModelError(
            f"its input is {width} x {height} pixels; export it with a fixed size of 8 to {MAX_SIDE_PX} pixels a side"
        )
    if metadata.greyscale:
        raise MalformedError("its metadata says greyscale and its input has three channels")


def _from_file(tensor: TensorSpec, head: Head, metadata: Metadata) -> PictureInput:
    """Metadata, else the head's custom. Without either mean and std are NaN, which `_scaling` refuses."""
    resize = Resize.LETTERBOX if head in LETTERBOXED else Resize.STRETCH
    order = ColourOrder.BGR if head is Head.YOLOX else ColourOrder.RGB
    if tensor.dtype in LOWEST and not metadata.mean:
        mean, std = _raw_pixels(tensor)
        return PictureInput(resize, order, _thrice((mean,)), _thrice((std,)))
    custom = FLOAT_SCALING.get(head, (float("nan"), float("nan")))
    mean3, std3 = _thrice(metadata.mean or custom[:1]), _thrice(metadata.std or custom[1:])
    return PictureInput(resize, order, mean3, std3)


def _scaling(given: PictureInput, overrides: Overrides) -> tuple[Triple, Triple]:
    mean, std = overrides.mean or given.mean, overrides.std or given.std
    if any(map(math.isnan, mean + std)):
        raise ModelError(
            "its input is float32 and nothing says how its pixels are scaled; set mean and std in the "
            "configuration (127.5 and 127.5 for -1..1, 0 and 255 for 0..1), or export the model with metadata"
        )
    if max(map(abs, mean)) > MAX_SCALING or not 1 / MAX_SCALING <= min(std) <= max(std) <= MAX_SCALING:
        raise ModelError(
            f"mean {list(mean)} and std {list(std)} make no sense for pixels of 0 to 255; correct them in the "
            "configuration, or export the model again"
        )
    return mean, std


def _raw_pixels(tensor: TensorSpec) -> tuple[float, float]:
    """Mean and std with which quantisation gives the pixel itself (uint8) or the pixel - 128 (int8)."""
    if not tensor.scale:
        return -float(LOWEST[tensor.dtype]), 1.0
    return float(tensor.zero_point - LOWEST[tensor.dtype]), 1 / tensor.scale


def _snapped(tensor: TensorSpec, mean: Triple, std: Triple) -> tuple[Triple, Triple]:
    """Mean and std of raw pixels, where those given come within a step and a half of them; else those given.

    The metadata of a quantised model often repeats the float model's 127.5, while its input is the picture as it is.
    """
    if tensor.dtype not in LOWEST or not tensor.scale:
        return mean, std
    lowest = LOWEST[tensor.dtype]
    for channel_mean, channel_std in zip(mean, std, strict=True):
        black, white = (
            (pixel - channel_mean) / (channel_std * tensor.scale) + tensor.zero_point - lowest for pixel in (0, 255)
        )
        if abs(black) > 1.5 or abs(white - 255) > 1.5:
            return mean, std
    raw_mean, raw_std = _raw_pixels(tensor)
    return _thrice((raw_mean,)), _thrice((raw_std,))


def _thrice(values: tuple[float, ...]) -> Triple:
    red, green, blue = values if len(values) == 3 else values * 3
    return red, green, blue
