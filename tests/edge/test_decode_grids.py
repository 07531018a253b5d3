"""The same boxes, written in every layout of YOLOX, YOLOv5 and YOLOv8, come out the same."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contracts.decode import decoder
from edge.contracts.decode_common import DecodeLimits
from edge.contracts.decode_grid import grid
from edge.contracts.errors import ModelError
from edge.contracts.types import F32, Head, TensorSpec
from tests.rigs.bundles import LABELS, bundle, feed, tensor

W, H = 128, 96
LIMITS = DecodeLimits(min_score=0.3, nms_iou=0.5, max_detections=100)
SIZE = np.array([W, H, W, H], np.float32)

# Objects: centre and size in fractions of the input, class, score.
OBJECTS = [((0.3, 0.4, 0.2, 0.3), 2, 0.9), ((0.7, 0.6, 0.3, 0.2), 0, 0.6), ((0.71, 0.6, 0.3, 0.2), 3, 0.5)]
BOXES = np.array([[0.2, 0.25, 0.4, 0.55], [0.55, 0.5, 0.85, 0.7], [0.56, 0.5, 0.86, 0.7]], np.float32)
CELLS, STRIDES = grid(W, H)
ROWS = [40, 200, 230]  # a cell of each of two grids, each object's


def rows_in_pixels() -> F32:
    """(M, 5 + C): every cell a little box of its own in its middle, without score; the objects in theirs."""
    rows = np.zeros((len(CELLS), 5 + len(LABELS)), np.float32)
    rows[:, :2], rows[:, 2:4] = (CELLS + 0.5) * STRIDES, STRIDES
    for row, (centre_size, label, score) in zip(ROWS, OBJECTS, strict=True):
        rows[row, :4] = np.array(centre_size) * SIZE
        rows[row, 4], rows[row, 5 + label] = 1.0, score
    return rows


def yolox_raw(rows: F32) -> tuple[NDArray[Any], ...]:
    raw = rows.copy()
    raw[:, :2] = rows[:, :2] / STRIDES - CELLS
    raw[:, 2:4] = np.log(rows[:, 2:4] / STRIDES)
    return (raw[None],)


def fractions(rows: F32) -> F32:
    return np.concatenate([rows[:, :4] / SIZE, rows[:, 4:]], axis=1)


def yolox_levels(rows: F32) -> tuple[NDArray[Any], ...]:
    raw = yolox_raw(rows)[0][0]
    sides = [(H // s, W // s) for s in (8, 16, 32)]
    parts = np.split(raw, np.cumsum([h * w for h, w in sides])[:-1])
    levels = [part.reshape(1, h, w, -1) for part, (h, w) in zip(parts, sides, strict=True)]
    return levels[1], levels[0], levels[2]


def logits(rows: F32) -> F32:
    sure = np.clip(rows[:, 4:], 1e-6, 1 - 1e-6)
    return np.concatenate([rows[:, :4], np.log(sure / (1 - sure))], axis=1)


def without_objectness(rows: F32) -> F32:
    return np.delete(rows, 4, axis=1)


LAYOUTS: dict[str, tuple[Head, Callable[[F32], tuple[NDArray[Any], ...]]]] = {
    "yolox pixels": (Head.YOLOX, lambda rows: (rows[None],)),
    "yolox fractions": (Head.YOLOX, lambda rows: (fractions(rows)[None],)),
    "yolox raw": (Head.YOLOX, yolox_raw),
    "yolox one tensor per grid, out of order": (Head.YOLOX, yolox_levels),
    "yolox logits": (Head.YOLOX, lambda rows: (logits(rows)[None],)),
    "yolov5 pixels": (Head.YOLOV5, lambda rows: (rows[None],)),
    "yolov5 fractions": (Head.YOLOV5, lambda rows: (fractions(rows)[None],)),
    "yolov5 turned": (Head.YOLOV5, lambda rows: (rows.T[None],)),
    "yolov8 pixels": (Head.YOLOV8, lambda rows: (without_objectness(rows).T[None],)),
    "yolov8 fractions": (Head.YOLOV8, lambda rows: (without_objectness(fractions(rows)).T[None],)),
    "yolov8 turned": (Head.YOLOV8, lambda rows: (without_objectness(rows)[None],)),
    "yolov8 logits": (Head.YOLOV8, lambda rows: (without_objectness(logits(rows)).T[None],)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_seen(layout: str) -> None:
    head, write = LAYOUTS[layout]
    rows = rows_in_pixels()
    rows[:, 4:] = 0
    outputs = write(rows)
    assert len(decoder(bundle(head, [tensor()] * len(outputs), recipe=feed((W, H))), LIMITS)(outputs)) == 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_boxes(layout: str) -> None:
    head, write = LAYOUTS[layout]
    outputs = write(rows_in_pixels())
    found = decoder(bundle(head, [tensor()] * len(outputs), recipe=feed((W, H))), LIMITS)(outputs)
    assert np.allclose(found.box, BOXES, atol=1e-5)
    assert np.allclose(found.score, [0.9, 0.6, 0.5], atol=1e-4)
    assert found.label.tolist() == [2, 0, 3]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_detections_outlive_the_outputs(layout: str) -> None:
    head, write = LAYOUTS[layout]
    outputs = tuple(part.copy() for part in write(rows_in_pixels()))
    found = decoder(bundle(head, [tensor()] * len(outputs), recipe=feed((W, H))), LIMITS)(outputs)
    for part in outputs:
        part[...] = 0
    assert np.allclose(found.box, BOXES, atol=1e-5)
    assert np.allclose(found.score, [0.9, 0.6, 0.5], atol=1e-4)


@pytest.mark.parametrize("layout", ["yolov5 fractions", "yolov8 fractions", "yolox fractions"])
def test_quantised_outputs_are_told_real(layout: str) -> None:
    head, write = LAYOUTS[layout]
    stored = np.rint(write(rows_in_pixels())[0] / (1.1 / 255) - 128).clip(-128, 127).astype(np.int8)
    spec = tensor(dtype="int8", scale=1.1 / 255, zero=-128)
    found = decoder(bundle(head, [spec], recipe=feed((W, H))), LIMITS)((stored,))
    assert np.abs(found.box - BOXES).max() < 0.005
    assert found.label.tolist() == [2, 0, 3]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_duplicates_within_a_label_go(layout: str) -> None:
    head, write = LAYOUTS[layout]
    rows = rows_in_pixels()
    rows[ROWS[2], 5:] = 0
    rows[ROWS[2], 5] = 0.5  # the third object gets the label of the second
    outputs = write(rows)
    found = decoder(bundle(head, [tensor()] * len(outputs), recipe=feed((W, H))), LIMITS)(outputs)
    assert found.label.tolist() == [2, 0]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_unreadable_numbers_are_dropped(layout: str, bad: float) -> None:
    head, write = LAYOUTS[layout]
    outputs = tuple(part.copy() for part in write(rows_in_pixels()))
    for part in outputs:
        part[..., :] = bad
    found = decoder(bundle(head, [tensor()] * len(outputs), recipe=feed((W, H))), LIMITS)(outputs)
    assert len(found) == 0


@pytest.mark.parametrize("layout", ["yolox pixels", "yolov5 pixels", "yolov8 turned"])
def test_one_unreadable_row_spoils_no_other(layout: str) -> None:
    head, write = LAYOUTS[layout]
    rows = rows_in_pixels()
    rows[ROWS[0]] = np.nan
    found = decoder(bundle(head, [tensor()], recipe=feed((W, H))), LIMITS)(write(rows))
    assert found.label.tolist() == [0, 3]


def test_a_hole_of_the_label_file_is_never_seen() -> None:
    rows = rows_in_pixels()
    rows[ROWS[0], 5:] = [0, 1, 0, 0]
    found = decoder(bundle(Head.YOLOX, [tensor()], recipe=feed((W, H))), LIMITS)((rows[None],))
    assert found.label.tolist() == [0, 3]


@pytest.mark.parametrize("head", [Head.YOLOX, Head.YOLOV5, Head.YOLOV8])
@pytest.mark.parametrize("shape", [(), (1,), (1, 7, 7), (2, 9, 9), (1, 0, 0)])
def test_outputs_of_another_model_are_refused(head: Head, shape: tuple[int, ...]) -> None:
    spec = TensorSpec("x", shape, "float32", 0.0, 0)
    with pytest.raises(ModelError, match="4 labels"):
        decoder(bundle(head, [spec], recipe=feed((W, H))), LIMITS)((np.zeros(shape, np.float32),))


def test_grids_of_another_size_are_refused() -> None:
    with pytest.raises(ModelError, match="9 rows"):
        decoder(bundle(Head.YOLOX, [tensor()], recipe=feed((W, H))), LIMITS)((np.zeros((1, 9, 9), np.float32),))
