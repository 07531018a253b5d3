"""Whether what came of a round is any better, by what devices say who tried it; nothing worse is handed out.

Every device compares on what it has never learnt from, and each has one voice: by how much its error changes. In the
mean of the voices it must not rise, neither over the weights that the round began with nor over the model file, so
that small harm does not add up. A voice is a claim: of five devices or more the least and the greatest are left out; of
fewer, none is praised with more than a tenth of what others' errors are. So one device of few that lies can hold up
what is better, but carry what is worse for the others by no more than that tenth, divided among them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.federated import Tried
from edge.contracts.types import F64
from trainer.federated.averaging import FEWEST, trimmed_mean

TRIM = 0.2  # share of the voices that is left out at each end, of many
MOST_PRAISE = 0.1  # of the error of others, of few
MOST_DRIFT = 2.0  # factor by which samples that came between two questions may change an error


@dataclass(frozen=True, slots=True)
class Verdict:
    """About the weights that came of a round."""

    accepted: bool
    judges: int  # devices that tried the weights before and after
    change: float  # of the error, in the mean of their voices; below 0 is better
    over_base: float  # the same, over the model file
    why: str  # not; "" where accepted


UNCHANGED = Verdict(False, 0, 0.0, 0.0, "nothing was averaged")


def verdict(before: Mapping[str, Tried], after: Mapping[str, Tried], minimum: int) -> Verdict:
    """Of how devices did with the weights before and after.

    Args:
        before: device -> how the weights that the round began with do there.
        after: the same of those that came of it.
        minimum: devices that must be able to tell.
    """
    judges = sorted(name for name in before.keys() & after.keys() if before[name].samples and after[name].samples)
    if len(judges) < max(minimum, 1):
        why = f"{len(judges)} devices can tell whether it is better, and {minimum} are needed"
        return Verdict(False, len(judges), 0.0, 0.0, why)
    now = np.array([after[name].given for name in judges])
    change = voiced(_errors_before([(before[name], after[name]) for name in judges]), now)
    over_base = voiced(np.array([after[name].base for name in judges]), now)
    worse = [
        f"{one:.3g} over {what}" for one, what in ((change, "that before"), (over_base, "the model file")) if one > 0
    ]
    why = f"the error rises: by {' and '.join(worse)}" if worse else ""
    return Verdict(not why, len(judges), change, over_base, why)


def voiced(earlier: F64, later: F64) -> float:
    """The mean change of errors (D,), as far as those who tell of it are believed; D >= 1."""
    change, count = later - earlier, len(later)
    if count >= FEWEST:
        return float(trimmed_mean(change[:, None], np.full(count, 1 / count), TRIM)[0])
    for place in range(count if count > 1 else 0):
        others = np.sort(np.delete(earlier, place))
        change[place] = max(change[place], -MOST_PRAISE * others[len(others) // 2])
    return float(change.mean())


def _errors_before(tried: Sequence[tuple[Tried, Tried]]) -> F64:
    """(D,) errors before, as they were on the samples of now, going by what these changed for the model file."""
    given, base, now = np.array([(before.given, before.base, after.base) for before, after in tried]).T
    factor = np.divide(now, base, out=np.ones_like(now), where=base > 0)
    same: F64 = given * np.clip(factor, 1 / MOST_DRIFT, MOST_DRIFT)
    return same
