"""Remembers which models have passed their trial, in one small file that is replaced as a whole."""

import json
import logging
import os
import tempfile
from pathlib import Path

FILE_NAME = "proven_models.json"
MAX_BYTES = 1 << 16
KEPT = 64

_LOG = logging.getLogger(__name__)


def is_proven(state: Path, key: str) -> bool:
    """Whether this model, with this library, has passed before."""
    return key in _load(state)


def remember(state: Path, key: str) -> None:
    """Keep the key, and the newest others. A folder that cannot be written costs a trial at the next start, no more."""
    keys = [*(known for known in _load(state) if known != key), key][-KEPT:]
    try:
        state.mkdir(parents=True, exist_ok=True)
        _replace(state / FILE_NAME, json.dumps(keys, indent=1).encode())
    except OSError as error:
        _LOG.warning(
            "cannot remember in %s that a model passed its trial: %s; it is tried again next time", state, error
        )


def _load(state: Path) -> list[str]:
    """The keys; none where the file is absent or damaged."""
    try:
        with (state / FILE_NAME).open("rb") as file:
            keys = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _replace(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
