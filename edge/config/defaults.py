"""Top-level sections are the cameras' defaults; a camera's own section of the same name overrides them key by key."""

from dataclasses import replace
from typing import get_args

from pydantic import BaseModel

from edge.config.tree import Item, overlay

CAMERAS = "cameras"


def with_defaults(tree: Item, model: type[BaseModel]) -> Item:
    """The tree with empty sections left out and every camera's sections completed.

    Args:
        tree: as written.
        model: the type of the whole; sections that its cameras' type has as well are the defaults.
    """
    tree = _without_empty(tree, sections(model))
    shared = overridable(model)
    cameras = tree.child(CAMERAS)
    if cameras is None or not isinstance(cameras.value, dict) or not shared:
        return tree
    defaults = {key: child for key, child in _entries(tree).items() if key in shared}
    completed = {name: _complete(camera, defaults, shared) for name, camera in cameras.value.items()}
    return replace(tree, value={**_entries(tree), CAMERAS: replace(cameras, value=completed)})


def overridable(model: type[BaseModel]) -> frozenset[str]:
    """The names of the sections that a camera may override."""
    camera = camera_model(model)
    return sections(model) & frozenset(camera.model_fields) if camera else frozenset()


def camera_model(model: type[BaseModel]) -> type[BaseModel] | None:
    """The type of one camera, None where the model has no `cameras` mapping."""
    field = model.model_fields.get(CAMERAS)
    found = [each for each in get_args(field.annotation) if _is_model(each)] if field else []
    return found[0] if found else None


def sections(model: type[BaseModel]) -> frozenset[str]:
    """The names of the fields that are models themselves."""
    return frozenset(name for name, field in model.model_fields.items() if _is_model(field.annotation))


def _complete(camera: Item, defaults: dict[str, Item], shared: frozenset[str]) -> Item:
    if not isinstance(camera.value, dict):
        return camera
    own = _entries(_without_empty(camera, shared))
    added = {key: default for key, default in defaults.items() if key not in own}
    merged = {key: overlay(defaults[key], child) if key in defaults else child for key, child in own.items()}
    return replace(camera, value={**merged, **added})


def _without_empty(item: Item, names: frozenset[str]) -> Item:
    """A section under which everything is commented out says nothing."""
    kept = {key: child for key, child in _entries(item).items() if not (child.value is None and key in names)}
    return replace(item, value=kept)


def _entries(item: Item) -> dict[str, Item]:
    return item.value if isinstance(item.value, dict) else {}


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
