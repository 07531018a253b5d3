"""Keras networks to and from disk; see `trainer.trained` for what lies beside them."""

from typing import Any

from trainer.archives import load_archive
from trainer.detector import network  # noqa: F401 - its layers are known to Keras once it is imported
from trainer.errors import TrainError
from trainer.quantise import layers  # noqa: F401
from trainer.trained import Trained, write_description


def save_network(model: Any, trained: Trained) -> None:
    """Write a network and what it is for; the description last, so that it tells of a whole archive.

    Raises:
        TrainError: the disk takes it not.
    """
    try:
        trained.folder.mkdir(parents=True, exist_ok=True)
        model.save(trained.network)
        write_description(trained)
    except OSError as error:
        raise TrainError(f"{trained.folder} cannot be written: {error.strerror or error}; free some space") from error


def load_network(trained: Trained) -> Any:
    """The Keras model.

    Raises:
        TrainError: the archive is damaged, or of another version.
    """
    return load_archive(trained.network)
