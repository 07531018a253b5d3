"""What devices have learnt, made into one: refused, clipped, set aside, averaged. Nothing here talks to anyone.

Letters: D devices, N learnt numbers. A device sends its change: its weights less those that it was given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.types import F32, F64
from trainer.errors import TrainError

FEWEST = 5  # devices, before one of them is doubted because it differs; of fewer, nobody knows which are right
MOST_TIMES = 2.0  # what one device counts for, in times of what the others do in the mean
ALL_ALIKE = 1e-6  # share of the median change that devices differ by when they say the same


class Method(StrEnum):
    """How changes are made into one."""

    MEAN = "mean"  # weighted by samples
    TRIMMED = "trimmed"  # the coordinate-wise trimmed mean, every device alike
    AUTO = "auto"  # trimmed from five devices on


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be averaged, and how."""

    minimum: int = 2  # sound updates, and devices that can tell how good the average is; fewer change nothing
    method: Method = Method.AUTO
    trim: float = 0.2  # share that is left out at each end of every coordinate
    clip: float = 1.5  # times the median length of a change
    outlier: float = 3.0  # times the median distance from the middle, beyond which a change is set aside


@dataclass(frozen=True, eq=False, slots=True)
class Update:
    """What one device sent."""

    device: str
    change: NDArray[Any]  # (N,) as it should be; nothing is believed
    samples: int  # that it says it has learnt from


@dataclass(frozen=True, eq=False, slots=True)
class Average:
    """What came of a round."""

    change: F32  # (N,) to add to the weights; zeros where too few devices were sound
    method: Method
    used: tuple[str, ...]  # devices
    refused: Mapping[str, str]  # device -> why
    clipped: tuple[str, ...]


def average(updates: Sequence[Update], numbers: int, terms: Terms) -> Average:
    """One change of many.

    Changes that are no finite numbers or of another size are refused; of five or more, those far from all others are
    set aside; long ones are shortened, and the rest is averaged. Of fewer than `terms.minimum` nothing is made.

    Args:
        updates: of this round, one of each device.
        numbers: N.
        terms: how.

    Raises:
        TrainError: two updates bear one name, or the terms make no sense.
    """
    _check_terms(terms)
    if len({one.device for one in updates}) < len(updates):
        raise TrainError("two updates of one round bear the same name; give every device a name of its own")
    reasons = {one.device: why for one in updates if (why := refusal(one, numbers))}
    sound = [one for one in updates if one.device not in reasons]
    changes = np.array([one.change for one in sound], np.float64).reshape(len(sound), numbers)
    kept, limit = ~far(changes, terms.outlier), longest(changes, terms.clip)
    long = np.linalg.norm(changes, axis=1) > limit
    reasons |= {one.device: "it is far from all others" for one, good in zip(sound, kept, strict=True) if not good}
    used = tuple(one.device for one, good in zip(sound, kept, strict=True) if good)
    method = _method(len(sound), terms)
    if len(used) < terms.minimum:
        return Average(np.zeros(numbers, np.float32), method, (), reasons, ())
    samples = np.array([one.samples for one in sound], np.float64)
    change = METHODS[method](clipped(changes[kept], limit), shares(samples[kept]), terms.trim).astype(np.float32)
    shortened = tuple(one.device for one, cut in zip(sound, long, strict=True) if cut and one.device in used)
    return Average(change, method, used, reasons, shortened)


def refusal(update: Update, numbers: int) -> str:
    """Why an update cannot be used at all; "" where it can."""
    change = update.change
    if change.shape != (numbers,):
        return f"it has the shape {change.shape}, and the model has {numbers} numbers"
    if not np.issubdtype(change.dtype, np.floating):
        return f"its numbers are {change.dtype}"
    if not np.isfinite(change).all():
        return "it holds what is no finite number"
    if float(np.abs(change).max(initial=0.0)) > np.sqrt(np.finfo(np.float32).max):
        return "its numbers are too large to be weights"
    return "" if update.samples > 0 else f"it was learnt from {update.samples} samples"


def clipped(changes: F64, limit: float) -> F64:
    """(D, N) the same, none longer than the limit."""
    length = np.linalg.norm(changes, axis=1)
    shorter: F64 = changes * np.where(length > limit, limit / np.where(length > 0, length, 1.0), 1.0)[:, None]
    return shorter


def longest(changes: F64, clip: float) -> float:
    """The longest that one of the changes (D, N) may be: `clip` times the median length, and of two the shorter one."""
    return (min(clip, 1.0) if len(changes) == 2 else clip) * _median_length(changes)


def shares(samples: F64) -> F64:
    """(D,) how much each device counts for: as it says it has samples (D,), within `most_share`; D >= 1.

    A count of samples is a claim, not a fact: a device that claims too many counts for no more than the most.
    """
    most, share = most_share(len(samples)), samples / samples.sum()
    for _ in range(len(samples)):
        over = share >= most
        left = share[~over].sum()
        if not left > 0:
            return np.full(len(samples), 1.0 / len(samples))
        share = np.where(over, most, share * ((1 - most * over.sum()) / left))
    return share


def most_share(devices: int) -> float:
    """`MOST_TIMES` what the others have in the mean, but half of two.

    So one device can hold up what the others agree on, but not turn it round: with changes of at most 1.5 times the
    median length, and of two none longer than the other, its share times its length is at most theirs. Only of three it
    may be more, and take the average to a quarter of their length in the other direction.
    """
    return 0.5 if devices == 2 else MOST_TIMES / (MOST_TIMES + devices - 1)


def far(changes: F64, factor: float) -> NDArray[np.bool_]:
    """(D,) which of the changes (D, N) are further from the coordinate-wise median than `factor` times the median is.

    Fewer than half of the devices are ever set aside, and none of fewer than five.
    """
    if len(changes) < FEWEST:
        return np.zeros(len(changes), bool)
    distance = np.linalg.norm(changes - np.median(changes, axis=0), axis=1)
    least = ALL_ALIKE * _median_length(changes)
    beyond: NDArray[np.bool_] = distance > factor * max(float(np.median(distance)), least)
    return beyond


def weighted_mean(changes: F64, share: F64, _: float) -> F64:
    """(N,) of changes (D, N) by what each device counts for (D,); D >= 1."""
    mean: F64 = share @ changes
    return mean


def trimmed_mean(changes: F64, _: F64, trim: float) -> F64:
    """(N,) of changes (D, N): of each coordinate the mean without the least and the greatest; D >= 1.

    As many are left out at each end as `trim` says, at least one of three or more (Yin, Chen, Ramchandran and Bartlett,
    "Byzantine-robust distributed learning: towards optimal statistical rates", 2018).
    """
    count = len(changes)
    out = min(max(int(trim * count), 1), (count - 1) // 2)
    ordered = np.sort(changes, axis=0)
    mean: F64 = ordered[out : count - out].mean(axis=0)
    return mean


METHODS: Mapping[Method, Callable[[F64, F64, float], F64]] = {
    Method.MEAN: weighted_mean,
    Method.TRIMMED: trimmed_mean,
}


def _method(devices: int, terms: Terms) -> Method:
    if terms.method is not Method.AUTO:
        return terms.method
    return Method.TRIMMED if devices >= FEWEST else Method.MEAN


def _median_length(changes: F64) -> float:
    return _middle(np.linalg.norm(changes, axis=1)) if len(changes) else 0.0


def _middle(values: F64) -> float:
    """The median; of an even number the lower of the two in the middle, so that one of two devices cannot set it."""
    return float(np.sort(values)[(len(values) - 1) // 2])


def _check_terms(terms: Terms) -> None:
    if not (terms.minimum >= 1 and 0 <= terms.trim < 0.5 and terms.clip > 0 and terms.outlier > 1):
        raise TrainError(f"terms that make no sense: {terms}; trim lies below 0.5, clip above 0, outlier above 1")
