"""Which head a model has, read from the shapes of its outputs. The first rule that fits decides."""

from collections.abc import Callable
from dataclasses import dataclass

from edge.contracts.errors import ModelError
from edge.contracts.types import Head, TensorSpec

POSTPROCESS = "TFLite_Detection_PostProcess"
STRIDES = (8, 16, 32)
ANCHORS = 3  # per cell, of the YOLOv5 layout
COCO_CLASSES = 80
PROBABILITY_SCALE = 1 / 256  # what the converter gives a quantised softmax or sigmoid


@dataclass(frozen=True, slots=True)
class Clues:
    """What the rules look at."""

    input: TensorSpec
    outputs: tuple[TensorSpec, ...]
    custom: frozenset[str]  # names of custom operators
    probabilities: bool  # the only output comes out of a softmax or sigmoid
    labels: frozenset[int]  # how many labels came with the model: with holes, and named ones; empty without labels

    @property
    def cells(self) -> int:
        """Cells of all grids together, 0 where the input is no picture."""
        if not is_picture(self.input):
            return 0
        _, height, width, _ = self.input.shape
        return sum((height // stride) * (width // stride) for stride in STRIDES)

    @property
    def rows_columns(self) -> tuple[int, int]:
        """Last two extents of the only output, (0, 0) where it is not (1, rows, columns)."""
        shape = self.outputs[0].shape
        return (shape[1], shape[2]) if len(self.outputs) == 1 and len(shape) == 3 and shape[0] == 1 else (0, 0)

    @property
    def columns(self) -> int:
        """Extent of a flat output (1, …, columns), 0 where it is none."""
        shape = self.outputs[0].shape
        flat = len(self.outputs) == 1 and len(shape) >= 1 and all(extent == 1 for extent in shape[:-1])
        return shape[-1] if flat and len(shape) >= 2 else 0


def is_picture(tensor: TensorSpec) -> bool:
    """Whether a tensor holds one picture of three channels, (1, height, width, 3)."""
    return len(tensor.shape) == 4 and tensor.shape[0] == 1 and tensor.shape[3] == 3


def resolve_head(clues: Clues) -> Head:
    """The head of a model.

    Raises:
        ModelError: no rule fits.
    """
    for head, fits in RULES:
        if fits(clues):
            return head
    shapes = ", ".join(str(list(output.shape)) for output in clues.outputs)
    raise ModelError(
        f"outputs of the shape {shapes} for an input {list(clues.input.shape)} fit no known kind of model; "
        f"name the head in the configuration ({', '.join(Head)}), or export the model with one of these layouts"
    )


def class_count(head: Head, outputs: tuple[TensorSpec, ...]) -> int:
    """How many classes a head's outputs tell apart, 0 where their shapes do not say."""
    shape = outputs[0].shape
    if not shape:
        return 0
    if head is Head.YOLOV8:
        return max(0, min(shape[1:], default=0) - 4)
    return max(0, shape[-1] - COLUMNS_BEFORE_CLASSES[head]) if head in COLUMNS_BEFORE_CLASSES else 0


COLUMNS_BEFORE_CLASSES = {Head.YOLOX: 5, Head.YOLOV5: 5, Head.CLASSIFIER: 0}


def _is_ssd(clues: Clues) -> bool:
    return POSTPROCESS in clues.custom or (len(clues.outputs) == 4 and is_picture(clues.input))


def _is_yolox(clues: Clues) -> bool:
    rows, columns = clues.rows_columns
    return 0 < rows == clues.cells and columns > 5 and not _counts_without_objectness(columns, clues.labels)


def _is_yolov5(clues: Clues) -> bool:
    rows, columns = clues.rows_columns
    return 0 < rows == ANCHORS * clues.cells and columns > 5


def _is_yolov8(clues: Clues) -> bool:
    """(1, 4 + C, cells), or transposed."""
    rows, columns = clues.rows_columns
    return (0 < columns == clues.cells and rows > 4) or (0 < rows == clues.cells and columns > 4)


def _counts_without_objectness(columns: int, labels: frozenset[int]) -> bool:
    """Whether rows of so many columns are 4 + C, not 5 + C: by the labels, else if that makes the classes of COCO."""
    return columns - 4 in (labels or {COCO_CLASSES})


def _is_classifier(clues: Clues) -> bool:
    output = clues.outputs[0]
    softmax = abs(output.scale - PROBABILITY_SCALE) < 1e-6 and output.zero_point in {0, -128}
    return clues.columns > 1 and (clues.probabilities or softmax or clues.columns in clues.labels)


def _is_embedding(clues: Clues) -> bool:
    return clues.columns > 1 and is_picture(clues.input)


def _is_series(clues: Clues) -> bool:
    return not is_picture(clues.input) and len(clues.input.shape) >= 2 and len(clues.outputs[0].shape) >= 2


RULES: tuple[tuple[Head, Callable[[Clues], bool]], ...] = (
    (Head.SSD, _is_ssd),
    (Head.YOLOX, _is_yolox),
    (Head.YOLOV5, _is_yolov5),
    (Head.YOLOV8, _is_yolov8),
    (Head.CLASSIFIER, _is_classifier),
    (Head.EMBEDDING, _is_embedding),
    (Head.SERIES, _is_series),
)
