"""Questions that the forecast has answered with a probability, until it is seen what really happens."""

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

MOST = 20_000  # open at once; the oldest go first, unanswered
Seen = Callable[[Key], float | None]  # when what a key is about was last seen; None: never again


@dataclass(frozen=True, slots=True)
class Question(Generic[Key]):
    """Does it happen before the deadline?"""

    key: Key
    probability: float
    asked_s: float
    deadline_s: float


class Questions(Generic[Key]):
    """Asked in rising order of their deadlines; answered a grace after them, when what was seen has settled.

    Args:
        grace_s: seconds after which what was seen before a deadline is known for sure.
    """

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._open: deque[Question[Key]] = deque()
        self._happened: dict[Key, float] = {}  # when it last did

    def ask(self, key: Key, probability: float, asked_s: float, deadline_s: float) -> None:
        """One more."""
        self._open.append(Question(key, probability, asked_s, deadline_s))

    def happened(self, key: Key, when_s: float) -> Iterator[tuple[Key, float, bool | None]]:
        """It did, just now or a little ago: all open questions about it have their answer."""
        mine = [one for one in self._open if one.key == key]
        if mine:
            self._open = deque(one for one in self._open if one.key != key)
        for one in mine:
            if one.asked_s <= when_s:
                yield key, one.probability, when_s <= one.deadline_s

    def due(self, t_s: float, seen: Seen[Key]) -> Iterator[tuple[Key, float, bool | None]]:
        """Key, probability and answer of what has been decided: it happened, it did not, or nobody will know."""
        waiting: list[Question[Key]] = []
        while self._open and (self._open[0].deadline_s + self._grace_s < t_s or len(self._open) > MOST):
            one = self._open.popleft()
            last_s = seen(one.key)
            if last_s is None or len(self._open) >= MOST:
                yield one.key, one.probability, None
            elif last_s < one.deadline_s:
                waiting.append(one)  # not seen since, but it may come back
            else:
                yield one.key, one.probability, False
        self._open.extendleft(reversed(waiting))
