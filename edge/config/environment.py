"""`${FORESIGHT_NAME}` in values becomes the environment's variable; no other name is ever looked up.

A substituted value stays text until the setting's type reads it, cannot add structure to the file, and is never shown
in a message. `$${FORESIGHT_NAME}` stands for the letters `${FORESIGHT_NAME}` themselves.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from edge.config.problems import InvalidConfig, Problem, problem
from edge.config.tree import Item, map_scalars

PREFIX = "FORESIGHT_"
_REFERENCE = re.compile(r"(\$?)\$\{(" + PREFIX + r"[A-Za-z0-9_]*)\}")


def substitute(tree: Item, environment: Mapping[str, str], file: str) -> Item:
    """The tree with every reference replaced.

    Raises:
        InvalidConfig: names each variable that is not set, with its place.
    """
    problems: list[Problem] = []

    def replaced(item: Item) -> Item:
        if not isinstance(item.value, str) or not _REFERENCE.search(item.value):
            return item
        names = [name for escape, name in _REFERENCE.findall(item.value) if not escape]
        problems.extend(_unset(item, name, environment, file) for name in names if name not in environment)
        text = _REFERENCE.sub(lambda found: _text(found, environment), item.value)
        return replace(item, value=text, from_environment=bool(names))

    result = map_scalars(tree, replaced)
    if problems:
        raise InvalidConfig(problems)
    return result


def _text(found: re.Match[str], environment: Mapping[str, str]) -> str:
    return found[0][1:] if found[1] else environment.get(found[2], "")


def _unset(item: Item, name: str, environment: Mapping[str, str], file: str) -> Problem:
    known = [each for each in environment if each.startswith(PREFIX)]
    near = get_close_matches(name, known, n=1, cutoff=0.8)
    hint = f"did you mean {near[0]}?" if near else f"set {name}, or write the value here"
    return problem(file, item.at, item.path, f"the environment has no {name}", hint)
