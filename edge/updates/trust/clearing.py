"""Clears a folder of what is not wanted in it, whatever somebody else put there."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger(__name__)


def clear(folder: Path, keeps: Callable[[str], bool]) -> None:
    """Delete every entry but those whose names are kept. What cannot be deleted is told of, and stays alone.

    Args:
        folder: may be absent.
        keeps: whether an entry of this name stays.
    """
    try:
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        _log.warning("%s: cannot be tidied: %s", folder, error)
        return
    for path in entries:
        if not keeps(path.name):
            _delete(path)


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("%s: cannot be deleted: %s", path, error)
