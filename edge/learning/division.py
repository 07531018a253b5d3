"""What is learnt from and what is judged by, divided by time so that neither knows of the other."""

from enum import IntEnum

LONGEST_PERIOD_S = 7 * 86_400.0
JUDGED_SPANS = 3.0  # of each period, in lengths of a sample; those that begin in the first two lie wholly within


class Part(IntEnum):
    """What a sample is for, for ever."""

    LEARN = 0
    JUDGE = 1


def period_of(span_s: float, share: float) -> float:
    """Length of a period, seconds; see `part_of`."""
    return min(span_s * (2.0 + (JUDGED_SPANS - 1.0) / share), LONGEST_PERIOD_S)


def part_of(begin_s: float, end_s: float, span_s: float, share: float) -> Part | None:
    """What a sample of this time is for; None: it reaches from one part into the other, and is left out.

    Time is cut into periods, in each of which the end is kept to judge. The same moment is always of the same part, so
    no moment is ever seen on both sides, whatever order the samples come in.

    Args:
        begin_s: the oldest moment that it tells of.
        end_s: the newest.
        span_s: the longest sample.
        share: of the samples that is kept to judge, about.
    """
    period_s = period_of(span_s, share)
    judged_s = period_s - JUDGED_SPANS * span_s
    number, at_s = divmod(begin_s, period_s)
    until_s = end_s - number * period_s
    if until_s < judged_s:
        return Part.LEARN
    return Part.JUDGE if at_s >= judged_s and until_s < period_s else None
