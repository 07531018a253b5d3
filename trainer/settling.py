"""Settings from three places: what suits the data, over it the recipe, over that the options of the command."""

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from rich.console import Console

from edge.config.loader import load
from edge.config.problems import InvalidConfig
from edge.config.yaml_positions import EXAMPLE
from trainer.errors import TrainError

NO_SETTINGS = "write settings as `training: {steps: 1000}`; those of a finished run stand in its settings.yaml"
M = TypeVar("M", bound=BaseModel)
Value = str | int | float
Tree = Mapping[str, object]


def settle(picked: M, recipe: Path | None, options: Mapping[str, Value]) -> M:
    """The settings that are used.

    Args:
        picked: to suit the data.
        recipe: a YAML file that sets some of them.
        options: by dotted key, `training.steps`; stronger than the recipe.

    Raises:
        ConfigError: the recipe is wrong; file, line and key are named.
        TrainError: an option is out of its range.
    """
    model = type(picked)
    tree: Tree = picked.model_dump()
    if recipe is not None:
        tree = _over(tree, _recipe(recipe, model).model_dump(exclude_unset=True))
    for key, value in options.items():
        tree = _over(tree, _nested(key, value))
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        where = f"the recipe {recipe} or the option" if recipe is not None else "the option"
        raise TrainError(f"{_told(error)}; correct {where} (--help tells of both)") from error


class Recipe(Protocol):
    """Settings that tell of themselves."""

    def words(self) -> str:
        """Those that matter most, in a line."""


def tell_settings(reasons: Mapping[str, str], picked: Recipe, settled: Recipe, console: Console) -> None:
    """On the screen: what was picked and why, by dotted key, and what is used."""
    for reason in reasons_kept(reasons, picked, settled):
        console.print(f"picked: {reason}", markup=False, highlight=False)
    console.print(settled.words(), markup=False, highlight=False)


def reasons_kept(reasons: Mapping[str, str], picked: object, settled: object) -> list[str]:
    """Why settings were picked, by dotted key, of those that neither recipe nor option changed."""
    return [why for key, why in reasons.items() if attrgetter(key)(settled) == attrgetter(key)(picked)]


def _recipe(path: Path, model: type[M]) -> M:
    """What a recipe sets. Where it sets nothing, what settings of a recipe look like is told."""
    try:
        return load(path, model)
    except InvalidConfig as error:
        hinted = [replace(one, hint=NO_SETTINGS) if one.hint == EXAMPLE else one for one in error.problems]
        raise InvalidConfig(hinted) from error


def _told(error: ValidationError) -> str:
    """The first thing that is wrong; of settings that do not fit together, only why."""
    first = error.errors()[0]
    where, given = ".".join(map(str, first["loc"])), first["input"]
    value = "" if isinstance(given, Mapping) else f" {given!r}"
    return f"{where}{value}: {first['msg'].removeprefix('Value error, ')}"


def _nested(key: str, value: Value) -> Tree:
    tree: object = value
    for part in reversed(key.split(".")):
        tree = {part: tree}
    assert isinstance(tree, dict)
    return tree


def _over(below: Tree, above: Tree) -> Tree:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged
