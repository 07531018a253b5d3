"""How good it has been to expect something: the figures that go out for each zone, line and camera."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was stated against what came true, of the probabilities of one bin."""

    stated: float  # mean probability, 0..1
    true: float  # share that came true, 0..1
    asked: float  # how many; a fraction, since old ones fade


@dataclass(frozen=True, slots=True)
class ExpectationScore:
    """The expectations of one zone or line, or the near misses of one camera, against what happened.

    Two things are scored. Questions: "will it be there within `within_s`?", asked every two seconds of each object
    that may still come, with the probability that was stated however small. And expectations: those published.
    Counts are fractions because old ones fade. NaN: too little has happened to tell.
    """

    place: str  # zone or line; a camera stands for its near misses
    within_s: float
    hours: float  # watched
    questions: float  # whose answer was seen
    unanswered: float  # the object was gone before the answer: they count nowhere else
    brier: float  # mean squared error of the probabilities, 0 best
    brier_of_base_rate: float  # of one who always states how often it comes true
    skill: float  # 1 - brier / brier_of_base_rate: 1 best, 0 no better than the base rate
    reliability: tuple[Reliability, ...]  # bins of probability that hold something, rising
    expected: float  # published expectations that were kept or missed
    undecided: float  # published, but the object was gone before it could be kept: neither kept nor missed
    stated: float  # their mean probability, of those kept or missed
    precision: float  # share of them that were kept
    false_per_hour: float  # missed ones
    happened: float  # entries and crossings by objects that were seen outside before
    appeared: float  # objects that were there when they were first seen: nobody could expect them
    recall: float  # share of what happened that was expected before
    lead_s: float  # median of how long before
    lead_share: float  # share of what happened that was expected at least a second before
