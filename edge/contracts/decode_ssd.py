"""Decoder of `TFLite_Detection_PostProcess`: boxes (1, N, 4) as ymin, xmin, ymax, xmax; classes, scores (1, N); count.

The four outputs come in several orders (conventions differ between TF1, TF2 and other exporters). They are told apart
by their names when the file has telling ones, else by shape, and classes from scores by classes being whole numbers.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.decode_common import DecodeLimits, Decoder, Outputs, output
from edge.contracts.errors import ModelError
from edge.contracts.tensors import real
from edge.contracts.types import F32, I64, Detections, ModelBundle


@dataclass(frozen=True, slots=True)
class Order:
    """Position of each of the four outputs."""

    boxes: int
    classes: int
    scores: int
    count: int


OP, TF2 = "tflite_detection_postprocess", "statefulpartitionedcall"
# Complete sets of names (last part of a path, lower case) that settle the order: boxes, classes, scores, count.
NAMES: tuple[tuple[str, str, str, str], ...] = (
    (OP, f"{OP}:1", f"{OP}:2", f"{OP}:3"),
    ("detection_boxes", "detection_classes", "detection_scores", "num_detections"),
    ("boxes", "classes", "scores", "count"),
    ("location", "category", "score", "number of detections"),
    ("output_3", "output_2", "output_1", "output_0"),
    (f"{TF2}:3", f"{TF2}:2", f"{TF2}:1", f"{TF2}:0"),
)


def ssd(bundle: ModelBundle, limits: DecodeLimits) -> Decoder:
    """A decoder for the head that suppresses duplicates inside the model."""
    order, specs = by_name(bundle), bundle.outputs

    def decode(outputs: Outputs) -> Detections:
        output(outputs, bundle, 4)
        place = order if order and fits(order, outputs) else by_shape(outputs, bundle)
        filled = _count(outputs[place.count])
        score = real(outputs[place.scores].reshape(-1)[:filled], specs[place.scores])
        rows = np.flatnonzero(score >= limits.min_score)
        if len(rows) == 0:
            return Detections.empty()
        rows = rows[np.argsort(-score[rows], kind="stable")]
        box = real(outputs[place.boxes].reshape(-1, 4)[rows], specs[place.boxes])
        label = real(outputs[place.classes].reshape(-1)[rows], specs[place.classes])
        good = believable(box, label, bundle.labels)[: limits.max_detections]
        return Detections(
            box[good][:, [1, 0, 3, 2]], np.minimum(score[rows[good]], np.float32(1)), label[good].astype(np.int64)
        )

    return decode


def believable(box: F32, label: F32, labels: tuple[str, ...]) -> I64:
    """Rows of `ymin, xmin, ymax, xmax` (N, 4) that are finite and not inside out, with a label (N,) that has a name.

    In plain Python, which is faster than NumPy on the few rows that this head gives.
    """
    good = []
    for row, ((y1, x1, y2, x2), index) in enumerate(zip(box.tolist(), label.tolist(), strict=True)):
        upright = -math.inf < x1 < x2 < math.inf and -math.inf < y1 < y2 < math.inf
        if upright and 0 <= index < len(labels) and index.is_integer() and labels[int(index)]:
            good.append(row)
    return np.array(good, np.int64)


def by_name(bundle: ModelBundle) -> Order | None:
    """The order that the outputs' names tell, if they do."""
    names = [spec.name.lower().rsplit("/", 1)[-1] for spec in bundle.outputs]
    for row in NAMES:
        if set(row) <= set(names):
            return Order(*(names.index(name) for name in row))
    return None


def fits(order: Order, outputs: Outputs) -> bool:
    """Whether the shapes are what the order says."""
    rows = outputs[order.scores].size
    return (
        outputs[order.boxes].size == 4 * rows
        and outputs[order.boxes].shape[-1:] == (4,)
        and outputs[order.classes].size == rows
        and outputs[order.count].size == 1
    )


def by_shape(outputs: Outputs, bundle: ModelBundle) -> Order:
    """The order that shapes and values tell; TF1's or TF2's where values leave it open.

    Raises:
        ModelError: the outputs are not those of this head.
    """
    boxes = [i for i, array in enumerate(outputs) if array.ndim == 3 and array.shape[-1] == 4]
    count = [i for i, array in enumerate(outputs) if array.ndim <= 1 and array.size == 1]
    pair = [i for i in range(len(outputs)) if i not in {*boxes, *count}]
    if len(boxes) != 1 or len(count) != 1 or len(pair) != 2 or outputs[pair[0]].shape != outputs[pair[1]].shape:
        shapes = [array.shape for array in outputs]
        raise ModelError(
            f"{bundle.path}: outputs {shapes} are not boxes (1, N, 4), classes (1, N), scores (1, N) and a count; "
            "this is no SSD with post-processing: name the model's real head"
        )
    whole = [_is_classes(outputs[i]) for i in pair]
    if whole[0] == whole[1]:
        whole = [count[0] == 3, count[0] != 3]  # boxes, classes, scores, count or scores, boxes, count, classes
    classes, scores = (pair[0], pair[1]) if whole[0] else (pair[1], pair[0])
    return Order(boxes=boxes[0], classes=classes, scores=scores, count=count[0])


def _is_classes(array: NDArray[Any]) -> bool:
    finite = array[np.isfinite(array)]
    return bool((finite == np.rint(finite)).all())


def _count(stored: NDArray[Any]) -> int:
    """Rows that are filled; what lies behind them is left over from earlier calls."""
    value = float(stored.reshape(-1)[0])
    return max(0, int(value)) if np.isfinite(value) else 0
