"""Where training stands, on disk: whole or not there, whatever is killed and wherever the disk ends."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.arrays import ArraysError, pack, unpack
from edge.contracts.stored import replace_file
from trainer.errors import TrainError

FILE_NAME = "checkpoint.npz"
STEP = "step"
LARGEST_BYTES = 1 << 32  # weights and what the optimizer keeps beside them
Arrays = Sequence[NDArray[Any]]


class Checkpoint:
    """One file, the newest; replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def save(self, step: int, groups: Mapping[str, Arrays]) -> None:
        """Keep arrays by group.

        Raises:
            TrainError: the disk takes them not; the one before is as it was.
        """
        named = {f"{group}/{n:04d}": array for group, arrays in groups.items() for n, array in enumerate(arrays)}
        data = pack({STEP: np.array(step), **named}, deflate=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, data)
        except OSError as error:
            raise TrainError(
                f"{self.path} cannot be written after step {step}: {os.strerror(error.errno or 0)}; free some space, "
                "then start the same command again: it goes on from the checkpoint before"
            ) from error

    def load(self, shapes: Mapping[str, Sequence[tuple[int, ...]]]) -> tuple[int, dict[str, list[NDArray[Any]]]] | None:
        """The step and the arrays; None where there is no checkpoint.

        Args:
            shapes: of the arrays of each group, as the network has them.

        Raises:
            TrainError: it is of another network, or damaged.
        """
        if not self.path.exists():
            return None
        try:
            stored = unpack(self.path.read_bytes(), LARGEST_BYTES)
            found = {group: [stored[f"{group}/{n:04d}"] for n in range(len(those))] for group, those in shapes.items()}
            step = int(stored[STEP])
        except (OSError, ArraysError, ValueError, TypeError, KeyError) as error:
            raise self._foreign(str(error)) from error
        for group, those in shapes.items():
            if [array.shape for array in found[group]] != [tuple(shape) for shape in those]:
                raise self._foreign(f"{group} has other shapes")
        return step, found

    def _foreign(self, why: str) -> TrainError:
        return TrainError(f"{self.path} is damaged or of another network ({why}); choose another --run folder")
