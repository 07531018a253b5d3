"""Is one model really better than another on these pictures, or could other pictures have said the opposite?

Paired bootstrap: the pictures are drawn anew with replacement, the same draw for both models, and AP50 (or the mean
over COCO's IoUs) is counted again for each draw; the middle 95 % of the differences is the interval. Detections are
matched once per picture: a draw only changes how often each picture's matches count, so thousands of draws cost
seconds. Pictures are drawn, not boxes, because boxes of one picture err together. A class that a draw leaves without
objects drops out of that draw's mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import Mask
from trainer.evaluate.coco import CocoResult
from trainer.evaluate.matches import ClassMatches, mean_ap, once_each

FEWEST_BOXES = 200  # below, an interval of AP says little and a verdict would be luck
ACCURACY = "accuracy"  # the measure of classifiers
AT_ONCE = 100  # draws counted together: bounds the memory


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second model has over the first, 0..1; negative = it lost."""

    measure: str  # AP50, mAP or accuracy
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
        interval = f"95 %: {self.low * 100:+.2f} to {self.high * 100:+.2f}"
        figures = f"{self.change * 100:+.2f} points of {self.measure} ({interval})"
        counted = "pictures" if self.measure == ACCURACY else "boxes"
        if not self.enough:
            return f"{figures}; too few {counted} to tell: {self.boxes}, and {FEWEST_BOXES} are needed"
        return f"{figures}; {'a real difference' if self.certain else 'could be chance'} ({self.boxes} {counted})"


def compare(
    first: Sequence[ClassMatches], second: Sequence[ClassMatches], *, draws: int = 1000, seed: int = 0
) -> Difference:
    """Compare two models' AP50 by their matches on the same pictures of one data set.

    Raises:
        ValueError: they were not matched on the same pictures.
    """
    return _compare("AP50", (first,), (second,), draws, seed)


def compare_map(first: CocoResult, second: CocoResult, *, draws: int = 1000, seed: int = 0) -> Difference:
    """Compare two models' mAP, the mean over IoU .50:.95, on the same pictures of one data set.

    Raises:
        ValueError: they were not scored on the same pictures.
    """
    return _compare("mAP", first.at_ious, second.at_ious, draws, seed)


def compare_shares(first: Mask, second: Mask, *, draws: int = 1000, seed: int = 0) -> Difference:
    """Compare how often two classifiers are right (P,) on the same pictures, each of which is one box.

    Raises:
        ValueError: they were not scored on the same pictures.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} pictures were scored; run both over the same data set")
    count = len(first)
    if not count:
        return Difference(ACCURACY, float("nan"), float("nan"), float("nan"), float("nan"), 0, draws)
    gained = second.astype(np.float64) - first.astype(np.float64)
    weight = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws)
    low, high = np.percentile(weight @ gained / count, [2.5, 97.5]).tolist()
    return Difference(ACCURACY, float(first.mean()), float(second.mean()), low, high, count, draws)


def _compare(
    measure: str,
    first: Sequence[Sequence[ClassMatches]],
    second: Sequence[Sequence[ClassMatches]],
    draws: int,
    seed: int,
) -> Difference:
    """Matches come by IoU, then by class. All of them have the same objects, so the plain mean over both is COCO's."""
    boxes = sum(one.boxes for one in first[0])
    before, after = [one for row in first for one in row], [one for row in second for one in row]
    if not before or len(before) != len(after):
        raise ValueError(f"{len(before)} and {len(after)} classes were matched; compare over one data set with labels")
    if any(not np.array_equal(a.truths, b.truths) for a, b in zip(before, after, strict=True)):
        raise ValueError("the models were matched on different pictures; run both over the same data set")
    pictures = len(before[0].truths)
    plain = once_each(pictures)
    was, became = float(mean_ap(before, plain)[0]), float(mean_ap(after, plain)[0])
    if boxes == 0:
        return Difference(measure, was, became, float("nan"), float("nan"), 0, draws)
    random, changes = np.random.default_rng(seed), []
    for start in range(0, draws, AT_ONCE):
        count = min(AT_ONCE, draws - start)
        weight = random.multinomial(pictures, np.full(pictures, 1 / pictures), size=count).astype(np.float64)
        changes.append(mean_ap(after, weight) - mean_ap(before, weight))
    low, high = np.nanpercentile(np.concatenate(changes), [2.5, 97.5]).tolist()
    return Difference(measure, was, became, low, high, boxes, draws)
