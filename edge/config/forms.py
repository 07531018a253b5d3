"""The forms that configuration files have had, and how each became the next.

A file says its form with `version:`; one that does not has form 1. Each step is a small pure function of the file as it
was written, and says only what must be changed, so that the same list serves to read an old file and to rewrite it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from edge.config.problems import InvalidConfig, Path, dotted, problem
from edge.config.tree import Item

VERSION_KEY = "version"
FIRST_FORM = 1


@dataclass(frozen=True, slots=True)
class Rename:
    """A key that has another name in the next form."""

    path: Path
    to: str

    def __str__(self) -> str:
        return f"`{dotted(self.path)}` is `{dotted((*self.path[:-1], self.to))}` now"


Step = Callable[[Item], tuple[Rename, ...]]


def _detectors_are_models(tree: Item) -> tuple[Rename, ...]:
    """Elsewhere `detectors` names the hardware; here it named model files, as `model` does."""
    free = tree.child("detectors") is not None and tree.child("more_models") is None
    return (Rename(("detectors",), "more_models"),) if free else ()


STEPS: tuple[Step, ...] = (_detectors_are_models,)
CURRENT_FORM = FIRST_FORM + len(STEPS)


@dataclass(frozen=True, slots=True, eq=False)
class Upgraded:
    """A tree in the present form, without its version, and what was changed in order."""

    tree: Item
    form: int  # that the file was written in
    renames: tuple[Rename, ...]


def upgraded(tree: Item, file: str, steps: tuple[Step, ...] = STEPS) -> Upgraded:
    """The tree in the present form.

    Raises:
        InvalidConfig: its version is no form, or a newer one than is known here.
    """
    form = _form(tree, file, FIRST_FORM + len(steps))
    tree = _without(tree, VERSION_KEY)
    done: list[Rename] = []
    for step in steps[form - FIRST_FORM :]:
        for rename in step(tree):
            tree = _renamed(tree, rename.path, rename.to)
            done.append(rename)
    return Upgraded(tree, form, tuple(done))


def _form(tree: Item, file: str, known: int) -> int:
    item = tree.child(VERSION_KEY)
    if item is None:
        return FIRST_FORM
    form = item.value
    if not isinstance(form, int) or isinstance(form, bool) or form < FIRST_FORM:
        hint = f"it is the form of this file, not of a program: write {known}"
        raise InvalidConfig([problem(file, item.at, item.path, f"must be a whole number from 1 to {known}", hint)])
    if form > known:
        message = f"a newer Foresight wrote this file (form {form}, known here: {known})"
        hint = "install that one again, or use the copy that was kept beside the file when it was migrated"
        raise InvalidConfig([problem(file, item.at, item.path, message, hint)])
    return form


def _without(tree: Item, key: str) -> Item:
    return replace(tree, value={name: child for name, child in _entries(tree).items() if name != key})


def _renamed(item: Item, path: Path, to: str) -> Item:
    """The tree with the last key of the path renamed in its place; the item keeps the path of where it was written."""
    first, rest = path[0], path[1:]
    if isinstance(item.value, list):
        changed = [_renamed(child, rest, to) if index == first else child for index, child in enumerate(item.value)]
        return replace(item, value=changed)
    entries = {
        (to if name == first and not rest else name): (_renamed(child, rest, to) if name == first and rest else child)
        for name, child in _entries(item).items()
    }
    return replace(item, value=entries)


def _entries(item: Item) -> Mapping[str, Item]:
    return item.value if isinstance(item.value, dict) else {}
