"""Is one model really better than another on these pictures, or could other pictures have said the opposite?

Paired bootstrap: the pictures are drawn anew with replacement, the same draw for both models, and AP50 is counted
again for each draw; the middle 95 % of the differences is the interval. Detections are matched once per picture:
a draw only changes how often each picture's matches count, so thousands of draws cost seconds. Pictures are drawn,
not boxes, because boxes of one picture err together. A class that a draw leaves without objects drops out of that
draw's mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.evaluate.matches import ClassMatches, mean_ap, once_each

FEWEST_BOXES = 200  # below, an interval of AP says little and a verdict would be luck
AT_ONCE = 100  # draws counted together: bounds the memory


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second model has over the first, AP50 in 0..1; negative = it lost."""

    first: float
    second: float
    low: float  # of the 95 % interval of second - first
    high: float
    boxes: int  # objects that were looked for
    draws: int

    @property
    def change(self) -> float:
        """Second minus first on the pictures as they are."""
        return self.second - self.first

    @property
    def enough(self) -> bool:
        """There are boxes enough to tell."""
        return self.boxes >= FEWEST_BOXES

    @property
    def certain(self) -> bool:
        """The interval excludes zero, and there are boxes enough."""
        return self.enough and (self.low > 0 or self.high < 0)

    def words(self) -> str:
        """The difference in points, its interval, and what may be said of it."""
        figures = f"{self.change * 100:+.2f} points of AP50 (95 %: {self.low * 100:+.2f} to {self.high * 100:+.2f})"
        if not self.enough:
            return f"{figures}; too few boxes to tell: {self.boxes}, and {FEWEST_BOXES} are needed"
        return f"{figures}; {'a real difference' if self.certain else 'could be chance'} ({self.boxes} boxes)"


def compare(
    first: Sequence[ClassMatches], second: Sequence[ClassMatches], *, draws: int = 1000, seed: int = 0
) -> Difference:
    """Compare two models by their matches on the same pictures of one data set.

    Raises:
        ValueError: they were not matched on the same pictures.
    """
    if not first or len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} classes were matched; compare over one data set with labels")
    if any(not np.array_equal(a.truths, b.truths) for a, b in zip(first, second, strict=True)):
        raise ValueError("the models were matched on different pictures; run both over the same data set")
    pictures = len(first[0].truths)
    boxes = sum(one.boxes for one in first)
    plain = once_each(pictures)
    before, after = float(mean_ap(first, plain)[0]), float(mean_ap(second, plain)[0])
    if boxes == 0:
        return Difference(before, after, float("nan"), float("nan"), 0, draws)
    random, changes = np.random.default_rng(seed), []
    for start in range(0, draws, AT_ONCE):
        count = min(AT_ONCE, draws - start)
        weight = random.multinomial(pictures, np.full(pictures, 1 / pictures), size=count).astype(np.float64)
        changes.append(mean_ap(second, weight) - mean_ap(first, weight))
    low, high = np.nanpercentile(np.concatenate(changes), [2.5, 97.5]).tolist()
    return Difference(before, after, low, high, boxes, draws)
