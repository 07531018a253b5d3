"""Pictures as the network gets them, and which part of its square they fill."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.preprocess import Placement, Preprocess
from edge.contracts.types import F32, U8, ColourOrder, InputRecipe, Resize, TensorSpec
from edge.imaging import OpenCv
from trainer.errors import TrainError
from trainer.evaluate.running import read_pixels

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_MIDDLE = (127.5, 127.5, 127.5)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture, letterboxed."""

    path: Path
    pixels: U8  # (h, w, 3) BGR, as it lies on disk
    tensor: F32  # (S, S, 3) RGB, -1..1
    filled: tuple[float, float]  # width and height that the picture takes of the square, fractions
    placement: Placement

    @property
    def seen(self) -> U8:
        """(S, S, 3) BGR: the square as the network gets it."""
        return as_pixels(self.tensor)


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Pictures of a folder, and the files among them that are none."""

    views: tuple[View, ...]
    unreadable: tuple[Path, ...]

    @property
    def tensors(self) -> F32:
        """(P, S, S, 3)."""
        return np.stack([view.tensor for view in self.views])


def view_of(path: Path, pixels: U8, input_px: int) -> View:
    """One picture at the size of a network."""
    spec = TensorSpec("picture", (1, input_px, input_px, 3), "float32", 0.0, 0)
    prepare = Preprocess(InputRecipe(spec, Resize.LETTERBOX, ColourOrder.RGB, _MIDDLE, _MIDDLE), OpenCv())
    tensor, placement = prepare(pixels)
    width, height = placement.extent
    return View(path, pixels, tensor[0].copy(), (1 / width, 1 / height), placement)


def read_view(path: Path, input_px: int) -> View:
    """A picture file at the size of a network.

    Raises:
        TrainError: there is no picture in it.
    """
    pixels = read_pixels(path)
    if pixels is None:
        raise TrainError(f"{path} cannot be read as a picture; choose another")
    return view_of(path, pixels, input_px)


def read_views(folder: Path, input_px: int, most: int) -> Views:
    """At most so many pictures of a folder and the folders in it, evenly chosen.

    Raises:
        TrainError: there are none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    chosen = [files[index * len(files) // most] for index in range(most)] if len(files) > most else files
    read = [(path, read_pixels(path)) for path in chosen]
    views = tuple(view_of(path, pixels, input_px) for path, pixels in read if pixels is not None)
    if not views:
        raise TrainError(f"{folder} holds no pictures ({', '.join(sorted(SUFFIXES))}); name a folder of some")
    return Views(views, tuple(path for path, pixels in read if pixels is None))


def as_pixels(tensor: F32) -> U8:
    """(..., S, S, 3) RGB -1..1 as BGR pixels."""
    return np.clip(np.rint(tensor[..., ::-1] * 127.5 + 127.5), 0, 255).astype(np.uint8)


def enlarged(pixels: U8, side_px: int) -> U8:
    """A square patch at another size; small ones keep their pixels visible."""
    rough = pixels.shape[0] * 3 < side_px
    shrinks = pixels.shape[0] > side_px
    way = cv2.INTER_NEAREST if rough else cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    made: U8 = cv2.resize(pixels, (side_px, side_px), interpolation=way)
    return made


def spread(views: Sequence[View], most: int) -> list[View]:
    """At most so many of the pictures, evenly."""
    step = max(len(views) / most, 1)
    return [views[int(index * step)] for index in range(min(most, len(views)))]
