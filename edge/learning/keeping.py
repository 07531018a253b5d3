"""Which samples are kept when there are too many: the newest, and of the older ones a fair choice of every kind.

Decided in memory, by the numbers of the samples alone; where they lie is another matter.
"""

import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from edge.learning.division import Part

RECENT_SHARE = 0.5  # of all that are kept
MOST_STRATA = 64
OTHERS = "other"


class Age(IntEnum):
    """Why a sample is kept."""

    RECENT = 0
    OLD = 1  # chosen to stand for those of its kind


class Kept(NamedTuple):
    """What the rules know of one sample."""

    seq: int  # rising in the order in which they came
    part: Part
    age: Age
    kind: str


@dataclass(slots=True)
class Moves:
    """What is to change: first those that are old from now on, then those that go."""

    old: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    ever: dict[tuple[Part, str], int] = field(default_factory=dict)  # older samples of a kind that there ever were


class Keeping:
    """What is kept, and what gives way to it.

    Args:
        capacity: samples of each part, at most.
        chance: draws.
    """

    def __init__(self, capacity: Mapping[Part, int], chance: random.Random) -> None:
        self._capacity, self._chance = capacity, chance
        self.begin((), {})

    def begin(self, kept: Iterable[Kept], ever: Mapping[tuple[Part, str], int]) -> None:
        """What there is now; what was known before is forgotten. More than the capacity goes with `settled`."""
        self._recent = {part: deque[tuple[int, str]]() for part in Part}
        self._old = {part: dict[str, list[int]]() for part in Part}
        self._ever = {part: {kind: count for (of, kind), count in ever.items() if of == part} for part in Part}
        for seq, part, age, kind in sorted(kept):
            self._ever[part].setdefault(kind, 0)
            if age == Age.RECENT:
                self._recent[part].append((seq, kind))
            else:
                self._old[part].setdefault(kind, []).append(seq)

    def count(self, part: Part, age: Age) -> int:
        """How many are kept."""
        return len(self._recent[part]) if age == Age.RECENT else sum(map(len, self._old[part].values()))

    def stands_for(self, part: Part) -> dict[str, float]:
        """How many older samples each of those stands for that were chosen, by kind."""
        return {kind: self._ever[part][kind] / len(old) for kind, old in self._old[part].items() if old}

    def kind(self, part: Part, stratum: str) -> str:
        """The name under which a sample is kept: there is no end to the kinds that a stream may bring."""
        known = self._ever[part]
        return stratum if stratum in known or len(known) < MOST_STRATA - 1 else OTHERS

    def arrived(self, seq: int, part: Part, kind: str) -> Moves:
        """A new sample is there."""
        moves = Moves()
        self._recent[part].append((seq, kind))
        if kind not in self._ever[part]:
            self._ever[part][kind] = 0
            self._thin(part, moves)
        self._settle(part, moves)
        return moves

    def settled(self) -> Moves:
        """Nothing is new, but the capacity may be."""
        moves = Moves()
        for part in Part:
            self._thin(part, moves)
            self._settle(part, moves)
        return moves

    def _settle(self, part: Part, moves: Moves) -> None:
        """The oldest of the recent samples become old ones of their kind, or go."""
        while len(self._recent[part]) > self._capacity[part] * RECENT_SHARE:
            seq, kind = self._recent[part].popleft()
            self._ever[part][kind] += 1
            ever = moves.ever[part, kind] = self._ever[part][kind]
            old = self._old[part].setdefault(kind, [])
            at = place(len(old), ever, self._quota(part), self._chance)
            if at is None:
                moves.gone.append(seq)
                continue
            if at < len(old):
                moves.gone.append(old.pop(at))
            old.append(seq)
            moves.old.append(seq)

    def _thin(self, part: Part, moves: Moves) -> None:
        """Where there are more kinds than before, or less is kept, each keeps fewer."""
        for old in self._old[part].values():
            while len(old) > self._quota(part):
                moves.gone.append(old.pop(self._chance.randrange(len(old))))

    def _quota(self, part: Part) -> int:
        return quota(int(self._capacity[part] * (1 - RECENT_SHARE)), len(self._ever[part]))


def quota(capacity: int, strata: int) -> int:
    """How many older samples of each kind are kept."""
    return max(capacity // max(strata, 1), 1)


def place(kept: int, seen: int, limit: int, chance: random.Random) -> int | None:
    """Where one more older sample of a kind goes: a number below `limit`, or None where it goes nowhere.

    Vitter's algorithm R ("Random sampling with a reservoir", 1985): each of all that were ever seen is kept with the
    same probability.

    Args:
        kept: of this kind, at present.
        seen: of this kind, ever, this one among them.
        limit: to be kept of this kind.
        chance: draws.
    """
    if kept < limit:
        return kept
    drawn = chance.randrange(max(seen, 1))
    return drawn if drawn < limit else None
