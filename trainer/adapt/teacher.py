"""The teacher: a strong detector, run as the daemon runs one, over the whole frame and, where asked, tiles of it."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from pydantic import BaseModel, Field

from edge.contracts.types import F32, U8, Detections, Frame, ModelBundle
from edge.detection.detector import ModelDetector
from edge.detection.settings import DetectionSettings
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime

OVERLAP = 0.25  # of a tile with its neighbour: what one cuts, the other holds whole
SLACK = 0.98  # a region is a little smaller than the window that is to hold it
HIGHEST = 0.999  # of the frame: the planning of crops takes no window that is larger, by rounding, than the frame


class TeacherSettings(BaseModel, extra="forbid", frozen=True):
    """How the teacher looks."""

    min_score: float = Field(0.05, ge=0, le=1, description="fainter findings are not noted; cleaning likes them low")
    tiles: int = Field(1, ge=1, le=3, description="tiles across the frame, for small objects; 1 = the whole frame only")
    threads: int = Field(2, ge=1, le=64, description="CPU threads")


class Teacher:
    """Opens the model on entry and lets go of it on exit."""

    def __init__(self, bundle: ModelBundle, settings: TeacherSettings) -> None:
        self._bundle = bundle
        self._settings = settings
        self._stack = ExitStack()
        self._shape = (0, 0)

    @property
    def path(self) -> Path:
        """The model file."""
        return self._bundle.path

    @property
    def labels(self) -> tuple[str, ...]:
        """What `Detections.label` indexes, "" in holes."""
        return self._bundle.labels

    def __enter__(self) -> Self:
        self._runtime = self._stack.enter_context(
            open_runtime(self._bundle, RuntimeSettings(threads=self._settings.threads))
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def look(self, pixels: U8) -> Detections:
        """What it finds in a frame (h, w, 3) BGR, best score first.

        Raises:
            ModelError: the model failed.
        """
        size = (pixels.shape[1], pixels.shape[0])
        if size != self._shape:
            self._shape, (self._detector, self._tiles) = size, self._aimed(size)
        return self._detector.detect(Frame("footage", 0, 0.0, 0, pixels), self._tiles)

    def _aimed(self, size: tuple[int, int]) -> tuple[ModelDetector, F32]:
        """A detector for frames of that size (width, height), and the tiles it looks closer at."""
        across = self._settings.tiles
        height, width = self._bundle.input.tensor.shape[1:3]
        extent = tile_extent(size, (width, height), across)
        tiles = tiled(extent) if across > 1 else np.zeros((0, 4), np.float32)
        zoom = float(np.clip(width / (size[0] * extent[0]), 0.25, 4.0))
        settings = DetectionSettings(
            min_score=self._settings.min_score,
            max_crops=min(len(tiles), 16),
            crop_margin=0.0,
            crop_zoom=zoom,
            min_gain=1.0,
        )
        return ModelDetector(self._runtime, settings, OpenCv()), tiles


def tile_extent(frame: tuple[int, int], model: tuple[int, int], across: int) -> F32:
    """Width and height (2,), in frame fractions, of tiles of the model's shape, so many side by side with an overlap.

    Args:
        frame: width and height in pixels.
        model: likewise.
        across: tiles side by side; there are more where a tile would be higher than the frame.
    """
    shape = np.array([model[0] / frame[0], model[1] / frame[1]])
    wide = 1 / (across - OVERLAP * (across - 1))
    return (shape * min(wide / shape[0], HIGHEST / shape[1])).astype(np.float32)


def tiled(extent: F32) -> F32:
    """Overlapping tiles (R, 4) of an extent (2,) that cover the frame, all in frame fractions."""
    left, top = np.meshgrid(*(_starts(float(each)) for each in extent))
    corner = np.stack([left.ravel(), top.ravel()], axis=1).astype(np.float32)
    room = extent * np.float32((1 - SLACK) / 2)
    return np.concatenate([corner + room, corner + extent - room], axis=1)


def _starts(extent: float) -> list[float]:
    count = 1 if extent >= 1 - 1e-6 else int(np.ceil((1 - OVERLAP * extent) / (extent * (1 - OVERLAP)) - 1e-6))
    return np.linspace(0, 1 - extent, count).tolist() if count > 1 else [0.0]
