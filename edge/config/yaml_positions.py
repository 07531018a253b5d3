"""YAML with the line and column of every key and value, and bounds on all that a file can make us do.

Only plain data is made: mappings with text keys, lists, text, numbers, true/false, nothing. No tags, no dates.
Anchors, aliases and merge keys (`<<`) work within the bounds.
"""

import math
from collections.abc import Mapping
from typing import Any, cast

import yaml

from edge.config.problems import WHOLE_FILE, InvalidConfig, Mark, Path, Problem, problem
from edge.config.tree import Item, Scalar

LIMIT_BYTES = 256 * 1024
LIMIT_DEPTH = 24
LIMIT_VALUES = 20_000  # after aliases are written out
LARGEST_INTEGER = 2**63
EXAMPLE = "write `key: value`; is this the right file?"  # for a file without settings
_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_SCALARS = {_TAG + name for name in ("str", "int", "float", "bool", "null")}
_UNWANTED = {_TAG + "timestamp", _TAG + "value"}
_EXPLAINED: Mapping[str, str] = {
    "mapping values are not allowed here": "put a space after the colon, or quote text that holds `: `",
    "found character '\\t' that cannot start any token": "indent with spaces, not with tabs",
    "found unexpected end of stream": "a quote is opened and never closed",
    "could not find expected ':'": "each setting is `key: value`",
    "found character '%' that cannot start any token": "put text that begins with % in quotes",
    "found character '@' that cannot start any token": "put text that begins with @ in quotes",
    "found character '`' that cannot start any token": "put text that begins with ` in quotes",
    "expected <block end>, but found '<block mapping start>'": "indent keys of one level alike",
    "expected <block end>, but found '-'": "indent entries of one list alike",
    "expected a single document in the stream": "remove the second `---`",
}


def parse(raw: bytes, file: str) -> Item:
    """The tree of a file.

    Args:
        raw: the file's bytes.
        file: its name, for messages.

    Raises:
        InvalidConfig: with the place of each fault.
    """
    text = _decode(raw, file)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None or isinstance(node, yaml.ScalarNode):
            raise _whole(file, "holds no settings" if node is None else "is not a list of `key: value` settings")
        return _Builder(loader, file).build(node)
    except yaml.MarkedYAMLError as error:
        raise InvalidConfig([_syntax(error, file)]) from None
    except yaml.reader.ReaderError as error:
        mark = _mark_at(text, error.position)
        raise InvalidConfig([problem(file, mark, (), "a character that YAML forbids", "remove it")]) from None


def _whole(file: str, message: str, hint: str = EXAMPLE) -> InvalidConfig:
    return InvalidConfig([problem(file, WHOLE_FILE, (), message, hint)])


def _decode(raw: bytes, file: str) -> str:
    if len(raw) > LIMIT_BYTES:
        raise _whole(file, f"has more than {LIMIT_BYTES} bytes", "is this the right file?")
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise _whole(file, "begins with a byte order mark", "save it as UTF-8 without one")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        raise InvalidConfig(
            [problem(file, _mark_at(before, len(before)), (), "is not UTF-8 text", "save it as UTF-8")]
        ) from None


def _mark_at(text: str, position: int) -> Mark:
    before = text[:position]
    return Mark(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _syntax(error: yaml.MarkedYAMLError, file: str) -> Problem:
    said = error.problem or error.context or "is not YAML"
    hint = next((hint for start, hint in _EXPLAINED.items() if said.startswith(start)), "")
    return problem(file, _place(error.problem_mark or error.context_mark), (), f"not valid YAML: {said}", hint)


def _place(mark: yaml.Mark | None) -> Mark:
    return WHOLE_FILE if mark is None else Mark(mark.line + 1, mark.column + 1)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with bounded nesting, without dates (`2024-01-01` is text) and base-60 (`1:30` is text)."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name and form
        letter: [(tag, pattern) for tag, pattern in resolvers if tag not in _UNWANTED]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Count the nesting on the way down."""
        self._depth += 1
        if self._depth > LIMIT_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=self.get_mark())
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Builder:
    """Turns nodes into items; faults are collected, so that one run names them all."""

    def __init__(self, loader: _Loader, file: str) -> None:
        self._loader = loader
        self._file = file
        self._problems: list[Problem] = []
        self._values = 0
        self._depth = 0

    def build(self, node: yaml.Node) -> Item:
        """The tree, or every problem."""
        item = self._item(node, (), _place(node.start_mark))
        if not self._problems and not isinstance(item.value, dict):
            raise _whole(self._file, "is a list, not `key: value` settings")
        if self._problems:
            raise InvalidConfig(self._problems)
        return item

    def _say(self, mark: Mark, path: Path, message: str, hint: str = "") -> None:
        self._problems.append(problem(self._file, mark, path, message, hint))

    def _item(self, node: yaml.Node, path: Path, key_at: Mark) -> Item:
        at = _place(node.start_mark)
        self._values += 1
        if self._values > LIMIT_VALUES or self._depth > LIMIT_DEPTH:
            what = "too many values" if self._values > LIMIT_VALUES else "nested too deeply (or an alias of itself)"
            raise InvalidConfig([problem(self._file, at, path, what, "write it plainly, without aliases")])
        self._depth += 1
        item = Item(self._value(node, path), at, key_at, path)
        self._depth -= 1
        return item

    def _value(self, node: yaml.Node, path: Path) -> Scalar | dict[str, Item] | list[Item]:
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [
                self._item(child, (*path, index), _place(child.start_mark)) for index, child in enumerate(node.value)
            ]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Item]:
        own: dict[str, Item] = {}
        merged: dict[str, Item] = {}
        for key_node, value_node in node.value:
            mark = _place(key_node.start_mark)
            if key_node.tag == _MERGE:
                merged = {**self._merge(value_node, path, mark), **merged}
                continue
            key = self._key(key_node, path, mark)
            if key in own:
                first = own[key].key_at
                self._say(mark, (*path, key), f"stands twice; first on line {first.line}", "keep one of them")
            if key is not None:
                own[key] = self._item(value_node, (*path, key), mark)
        return {**merged, **own}

    def _merge(self, node: yaml.Node, path: Path, mark: Mark) -> dict[str, Item]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Item] = {}
        for source in sources:
            item = self._item(source, path, mark)
            if isinstance(item.value, dict):
                found = {**item.value, **found}
            else:
                self._say(mark, path, "`<<` takes a mapping", "name an anchor of `key: value` settings")
        return found

    def _key(self, node: yaml.Node, path: Path, mark: Mark) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag == _TAG + "str":
            return str(node.value)
        shown = node.value if isinstance(node, yaml.ScalarNode) else ""
        hint = f'write "{shown}" in quotes' if shown else "write `key: value`"
        self._say(mark, path, "a key must be text", hint)
        return None

    def _scalar(self, node: yaml.Node, path: Path) -> Scalar:
        mark = _place(node.start_mark)
        if node.tag not in _SCALARS or not isinstance(node, yaml.ScalarNode):
            self._say(mark, path, f"tags such as {node.tag.removeprefix(_TAG)} are not used here", "remove the tag")
            return None
        if node.tag == _TAG + "int" and ":" in node.value:
            return str(node.value)
        try:
            value = cast("Scalar", self._loader.construct_object(node))
        except (ValueError, TypeError, OverflowError, LookupError, yaml.YAMLError):
            self._say(mark, path, "looks like a number, but is none that can be read", "put text in quotes")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._say(mark, path, "must be a finite number")
        elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            self._say(mark, path, "is too large a number", "put text in quotes")
        return value
