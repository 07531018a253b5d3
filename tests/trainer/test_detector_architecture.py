"""Where a detector's cells lie. Needs no TensorFlow."""

import numpy as np
import pytest

from trainer.detector.architecture import BASE, STRIDES, Architecture, grid


@pytest.mark.parametrize(("size", "cells"), [(64, 84), (192, 756), (320, 2100), (640, 8400)])
def test_every_stride_has_its_cells(size: int, cells: int) -> None:
    made = grid(Architecture(1, size))
    assert len(made.centre) == len(made.stride) == Architecture(1, size).cells == cells


def test_cells_tile_the_picture() -> None:
    made = grid(Architecture(1, 64))
    finest = made.centre[:64]
    assert np.allclose(np.unique(finest[:, 0]), (np.arange(8) + 0.5) / 8)
    assert np.allclose(np.diff(finest[:8, 0]), 1 / 8)  # row by row
    assert np.allclose(made.stride[:64], STRIDES[0] / 64)
    assert np.allclose(made.base, made.stride * BASE)


@pytest.mark.parametrize(("classes", "size"), [(0, 320), (1, 300), (1, 32), (1, 2048)])
def test_what_cannot_be_built_is_refused(classes: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"must be a multiple of 32|needs a class"):
        Architecture(classes, size)
