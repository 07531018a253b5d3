"""Which samples are kept when there are too many: the newest, and of the older ones a fair choice of every kind."""

import random
from collections.abc import Mapping

RECENT_SHARE = 0.5  # of all that are kept
MOST_STRATA = 64
OTHERS = "other"


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


def stratum(name: str, known: Mapping[str, int]) -> str:
    """The name of a kind under which a sample is kept: there is no end to the kinds that a stream may bring."""
    return name if name in known or len(known) < MOST_STRATA - 1 else OTHERS
