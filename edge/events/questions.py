"""Questions that the forecast has answered with a probability, until it is seen what really happens."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Key = tuple[int, int]
Answer = tuple[Key, float, bool | None]  # probability that was stated, and what is true; None: nobody will know
Seen = Callable[[Key], float | None]  # when what a key is about was last seen; None: never again

MOST = 20_000  # open at once; the oldest go first, unanswered


@dataclass(frozen=True, slots=True)
class Question:
    """Does it happen before the deadline?"""

    key: Key
    probability: float
    asked_s: float
    deadline_s: float


class Questions:
    """Asked in rising order of their deadlines; answered a grace after them, when what was seen has settled.

    Args:
        grace_s: seconds after which what was seen before a deadline is known for sure.
    """

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._open: deque[Question] = deque()

    def __len__(self) -> int:
        return len(self._open)

    def ask(self, question: Question) -> None:
        """One more."""
        self._open.append(question)

    def happened(self, key: Key, when_s: float) -> Iterator[Answer]:
        """It did, just now or a little ago: all open questions about it have their answer."""
        mine = [one for one in self._open if one.key == key]
        if mine:
            self._open = deque(one for one in self._open if one.key != key)
        for one in mine:
            if one.asked_s <= when_s:
                yield key, one.probability, when_s <= one.deadline_s

    def due(self, t_s: float, seen: Seen) -> Iterator[Answer]:
        """What has been decided by now: it did not happen, or nobody will know."""
        waiting: list[Question] = []
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
