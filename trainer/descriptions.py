"""Small JSON files that describe what lies beside them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from trainer.errors import TrainError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


def read_description(path: Path, what: str, parse: Callable[[Mapping[str, Any]], T]) -> T:
    """What stands beside an archive.

    Args:
        path: of the JSON file.
        what: the folder is to hold.
        parse: makes something of the entries.

    Raises:
        TrainError: there is nothing, or it is damaged.
    """
    try:
        return parse(json.loads(path.read_text()))  # no object: a TypeError below
    except FileNotFoundError as error:
        raise TrainError(f"{path.parent} holds no {what}: {path.name} is missing; name the folder of a run") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainError(f"{path} is damaged: {error}; train again, or take the folder from a copy") from error


def write_entries(path: Path, value: "DataclassInstance") -> None:
    """Write a dataclass as JSON; what JSON knows not goes as text.

    Raises:
        OSError: it cannot be written.
    """
    path.write_text(json.dumps(asdict(value), default=str))
