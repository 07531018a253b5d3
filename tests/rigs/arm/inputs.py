"""Inputs for any model, made in whole numbers, so that no machine rounds them otherwise than another."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 0.001  # at a higher one what learns may fly apart, and differences of rounding with it
Inputs = dict[str, NDArray[Any]]


def made_up(shape: Any, dtype: Any, seed: int, picture: NDArray[np.uint8]) -> NDArray[Any]:
    """A piece of the picture (H, W, 3) where the shape is that of one, otherwise waves with a little noise."""
    shape = tuple(int(side) for side in shape)
    if len(shape) == 4 and shape[0] == 1 and shape[3] == 3 and min(shape[1:3]) > 8:
        values = piece(picture, shape[1], shape[2], seed)[None].astype(np.int64)
    else:
        count = int(np.prod(shape, dtype=np.int64))
        ramp = (np.arange(count) * (3 + seed % 7)) % 256
        values = np.where(ramp < 128, ramp, 255 - ramp) + np.random.default_rng(seed).integers(0, 64, count)
    if np.issubdtype(dtype, np.floating):
        return ((values - 96) / np.float64(64)).astype(dtype).reshape(shape)
    low = np.iinfo(dtype).min if dtype in (np.int8, np.uint8) else 0
    return (values + low).astype(dtype).reshape(shape)


def piece(picture: NDArray[np.uint8], height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """A square of the picture by nearest neighbour, further to the right for each seed."""
    side = min(picture.shape[:2])
    free = picture.shape[1] - side
    left = (seed * 137) % (free + 1)
    rows, columns = np.arange(height) * side // height, left + np.arange(width) * side // width
    return picture[rows][:, columns]


def given(details: Mapping[str, Any], seed: int, picture: NDArray[np.uint8]) -> Inputs:
    """A value for each input of a signature; the rate of learning is a rate."""
    values = {}
    for place, (name, detail) in enumerate(sorted(details.items())):
        values[name] = made_up(detail["shape"], detail["dtype"], 1000 + 10 * seed + place, picture)
        if name == "rate":
            values[name] = np.full(detail["shape"], RATE, np.float32)
    return values
