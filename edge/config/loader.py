"""One YAML file to one settings object: read, substitute, overlay, validate; every problem named at once.

`load(path, Settings)` is all that callers need; `foresight` exits with 2 on the error that it raises.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from edge.config import schema_walk
from edge.config.defaults import with_defaults
from edge.config.environment import substitute
from edge.config.forms import CURRENT_FORM, upgraded
from edge.config.problems import WHOLE_FILE, InvalidConfig, problem
from edge.config.translate import misread_booleans, translate
from edge.config.tree import Item, plain
from edge.config.yaml_positions import LIMIT_BYTES, parse

M = TypeVar("M", bound=BaseModel)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Loaded(Generic[M]):
    """Settings and, for checks that need more than one value, where each of them was written."""

    settings: M
    tree: Item
    file: str


def load(path: Path, model: type[M], environment: Mapping[str, str] = os.environ) -> M:
    """The settings in a file.

    Args:
        path: a YAML file.
        model: what it must hold. A section that both the model and its `cameras` have is the cameras' default.
        environment: where `${FORESIGHT_...}` is looked up.

    Raises:
        InvalidConfig: with every problem, each at its line and column.
    """
    return load_with_places(path, model, environment).settings


def load_with_places(path: Path, model: type[M], environment: Mapping[str, str] = os.environ) -> Loaded[M]:
    """`load`, with the tree that the settings were made from."""
    return parse_settings(_read(path), str(path), model, environment)


def parse_settings(raw: bytes, file: str, model: type[M], environment: Mapping[str, str]) -> Loaded[M]:
    """`load_with_places` of a file's bytes. What has an older form is read as if it had the present one."""
    present = upgraded(parse(raw, file), file)
    if present.renames:
        _log.warning(
            "%s has form %d, the present one is %d: %s; it is read all the same, and `foresight check %s --migrate` "
            "prints its new text", file, present.form, CURRENT_FORM, "; ".join(map(str, present.renames)), file,
        )  # fmt: skip
    tree = with_defaults(substitute(present.tree, environment, file), model)
    try:
        settings = model.model_validate(plain(tree))
    except ValidationError as error:
        raise InvalidConfig(translate(error, tree, _schema(model), file)) from None
    misread = misread_booleans(settings, tree, file)
    if misread:
        raise InvalidConfig(misread)
    return Loaded(settings, tree, file)


@cache
def _schema(model: type[BaseModel]) -> schema_walk.Schema:
    return model.model_json_schema()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a file name"
        raise InvalidConfig(
            [problem(str(path), WHOLE_FILE, (), f"cannot be read: {why}", "name an existing YAML file")]
        ) from None
