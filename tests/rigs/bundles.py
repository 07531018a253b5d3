"""Made-up model bundles, and a runtime that gives prepared outputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.runtime import NO_ACCELERATOR
from edge.contracts.types import ColourOrder, Head, InputRecipe, ModelBundle, Resize, TensorSpec
from edge.contracts.windows import Window

LABELS = ("person", "", "car", "dog")


def tensor(
    name: str = "t", shape: tuple[int, ...] = (), dtype: str = "float32", scale: float = 0.0, zero: int = 0
) -> TensorSpec:
    return TensorSpec(name, shape, dtype, scale, zero)


def feed(
    size_px: tuple[int, int] = (64, 64),
    dtype: str = "uint8",
    quantised: tuple[float, int] = (0.0, 0),
    resize: Resize = Resize.STRETCH,
    order: ColourOrder = ColourOrder.BGR,
    norm: tuple[float, float] = (0.0, 1.0),
) -> InputRecipe:
    """`size_px` is width and height, `norm` mean and std of every channel."""
    spec = tensor("input", (1, size_px[1], size_px[0], 3), dtype, *quantised)
    return InputRecipe(spec, resize, order, (norm[0],) * 3, (norm[1],) * 3)


def bundle(
    head: Head,
    outputs: Sequence[TensorSpec],
    labels: tuple[str, ...] = LABELS,
    recipe: InputRecipe | None = None,
    window: Window | None = None,
) -> ModelBundle:
    made = recipe or feed()
    return ModelBundle(
        Path("made.tflite"), "", 0, "made", "1", head, made, window, tuple(outputs), labels, edgetpu=False
    )


class Prepared:
    """A `Runtime` that gives prepared outputs, one set per call, the last one for ever; keeps what it was fed."""

    name = "prepared"
    delegate = "none"
    accelerator = NO_ACCELERATOR

    def __init__(self, model: ModelBundle, answers: Sequence[tuple[NDArray[Any], ...]]) -> None:
        self.bundle = model
        self.fed: list[NDArray[Any]] = []
        self._answers = list(answers)

    def invoke(self, fed: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        self.fed.append(fed.copy())
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def ssd_outputs(rows: Sequence[tuple[Sequence[float], float, float]], padding: int = 10) -> tuple[NDArray[Any], ...]:
    """Boxes, classes, scores, count from rows of (x1, y1, x2, y2), class, score, with `padding` rows in all."""
    boxes, classes, scores = np.zeros((1, padding, 4)), np.zeros((1, padding)), np.zeros((1, padding))
    for i, ((x1, y1, x2, y2), label, score) in enumerate(rows):
        boxes[0, i], classes[0, i], scores[0, i] = (y1, x1, y2, x2), label, score
    parts = (boxes, classes, scores, np.array([len(rows)]))
    return tuple(part.astype(np.float32) for part in parts)


def ssd_bundle(names: Sequence[str] = ("a", "b", "c", "d"), labels: tuple[str, ...] = LABELS) -> ModelBundle:
    return bundle(Head.SSD, [tensor(name) for name in names], labels)
