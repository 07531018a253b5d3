"""Where commands write: a folder that can be written to, and never over what is being read."""

import os
from collections.abc import Iterable
from pathlib import Path

from edge.contracts.errors import ConfigError


def writable_folder(folder: Path, what: str) -> Path:
    """The folder, made where it is not there yet.

    Args:
        folder: to write into.
        what: how the user calls it: an option, a key of the configuration.

    Raises:
        ConfigError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # the latter: a name that none can be
        raise ConfigError(
            f"{what} {folder}: {getattr(error, 'strerror', error)}; name a folder that can be written to"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"{what} {folder}: it cannot be written to; change its owner, or name another folder")
    return folder


def refuse_own_input(source: str, outputs: Iterable[Path]) -> None:
    """Refuse a source that one of the outputs would overwrite while it is read.

    Raises:
        ConfigError: it would.
    """
    read = Path(source)
    for output in outputs:
        if read.exists() and output.exists() and read.samefile(output):
            raise ConfigError(f"{source} would be overwritten by the result; choose another folder with --out")
