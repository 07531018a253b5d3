"""A configuration with released models in the place of those that it names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from edge.config.sequences import WindowClassifier, WindowEmbedder, WindowScorer
from edge.config.settings import ModelFile, Settings
from edge.contracts.update_state import CONFIGURATION, SYSTEM
from edge.forecast.settings import SHIPPED, ForecastSettings
from edge.sensing.settings import SensorSettings
from edge.updating.sites import SHIPPED_PLACE, is_pinned, released

Files = Mapping[str, Path]  # released files that serve, by place
_FILES = (ModelFile, WindowClassifier, WindowEmbedder, WindowScorer)
_Part = TypeVar("_Part", bound=BaseModel)


def overlaid(settings: Settings, files: Files) -> Settings:
    """The settings with these files in their places. A file whose hash the operator wrote down stays.

    Args:
        settings: as somebody wrote them.
        files: of the store, by place; what is no model is left alone.
    """
    models = {place: path for place, path in files.items() if place not in {CONFIGURATION, SYSTEM}}
    return cast("Settings", _of(settings, models)) if models else settings


def _of(value: Any, models: Files) -> Any:
    """A value of any kind that settings are made of; the same one where nothing in it changes."""
    if isinstance(value, BaseModel):
        return _changed(value, {**_inside(value, models), **_own(value, models)})
    if isinstance(value, dict):
        made = {key: _of(one, models) for key, one in value.items()}
        return made if any(made[key] is not one for key, one in value.items()) else value
    if isinstance(value, tuple):
        several = tuple(_of(one, models) for one in value)
        return several if any(new is not old for new, old in zip(several, value, strict=True)) else value
    return value


def _inside(value: BaseModel, models: Files) -> dict[str, Any]:
    return {key: _of(getattr(value, key), models) for key in type(value).model_fields}


def _own(value: BaseModel, models: Files) -> dict[str, Any]:
    """What a part of the settings says of model files itself."""
    if isinstance(value, _FILES):
        return _of_file(value, models)
    if isinstance(value, ForecastSettings):
        path = models.get(SHIPPED_PLACE if value.model == SHIPPED else Path(value.model).name)
        return {"model": str(path)} if path else {}
    if isinstance(value, SensorSettings) and value.model:
        return {"model": models.get(value.model.name, value.model)}
    return {}


def _of_file(value: Any, models: Files) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    path = models.get(value.path.name)
    if path and not is_pinned(value.path, value.sha256):
        changes |= {"path": path, "sha256": released(path)}
    cpu = getattr(value, "cpu", None)
    return {**changes, "cpu": models.get(cpu.name, cpu)} if cpu else changes


def _changed(value: _Part, fields: Mapping[str, Any]) -> _Part:
    new = {key: one for key, one in fields.items() if one is not getattr(value, key)}
    return value.model_copy(update=new) if new else value
