"""Decoders of YOLOv5 and YOLOv8 outputs, one row of `cx, cy, w, h, …` per anchor, already decoded inside the model.

YOLOv5: (1, M, 5 + C) with objectness before the C class scores; YOLOv8: (1, 4 + C, M), or (1, M, 4 + C), without.
Boxes are pixels or fractions of the model's input, depending on the exporter: told apart by the centres, which
anchors spread over the whole input.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.boxes import from_centre_size
from edge.contracts.decode_common import (
    DecodeLimits,
    Decoder,
    Outputs,
    are_logits,
    known,
    output,
    sigmoid,
    sound,
    suppress,
)
from edge.contracts.errors import ModelError
from edge.contracts.preprocess import input_size
from edge.contracts.tensors import real
from edge.contracts.types import F32, Detections, ModelBundle


def rows_of(stored: NDArray[Any], columns: int, bundle: ModelBundle) -> NDArray[Any]:
    """The output as (M, columns), turned where the file has it (columns, M).

    Raises:
        ModelError: neither axis has that many, so the labels belong to another model.
    """
    single = stored.ndim == 3 and stored.shape[0] == 1
    if single and stored.shape[2] == columns:
        return stored[0]
    if single and stored.shape[1] == columns:
        return stored[0].T
    raise ModelError(
        f"{bundle.path}: output {stored.shape} has no axis of {columns}, which {len(bundle.labels)} labels and a "
        f"{bundle.head} head make; give the label file that belongs to the model, or name its real head"
    )


def _yolo(bundle: ModelBundle, limits: DecodeLimits, first_class: int) -> Decoder:
    named, spec = known(bundle.labels), bundle.outputs[0]
    size = input_size(bundle.input)

    def decode(outputs: Outputs) -> Detections:
        rows = rows_of(output(outputs, bundle, 1)[0], first_class + len(bundle.labels), bundle)
        near, score, label = best_class(rows, first_class, limits.min_score, bundle)
        if len(near) == 0:
            return Detections.empty()
        box = from_centre_size(real(rows[near, :4], spec) / _unit(real(rows[:, :2], spec), size))
        good = sound(box, score, label, named)
        return suppress(Detections(box[good], score[good], label[good]), limits)

    return decode


def best_class(
    rows: NDArray[Any], first_class: int, min_score: float, bundle: ModelBundle
) -> tuple[NDArray[np.int64], F32, NDArray[np.int64]]:
    """Readable rows whose best class reaches the score, that score, and the class.

    Compares stored values and converts few.

    Args:
        rows: (M, first_class + C) as stored; `first_class` 5 means that column 4 is an objectness.
        first_class: column of the first class.
        min_score: 0..1.
        bundle: for the quantisation of the output.
    """
    spec, sure = bundle.outputs[0], np.ones(len(rows), np.float32)
    logits = False
    if first_class == 5:
        sure = real(rows[:, 4], spec)
        logits = are_logits(sure)
        sure = sigmoid(sure) if logits else sure
    near = np.flatnonzero((sure >= min_score) & np.isfinite(rows[:, 4]))
    best = real(rows[near, first_class:].max(axis=1, initial=_lowest(rows)), spec)
    score = (sigmoid(best) if logits or are_logits(best) else best) * sure[near]
    good = (score >= min_score) & np.isfinite(best) & np.isfinite(rows[near, :4]).all(axis=1)
    near = near[good]
    return near, np.minimum(score[good], np.float32(1)), rows[near, first_class:].argmax(axis=1)


def _lowest(rows: NDArray[Any]) -> Any:
    return -np.inf if rows.dtype.kind == "f" else np.iinfo(rows.dtype).min


def _unit(centre: F32, size: tuple[int, int]) -> F32:
    """What boxes are to be divided by (4,): the input's size where they are pixels."""
    in_pixels = np.fmax.reduce(centre, axis=None) > 2
    return np.array(size * 2 if in_pixels else (1, 1, 1, 1), np.float32)


yolov5 = partial(_yolo, first_class=5)
yolov8 = partial(_yolo, first_class=4)
