"""How training went: a CSV in the run's folder, and the same for TensorBoard."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from edge.contracts.stored import replace_file
from trainer.errors import TrainError

LOSSES, VALIDATION, TENSORBOARD = "curves.csv", "validation.csv", "tensorboard"


class Curves:
    """Named figures by step.

    Args:
        folder: of the run.
        begin: the step that training goes on from; what an earlier run wrote beyond it did not happen.

    Raises:
        TrainError: the folder cannot be written.
    """

    def __init__(self, folder: Path, begin: int) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (LOSSES, VALIDATION):
                _cut(folder / name, begin)
            self._board = tf.summary.create_file_writer(str(folder / TENSORBOARD))
        except (OSError, tf.errors.OpError) as error:
            raise TrainError(f"{folder} cannot be written: {error}; choose another --run folder") from error

    def add(self, name: str, step: int, figures: Mapping[str, float]) -> None:
        """One row of one file.

        Raises:
            TrainError: the disk is full.
        """
        path = self._folder / name
        try:
            new = not path.exists()
            with path.open("a", newline="") as file:
                writer = csv.writer(file)
                if new:
                    writer.writerow(["step", *figures])
                writer.writerow([step, *(f"{value:.6g}" for value in figures.values())])
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise TrainError(f"{path} cannot be written at step {step}: {why}; free some space, start again") from error
        with self._board.as_default():
            for key, value in figures.items():
                tf.summary.scalar(f"{Path(name).stem}/{key}", value, step=step)

    def close(self) -> None:
        """Everything is on disk."""
        self._board.close()


def _cut(path: Path, begin: int) -> None:
    if not path.exists():
        return
    heading, *rows = path.read_text().splitlines(keepends=True)
    kept = [row for row in rows if row.split(",")[0].isdigit() and int(row.split(",")[0]) <= begin]
    replace_file(path, "".join([heading, *kept]).encode())
