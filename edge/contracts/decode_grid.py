"""Decoder of YOLOX: one row of `x, y, w, h, objectness, C class scores` per cell of three grids (strides 8, 16, 32).

Exporters leave the boxes raw (`x, y` from the cell's corner in cells, `w, h` as logarithms of cells), decode them to
pixels, or to fractions; and give one tensor (1, M, 5 + C) or one (1, h, w, 5 + C) per grid.
Formulas: YOLOX, Ge et al. 2021, section 2.1: centre = (offset + cell) * stride, size = exp(value) * stride.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.boxes import from_centre_size
from edge.contracts.decode_common import DecodeLimits, Decoder, Outputs, known, output, sound, suppress
from edge.contracts.decode_yolo import best_class, rows_of
from edge.contracts.errors import ModelError
from edge.contracts.preprocess import input_size
from edge.contracts.tensors import real
from edge.contracts.types import F32, Detections, ModelBundle, TensorSpec

STRIDES = (8, 16, 32)
SAMPLE = 7  # every so many cells are enough to see how boxes are written
LARGEST = 12.0  # logarithm; nothing in a picture is e^12 cells wide


def yolox(bundle: ModelBundle, limits: DecodeLimits) -> Decoder:
    """A decoder for grids, raw or decoded."""
    named, size = known(bundle.labels), np.array(input_size(bundle.input), np.float32)
    cell, stride = grid(*input_size(bundle.input))
    levels, bundle = bundle.outputs, _one_output(bundle)

    def decode(outputs: Outputs) -> Detections:
        rows = rows_of(_joined(output(outputs, bundle, 1), levels), 5 + len(bundle.labels), bundle)
        if len(rows) != len(cell):
            raise ModelError(
                f"{bundle.path}: output has {len(rows)} rows, grids of strides {STRIDES} have {len(cell)}; "
                "name the model's real head"
            )
        near, score, label = best_class(rows, 5, limits.min_score, bundle)
        if len(near) == 0:
            return Detections.empty()
        sample = real(rows[::SAMPLE, :2], bundle.outputs[0])
        unit = writing(sample, cell[::SAMPLE], stride[::SAMPLE], size)
        raw = real(rows[near, :4], bundle.outputs[0])
        box = from_centre_size(UNITS[unit](raw, cell[near], stride[near], size))
        good = sound(box, score, label, named)
        return suppress(Detections(box[good], score[good], label[good]), limits)

    return decode


def grid(width: int, height: int) -> tuple[F32, F32]:
    """Left top corners (M, 2) in cells, and cell sizes (M, 1) in pixels, of all grids, row by row."""
    cells, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack([x.reshape(-1), y.reshape(-1)], axis=1))
        strides.append(np.full((x.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def writing(xy: F32, cell: F32, stride: F32, size: F32) -> str:
    """How the boxes are written: the way in which the centres (S, 2) lie nearest to the middles of their cells."""
    middle = cell + np.float32(0.5)
    readable = np.isfinite(xy).all(axis=1)
    xy, stride, middle = xy[readable], stride[readable], middle[readable]
    off = {
        "pixels": np.abs(xy / stride - middle),
        "fractions": np.abs(xy * size / stride - middle),
        "raw": np.abs(xy - np.float32(0.5)),
    }
    return min(off, key=lambda name: float(np.median(off[name])) if len(xy) else 0.0)


def _raw(box: F32, cell: F32, stride: F32, size: F32) -> F32:
    extent = np.exp(np.minimum(box[:, 2:], np.float32(LARGEST)))
    return np.concatenate([(box[:, :2] + cell) * stride / size, extent * stride / size], axis=1)


def _pixels(box: F32, _cell: F32, _stride: F32, size: F32) -> F32:
    both: F32 = np.concatenate([size, size])
    return box / both


def _fractions(box: F32, _cell: F32, _stride: F32, _size: F32) -> F32:
    return box


UNITS = {"raw": _raw, "pixels": _pixels, "fractions": _fractions}


def _one_output(bundle: ModelBundle) -> ModelBundle:
    """The bundle as it looks after `_joined`."""
    if len(bundle.outputs) == 1:
        return bundle
    return replace(bundle, outputs=(TensorSpec("joined", (), "float32", 0.0, 0),))


def _joined(outputs: Outputs, levels: tuple[TensorSpec, ...]) -> NDArray[Any]:
    """One array (1, M, 5 + C) from one tensor as stored, or from one per grid in real values, finest first."""
    if len(levels) == 1:
        return outputs[0]
    parts = [real(stored.reshape(-1, stored.shape[-1]), spec) for stored, spec in zip(outputs, levels, strict=True)]
    return np.concatenate(sorted(parts, key=lambda part: -len(part)))[None]
