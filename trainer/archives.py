"""Keras' archives of networks."""

from pathlib import Path
from typing import Any

import keras

from trainer.errors import TrainError


def load_archive(path: Path) -> Any:
    """The Keras model of an archive. Whoever built it of layers of his own has imported them before.

    Raises:
        TrainError: it is damaged, or of another version.
    """
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        line = (str(error).splitlines() or [""])[0]
        raise TrainError(f"{path} cannot be read: {line}; train again, or take it from a copy") from error
