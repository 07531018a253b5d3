"""A TensorFlow module to a SavedModel on disk."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from trainer.errors import TrainError


def save_module(module: Any, folder: Path) -> None:
    """Write a SavedModel of a module whose function is `serve`.

    Raises:
        TrainError: the disk takes it not.
    """
    try:
        tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})
    except (tf.errors.OpError, OSError) as error:
        line = str(error).splitlines()[0].rpartition("}}")[-1].strip()  # without the operator that met it
        raise TrainError(f"the network cannot be put into {folder}: {line}; free some space there") from error
