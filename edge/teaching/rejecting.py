"""Unknown stays unknown: from which cosine on a look is called by a taught name.

The limit lies where the agreed share of *other things* would pass it: looks at tracks that nobody has named, and the
examples of each name as the other names see them. Where nearly all examples that were left out are more like their name
than that, it lies half way up to them: what has never been seen may be more like than what has. But it is never so high
that fewer than a fifth of these examples would pass: among the other things may be many that are the same and were not
named. While there are too few other things, half of the examples pass.
"""

import numpy as np

from edge.contracts.types import F64, I64
from edge.teaching.judging import Trial

LEAST_OTHERS = 20
NEARLY_ALL, LEAST_KNOWN = 0.9, 0.2  # of the examples that were left out
STRICT = 0.9  # cosine, while nothing is known: neither other things nor a second look


def limit(trial: Trial, label: I64, others: F64, share: float) -> float:
    """The least cosine.

    Args:
        trial: examples that were left out.
        label: (N,) their names.
        others: (M, K) cosines of other things.
        share: of other things that may pass.
    """
    own = trial.cosine[np.arange(len(label)), label][trial.asked]
    against = np.concatenate([others.max(axis=1, initial=-1.0), _as_the_others_see(trial, label)])
    if not len(own):
        return STRICT
    if len(against) < LEAST_OTHERS:
        return float(np.median(own))
    lowest, highest = np.quantile(own, [1 - NEARLY_ALL, 1 - LEAST_KNOWN]).tolist()
    passed = float(np.quantile(against, 1 - share))
    return min(max(passed, (passed + lowest) / 2), float(highest))


def _as_the_others_see(trial: Trial, label: I64) -> F64:
    """The best cosine of each example that was left out with another name; none where there is but one name."""
    if trial.cosine.shape[1] < 2:
        return np.zeros(0)
    hidden = trial.cosine.copy()
    hidden[np.arange(len(label)), label] = -1
    return np.asarray(hidden[trial.asked].max(axis=1), np.float64)
