"""What is learnt from and what is judged by, divided by time so that neither knows of the other.

Time is cut into periods, in each of which the end is kept to judge. Whoever is there for long, a parked car, is learnt
from in one period and judged by in another; with the length of a sample in between, so that no two windows meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from edge.contracts.types import F64, Head, ModelBundle
from edge.contracts.windows import SeriesWindow, TrackWindow

JUDGED_SPANS = 3.0  # of each period, in lengths of a sample; those that begin in the first two lie wholly within


class Part(IntEnum):
    """What a sample is for, for ever."""

    LEARN = 0
    JUDGE = 1


@dataclass(frozen=True, slots=True)
class Stay:
    """A group of samples, a track, in one part. Times are seconds on the wall clock."""

    part: Part
    first_s: float  # the group's first sample of all began then
    since_s: float  # the first one of this stay began then
    until_s: float  # the newest one ended then


def span_s(bundle: ModelBundle) -> float:
    """The longest sample of a model, seconds; of a model without a window of time, one second."""
    window = bundle.window
    if isinstance(window, TrackWindow):
        return (window.samples - 1) * window.step_s + window.horizons_s[-1]
    if isinstance(window, SeriesWindow):
        ahead = window.horizons[-1] if bundle.head is Head.SERIES and window.horizons else 0
        return (window.samples - 1 + ahead) * window.step_s
    return 1.0


def period_of(span_s: float, share: float) -> float:
    """Length of a period, seconds; see `part_of`."""
    return span_s * (2.0 + (JUDGED_SPANS - 1.0) / share)


def part_of(begin_s: float, end_s: float, span_s: float, share: float) -> Part | None:
    """What a sample of this time is for; None: it reaches from one part into the other, and is left out.

    The same moment is always of the same part, so no moment is ever seen on both sides, whatever order samples come in.

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


def stayed(stay: Stay | None, part: Part, begin_s: float, end_s: float, span_s: float, share: float) -> Stay | None:
    """Where a group is after one more sample of it; None: that sample would be seen on both sides, and is left out.

    A group stays of its part until it has been there for a whole period, and for the length of a sample after the
    last one of the other part.

    Args:
        stay: where it was; None of a new group.
        part: of the sample, by its time.
        begin_s: as in `part_of`.
        end_s: the same.
        span_s: the same.
        share: the same.
    """
    if stay is None:
        return Stay(part, begin_s, begin_s, end_s)
    if part is stay.part:
        return replace(stay, until_s=max(stay.until_s, end_s)) if begin_s >= stay.since_s else None
    long = begin_s - stay.first_s >= period_of(span_s, share)
    return Stay(part, stay.first_s, begin_s, end_s) if long and begin_s - stay.until_s >= span_s else None


def alike(group: Sequence[str], begin_s: F64, span_s: float, share: float) -> list[str]:
    """(n,) names of those that tell much the same: samples of one name count as one when something is to be proved.

    They are those of one track in one period; of no track, those that begin within the length of a sample, for these
    overlap.

    Args:
        group: (n,) their groups, "" = of no group.
        begin_s: (n,) the oldest moments that they tell of.
        span_s: the longest sample.
        share: of the samples that is kept to judge.
    """
    period_s = period_of(span_s, share)
    return [
        f"{name}@{begin // (period_s if name else span_s):.0f}"
        for name, begin in zip(group, begin_s.tolist(), strict=True)
    ]
