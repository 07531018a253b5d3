"""Where in a message a value stands: `$.temperature`, `data.accel[0]`, `$["living room"].t`; empty = all of it.

A row of a file is a message too, its columns are the keys; a line of several numbers is a list.
"""

import re
from collections.abc import Mapping, Sequence

from edge.contracts.errors import MessageError

Step = str | int
_TOKEN = re.compile(r"""\.?(?P<name>[^.\[\]"']+)|\[(?P<index>\d{1,6})\]|\[(?P<quote>["'])(?P<quoted>.+?)(?P=quote)\]""")
LONGEST = 200  # letters


def parse_path(text: str) -> tuple[Step, ...]:
    """The steps of a path.

    Raises:
        ValueError: it is none.
    """
    rest = text.strip().removeprefix("$")
    if len(text) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} letters")
    steps: list[Step] = []
    while rest:
        found = _TOKEN.match(rest)
        if not found:
            raise ValueError(f"{text!r} is no path; write $.key, key.below[0] or $['a key']")
        name, index, quoted = found["name"], found["index"], found["quoted"]
        steps.append(int(index) if index is not None else name if name is not None else quoted)
        rest = rest[found.end() :]
    return tuple(steps)


def look(content: object, path: tuple[Step, ...], said: str) -> object:
    """What stands there.

    Args:
        content: a message, decoded.
        path: the steps to take.
        said: the path as people wrote it.

    Raises:
        MessageError: nothing does.
    """
    for step in path:
        if isinstance(step, str) and isinstance(content, Mapping) and step in content:
            content = content[step]
        elif isinstance(step, int) and _is_list(content) and step < len(content):  # type: ignore[arg-type]
            content = content[step]  # type: ignore[index]
        else:
            raise MessageError(f"it has nothing at {said}; see what it sends, and correct `at`")
    return content


def _is_list(content: object) -> bool:
    return isinstance(content, Sequence) and not isinstance(content, str | bytes)
