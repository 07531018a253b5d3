"""pydantic's validation errors as problems in plain words, each at its place in the file."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from edge.config import schema_walk
from edge.config.problems import Path, Problem, problem
from edge.config.tree import Item
from edge.contracts.topics import NAME_PATTERN

Context = Mapping[str, Any]  # the numbers and texts that belong to one kind of error
Words = Callable[[Context], str]

_SAID: Mapping[str, Words] = {
    "bool_parsing": lambda _: "must be true or false",
    "bool_type": lambda _: "must be true or false",
    "dict_type": lambda _: "must hold `key: value` settings",
    "enum": lambda _: "is not one of the choices",
    "finite_number": lambda _: "must be a finite number",
    "float_parsing": lambda _: "must be a number",
    "float_type": lambda _: "must be a number",
    "greater_than": lambda c: f"must be more than {c['gt']}",
    "greater_than_equal": lambda c: f"must be at least {c['ge']}",
    "int_from_float": lambda _: "must be a whole number",
    "int_parsing": lambda _: "must be a whole number",
    "int_parsing_size": lambda _: "is too large a number",
    "int_type": lambda _: "must be a whole number",
    "less_than": lambda c: f"must be less than {c['lt']}",
    "less_than_equal": lambda c: f"must be at most {c['le']}",
    "list_type": lambda _: "must be a list",
    "literal_error": lambda _: "is not one of the choices",
    "model_attributes_type": lambda _: "must hold `key: value` settings",
    "model_type": lambda _: "must hold `key: value` settings",
    "path_type": lambda _: "must be a file name",
    "set_type": lambda _: "must be a list",
    "frozen_set_type": lambda _: "must be a list",
    "string_pattern_mismatch": lambda c: _pattern(str(c["pattern"])),
    "string_too_long": lambda c: f"must have at most {c['max_length']} letters",
    "string_too_short": lambda c: "must not be empty" if c["min_length"] == 1 else f"needs {c['min_length']} letters",
    "string_type": lambda _: "must be text",
    "string_unicode": lambda _: "must be text that can be written as UTF-8",
    "too_long": lambda c: f"must have at most {c['max_length']} entries{_how_many(c['actual_length'])}",
    "too_short": lambda c: f"must have at least {c['min_length']} entries, has {c['actual_length']}",
    "tuple_type": lambda _: "must be a list",
    "union_tag_invalid": lambda _: "is not one of the choices",
    "value_error": lambda c: str(c["error"]),
    "assertion_error": lambda c: str(c["error"]),
}
_KEY = "[key]"  # where pydantic means the key, not the value
_LESS_TELLING = frozenset(kind for kind in _SAID if kind.endswith(("_type", "_parsing"))) | {"too_short"}


def translate(error: ValidationError, tree: Item, schema: schema_walk.Schema, file: str) -> list[Problem]:
    """Problems of a refused tree, one per place and matter."""
    refused = [
        (_path(tree, detail["loc"], detail["type"] == "missing"), detail)
        for detail in error.errors(include_url=False, include_input=False)
    ]
    told: dict[Path, list[tuple[str, Context]]] = {}
    for path, detail in refused:
        # Of a setting that takes several forms pydantic reports all: the one that got furthest is what was meant.
        deeper = any(len(other) > len(path) and other[: len(path)] == path for other, _ in refused)
        if not (deeper and detail["type"] in _LESS_TELLING):
            told.setdefault(path, []).append((detail["type"], {**detail.get("ctx", {}), "msg": detail["msg"]}))
    teller = _Teller(tree, schema, file)
    return [teller.tell(path, details) for path, details in told.items()]


def _path(tree: Item, loc: tuple[str | int, ...], missing: bool) -> Path:
    """The path in the file of pydantic's location, which also names the forms of a union."""
    path: list[str | int] = []
    item: Item | None = tree
    for part in loc:
        below = item.child(part) if item else None
        if below is not None:
            path.append(part)
            item = below
    ending = loc[-1:] if missing or loc[-1:] == (_KEY,) else ()
    return (*path, *ending)


class _Teller:
    """Finds the place, the words and the hint for one problem."""

    def __init__(self, tree: Item, schema: schema_walk.Schema, file: str) -> None:
        self._tree, self._schema, self._file = tree, schema, file

    def tell(self, path: Path, details: list[tuple[str, Context]]) -> Problem:
        """One problem from all that pydantic said about one place."""
        kinds = {kind for kind, _ in details}
        of_key = path[-1:] == (_KEY,)
        path = path[:-1] if of_key else path
        item = self._item(path)
        message = " or ".join(dict.fromkeys(_words(kind, context) for kind, context in details))
        if item is None:
            above = self._item(path[:-1]) or self._tree
            return problem(self._file, above.key_at, (*above.path, *path[-1:]), "is missing", self._wanted(path))
        if "extra_forbidden" in kinds:
            return problem(self._file, item.key_at, item.path, "is not a setting", self._nearest(path))
        if of_key:
            return problem(self._file, item.key_at, item.path, message)
        return problem(self._file, item.at, item.path, message + self._shown(item, path, kinds), self._hint(path, item))

    def _item(self, path: Path) -> Item | None:
        item: Item | None = self._tree
        for part in path:
            item = item.child(part) if item else None
        return item

    def _shown(self, item: Item, path: Path, kinds: set[str]) -> str:
        if item.from_environment or schema_walk.is_secret(self._schema, path) or "value_error" in kinds:
            return ""
        if isinstance(item.value, bool):
            return f", is {str(item.value).lower()}"
        if isinstance(item.value, int | float):
            return f", is {item.value}"
        return ", is empty" if item.value is None else ""

    def _wanted(self, path: Path) -> str:
        about = schema_walk.description(self._schema, path)
        return f"add `{path[-1]}:`" + (f" ({about.rstrip('.')})" if about else "")

    def _nearest(self, path: Path) -> str:
        known = schema_walk.keys(self._schema, path[:-1])
        near = get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        if near:
            return f"did you mean `{near[0]}`?"
        return f"known here: {', '.join(known)}" if known else "remove it"

    def _hint(self, path: Path, item: Item) -> str:
        offered = schema_walk.choices(self._schema, path)
        if not offered:
            return ""
        near = get_close_matches(str(item.value), offered, n=1) if isinstance(item.value, str) else []
        listed = f"choose one of {', '.join(offered)}"
        return f"did you mean {near[0]}? {listed}" if near and not item.from_environment else listed


def _words(kind: str, context: Context) -> str:
    said = _SAID.get(kind)
    return said(context) if said else str(context["msg"]).lower()


def _pattern(pattern: str) -> str:
    if pattern == NAME_PATTERN:
        return "may only have letters, digits, `_` and `-`"
    return f"must match the pattern {pattern}"


def _how_many(length: int | None) -> str:
    """Of the entries that were given; of a mapping pydantic does not say."""
    return "" if length is None else f", has {length}"


def misread_booleans(value: object, item: Item, file: str) -> list[Problem]:
    """Problems where `yes` or `true` was taken for the number 1.

    Args:
        value: what became of the item: a model, mapping, list or scalar.
        item: as it was written.
        file: for messages.
    """
    if isinstance(item.value, dict):
        pairs = [(_member(value, key), child) for key, child in item.value.items()]
    elif isinstance(item.value, list) and isinstance(value, list | tuple):
        pairs = list(zip(value, item.value, strict=False))
    else:
        wrong = isinstance(item.value, bool) and isinstance(value, int | float) and not isinstance(value, bool)
        return [problem(file, item.at, item.path, "must be a number, not true or false")] if wrong else []
    return [found for below, child in pairs for found in misread_booleans(below, child, file)]


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else getattr(value, key, None)
