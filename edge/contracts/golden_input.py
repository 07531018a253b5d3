"""A made-up input with structure in it, the same on every machine: what a model is shown to prove itself.

No picture is shipped for it: a seed stands for it. Everything is computed in whole numbers; a model of floats is given
`low + step * value`, one multiplication and one addition in float64 that are rounded alike everywhere. No sine and no
generator of a library is asked, for they differ between versions.

Letters: H height, W width, C channels of a picture; B rows, S samples, F columns of a window.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.flatbuffer import MalformedError

HIGHEST = 255  # values are 0..HIGHEST, as those of a picture
SIDE = 1024  # a picture's sides and a window's length, in the units of the formulas
GRATINGS, DISCS, WAVES = 5, 7, 3
PRESENT = 4  # of `track_windows.MOTION_COLUMNS`: says whether there was a sample
MOST_BYTES = 1 << 28
_U64 = np.uint64
Wholes = NDArray[np.integer[Any]]


class Pattern(StrEnum):
    """What the values look like."""

    PICTURE = "picture"  # (1, H, W, C): gratings of straight waves, and discs before them
    WALKS = "walks"  # (B, S, F), or what can be taken for it: each column a smooth walk along S
    TRACKS = "tracks"  # the same, and every sample is present


@dataclass(frozen=True, slots=True)
class GoldenInput:
    """How an input is made; shape and type are those of the model's own tensor."""

    pattern: Pattern
    seed: int
    low: float  # of a float model: what 0 stands for
    step: float  # of a float model: what 1 stands for


def make_input(given: GoldenInput, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """The tensor.

    Args:
        given: how.
        shape: of the model's input.
        dtype: of the model's input: "uint8", "int8", "int16" or "float32".

    Raises:
        MalformedError: there is no such input for this shape or type.
    """
    if dtype not in _WRITTEN or not shape or min(shape) < 1 or int(np.prod(shape, dtype=object)) * 8 > MOST_BYTES:
        raise MalformedError(f"no golden input is made for an input of {dtype} {list(shape)[:8]}")
    if given.pattern is Pattern.PICTURE:
        if len(shape) != 4 or shape[0] != 1:
            raise MalformedError(f"its golden input is a picture, and its input is {list(shape)[:8]}")
        return _WRITTEN[dtype](_picture(given.seed, *shape[1:])[None], given)
    rows, samples = shape[0], shape[1] if len(shape) > 2 else 1
    columns = int(np.prod(shape)) // (rows * samples)
    values = _WRITTEN[dtype](_walks(given.seed, rows, samples, columns), given)
    if given.pattern is Pattern.TRACKS and columns > PRESENT:
        values[..., PRESENT] = 1
    return values.reshape(shape)


def _picture(seed: int, height: int, width: int, channels: int) -> Wholes:
    """(H, W, C) 0..255. All of it fits into 32 bits."""
    chance = _Chance(seed)
    y, x = (np.arange(size, dtype=np.int32)[:, None] * SIDE // size for size in (height, width))
    x = x.reshape(1, width)
    planes = np.zeros((channels, height, width), np.int32)
    for _ in range(GRATINGS):
        across, down, phase = (chance.below(17, 3) - np.array([8, 8, 0])).tolist()
        wave = np.abs(((x * across + (y * down + phase * 128)) & 2047) - 1024)
        planes += wave * (1 + chance.below(8, channels)).astype(np.int32)[:, None, None]
    planes = planes * 200 // max(1, int(planes.max()))
    for _ in range(DISCS):
        at_x, at_y, size = chance.below(SIDE, 3).tolist()
        away = (x - at_x) ** 2 + (y - at_y) ** 2
        edge = (40 + size // 6) ** 2
        inside = away < edge
        depth = 2 * edge - away[inside]
        planes[:, inside] = (32 + chance.below(224, channels)).astype(np.int32)[:, None] * depth // (2 * edge)
    return np.ascontiguousarray(np.moveaxis(np.clip(planes, 0, HIGHEST), 0, -1))


def _walks(seed: int, rows: int, samples: int, columns: int) -> Wholes:
    """(B, S, F) 0..255: for each column waves of different lengths, each a straight way up and down again."""
    chance = _Chance(seed)
    time = (np.arange(samples) * SIDE // samples)[:, None]
    total = np.zeros((rows, samples, columns), np.int64)
    for number in range(WAVES):
        pace, phase, height = (chance.below(most, rows * columns).reshape(rows, 1, columns) for most in (4, 2048, 8))
        wave = np.abs((time * (pace + 1) * (number + 1) + phase) % 2048 - 1024)
        total += wave * (height + 1)
    return total * HIGHEST // (WAVES * 8 * 1024)


class _Chance:
    """Numbers that look like chance: SplitMix64 (Steele, Lea and Flood 2014)."""

    def __init__(self, seed: int) -> None:
        self._at, self._seed = 0, seed

    def below(self, most: int, count: int) -> Wholes:
        """(count,) whole numbers from 0 to most - 1."""
        place = np.arange(self._at + 1, self._at + count + 1, dtype=_U64)
        self._at += count
        mixed = (place + _U64(self._seed)) * _U64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> _U64(27))) * _U64(0x94D049BB133111EB)
        return ((mixed ^ (mixed >> _U64(31))) % _U64(most)).astype(np.int64)


def _floats(values: Wholes, given: GoldenInput) -> NDArray[Any]:
    scaled = values.astype(np.float64) * np.float64(given.step)
    return (scaled + np.float64(given.low)).astype(np.float32)


_WRITTEN = {
    "uint8": lambda values, _: values.astype(np.uint8),
    "int8": lambda values, _: (values - 128).astype(np.int8),
    "int16": lambda values, _: ((values - 128) * 256).astype(np.int16),
    "float32": _floats,
}
