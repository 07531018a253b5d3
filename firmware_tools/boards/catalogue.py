"""Boards by name."""

from difflib import get_close_matches

from firmware_tools.boards.facts import BOARDS, Board
from firmware_tools.errors import MistakeError


def board(name: str) -> Board:
    """The board of a name.

    Raises:
        MistakeError: no board is called so.
    """
    found = {known.name: known for known in BOARDS}
    if name not in found:
        near = get_close_matches(name, found, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(found)}"
        raise MistakeError(f"no board is called {name!r}; {hint}")
    return found[name]
