"""From the 0..255 of a picture to the numbers that a model's input stores: `(x - mean) / std`, then quantised."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.types import F32, F64, U8, InputRecipe

Store = Callable[[U8], NDArray[Any]]

# Stored values this near to the raw pixels are taken to mean the raw pixels: mean and std of the documentation
# (127.5) and scale of the file (1/128) seldom agree to the last digit.
STEP = 1.01


def storer(recipe: InputRecipe) -> Store:
    """The function from a picture (h, w, 3) in the model's channel order to what its input tensor stores.

    The function owns the buffer that it returns; raw pixels pass through uncopied.

    Raises:
        ModelError: the input has a type that no picture can be stored in.
    """
    make = STORERS.get(recipe.tensor.dtype)
    if make is None:
        known = ", ".join(STORERS)
        raise ModelError(f"input {recipe.tensor.name!r} is {recipe.tensor.dtype}; export the model with one of {known}")
    return make(recipe)


def _float(recipe: InputRecipe) -> Store:
    _, height, width, _ = recipe.tensor.shape
    std, mean = np.array(recipe.std, np.float64), np.array(recipe.mean, np.float64)
    factor: F32 = np.tile(1 / std, width).astype(np.float32)  # a whole row, because NumPy is slow on rows of three
    shift: F32 = np.tile(-mean / std, width).astype(np.float32)
    buffer = np.empty((height, width * 3), np.float32)

    def store(pixels: U8) -> F32:
        np.multiply(pixels.reshape(height, width * 3), factor, out=buffer)
        if shift.any():
            np.add(buffer, shift, out=buffer)
        return buffer.reshape(height, width, 3)

    return store


def _quantised(recipe: InputRecipe) -> Store:
    if recipe.tensor.dtype == "uint8" and recipe.tensor.scale == 0:
        return _unchanged  # a graph that normalises by itself
    table = _table(recipe)
    raw = np.arange(256) + np.iinfo(recipe.tensor.dtype).min
    if np.abs(table - raw[:, None]).max() > STEP:
        return _looked_up(recipe, table)
    return _shifted(recipe) if recipe.tensor.dtype == "int8" else _unchanged


def _table(recipe: InputRecipe) -> F64:
    """Stored value, not yet rounded, of each pixel value and channel (256, 3)."""
    real = (np.arange(256)[:, None] - np.array(recipe.mean)) / np.array(recipe.std)
    if recipe.tensor.scale <= 0:
        raise ModelError(
            f"input {recipe.tensor.name!r} is {recipe.tensor.dtype} without a scale; quantise the model again"
        )
    return real / recipe.tensor.scale + recipe.tensor.zero_point


def _unchanged(pixels: U8) -> U8:
    return pixels


def _shifted(recipe: InputRecipe) -> Store:
    """`pixel - 128`, by turning over the top bit."""
    buffer = np.empty(recipe.tensor.shape[1:], np.uint8)

    def store(pixels: U8) -> NDArray[np.int8]:
        np.bitwise_xor(pixels, np.uint8(0x80), out=buffer)
        return buffer.view(np.int8)

    return store


def _looked_up(recipe: InputRecipe, table: F64) -> Store:
    dtype = np.dtype(recipe.tensor.dtype)
    limits = np.iinfo(dtype)
    stored = np.clip(np.rint(table), limits.min, limits.max).astype(dtype)
    buffer = np.empty(recipe.tensor.shape[1:], dtype)

    def store(pixels: U8) -> NDArray[Any]:
        for channel in range(3):
            buffer[..., channel] = stored[:, channel][pixels[..., channel]]
        return buffer

    return store


STORERS: dict[str, Callable[[InputRecipe], Store]] = {"float32": _float, "uint8": _quantised, "int8": _quantised}
