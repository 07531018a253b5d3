"""Remembers which models have passed their trial."""

import logging
from pathlib import Path

from edge.contracts.stored import Stored, texts

FILE_NAME = "proven_models.json"
KEPT = 64

_LOG = logging.getLogger(__name__)


def is_proven(state: Path, key: str) -> bool:
    """Whether this model, with this library, has passed before. Raises StateError: a newer Foresight kept that."""
    return key in _load(state)


def remember(state: Path, key: str) -> None:
    """Keep the key, and the newest others. A folder that cannot be written costs a trial at the next start, no more."""
    keys = [*(known for known in _load(state) if known != key), key][-KEPT:]
    try:
        Stored(state / FILE_NAME).write(keys)
    except OSError as error:
        _LOG.warning(
            "cannot remember in %s that a model passed its trial: %s; it is tried again next time", state, error
        )


def _load(state: Path) -> list[str]:
    """The keys; none where the file is absent or damaged."""
    return texts(Stored(state / FILE_NAME).read())
