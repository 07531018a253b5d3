"""What people have taught a device, and what that is worth."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaughtReport:
    """What leaving examples out says. Shares are 0..1, None where nothing could be left out."""

    names: tuple[str, ...]
    examples: tuple[int, ...]  # of each name
    confusion: tuple[tuple[int, ...], ...]  # row: the name, column: what it was taken for, the last: unknown
    accuracy: float | None  # called by their name, were every look a taught thing; each name counts alike
    recognised: float | None  # called by their name although they might be unknown
    tuned: bool
    limit: float  # least cosine of what is sure
    others: int  # looks at other things that the limit was set with
    false_accepts: float  # share of them that it lets pass
