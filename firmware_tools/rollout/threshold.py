"""When too much has failed: the arithmetic of stopping.

Four rules, the first that holds stops the roll-out:
- a canary failed, or anybody before as many as the canaries were good;
- more have failed than the threshold's share of all devices of the roll-out;
- of at least `least` judged devices more than the threshold's share failed;
- of fewer, more failed, and so many fail by chance in less than one of 20 roll-outs whose true share is the threshold.

The last one is there because a share of few is noise: at a threshold of 5 %, 1 failure of 12 (8 %) happens in 46 % of
the roll-outs of a release that is just good enough, while 3 of 12 happen in 2 %. `least` is by default what 20 failures
are at the threshold. `python -m tests.bench rollout --thresholds` draws what that stops.
"""

from math import ceil, exp, lgamma, log

CHANCE = 0.05
ENOUGH = 20  # failures


def enough(threshold: float) -> int:
    """How many must be judged until the share alone decides."""
    return ceil(ENOUGH / threshold) if threshold else 1


def too_many(failed: int, judged: int, threshold: float, least: int) -> bool:
    """Whether the failures of those judged speak for a true share above the threshold."""
    if failed <= threshold * judged:
        return False
    return judged >= least or by_chance(failed, judged, threshold) < CHANCE


def by_chance(failed: int, judged: int, share: float) -> float:
    """The probability of at least so many failures, each with the probability `share` (binomial)."""
    if not 0 < share < 1:
        return float(failed <= share * judged)
    return max(0.0, 1.0 - sum(exp(_log_exactly(count, judged, share)) for count in range(failed)))


def _log_exactly(failed: int, judged: int, share: float) -> float:
    ways = lgamma(judged + 1) - lgamma(failed + 1) - lgamma(judged - failed + 1)
    return ways + failed * log(share) + (judged - failed) * log(1 - share)
