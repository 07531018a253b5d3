"""What a classifier is worth: how often its first answer is right, what it takes for what, whether it knows how sure.

Samples are whole pictures with one label each: an image folder, or the crops of a detection data set
(`trainer.classifier.samples`). Letters in shapes: P pictures, C classes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64, Detections, Mask
from trainer.data.dataset import Dataset
from trainer.errors import TrainError
from trainer.evaluate.thresholds import Reliability, reliability_of

SURE = 1.959964  # standard deviations within which 95 % lie


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """The figures of one classifier on one data set."""

    dataset: Dataset
    truth: I64  # (P,) classes
    answer: I64  # (P,) the likeliest class, -1 where the model had none to give
    score: F64  # (P,) of the answer, 0..1
    confusion: I64  # (C, C + 1) rows what it is, columns what it was taken for; the last: nothing
    reliability: Reliability

    @property
    def right(self) -> Mask:
        """(P,) whether the answer is the truth."""
        return self.answer == self.truth

    @property
    def accuracy(self) -> float:
        """Share of right answers, NaN without pictures."""
        return float(self.right.mean()) if len(self.truth) else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the accuracy lies with 95 %."""
        return interval(int(self.right.sum()), len(self.truth))

    @property
    def balanced(self) -> float:
        """The mean over the classes that are there of how often each is recognised, NaN without pictures."""
        shares = self.recall[np.isfinite(self.recall)]
        return float(shares.mean()) if len(shares) else float("nan")

    @property
    def recall(self) -> F64:
        """(C,) how often each class is recognised, NaN where there are no pictures of it."""
        return _shares(self.confusion.diagonal(), self.confusion.sum(axis=1))

    @property
    def precision(self) -> F64:
        """(C,) how often the answer of each class is right, NaN where it was never given."""
        return _shares(self.confusion.diagonal(), self.confusion[:, :-1].sum(axis=0))

    def words(self) -> str:
        """The figures that matter most, in a line."""
        if not len(self.truth):
            return "no pictures to score"
        low, high = (100 * value for value in self.interval)
        return (
            f"{100 * self.accuracy:.1f} % of {len(self.truth)} pictures right (95 %: {low:.1f} to {high:.1f}), "
            f"{100 * self.balanced:.1f} % as the mean over classes; its scores are off by "
            f"{100 * self.reliability.error:.1f} points (expected calibration error)"
        )


def classify(dataset: Dataset, found: Sequence[Detections]) -> Classification:
    """Score what a classifier found, as `trainer.evaluate.running.run_model` gives it.

    Classes of the model that the data set does not have are no answers: the best of those it has counts.

    Raises:
        TrainError: a picture has not exactly one label.
    """
    _refuse_objects(dataset)
    truth = np.array([picture.label[0] for picture in dataset.pictures], np.int64)
    best = [int(one.score.argmax()) if len(one) else -1 for one in found]
    answer = np.array([one.label[row] if row >= 0 else -1 for one, row in zip(found, best, strict=True)], np.int64)
    score = np.array([one.score[row] if row >= 0 else 0.0 for one, row in zip(found, best, strict=True)], np.float64)
    return classification(dataset, truth, answer, score)


def classification(dataset: Dataset, truth: I64, answer: I64, score: F64) -> Classification:
    """The figures of answers (P,), -1 = none, with their scores (P,)."""
    classes = len(dataset.labels)
    table = np.zeros((classes, classes + 1), np.int64)
    np.add.at(table, (truth, np.where(answer < 0, classes, answer)), 1)
    return Classification(dataset, truth, answer, score, table, reliability_of(score, answer == truth))


def interval(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927), which holds for few pictures too; NaN without any."""
    if not count:
        return float("nan"), float("nan")
    share, room = right / count, SURE**2 / count
    middle = (share + room / 2) / (1 + room)
    reach = SURE / (1 + room) * math.sqrt(share * (1 - share) / count + SURE**2 / (4 * count**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _shares(part: I64, whole: I64) -> F64:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _refuse_objects(dataset: Dataset) -> None:
    wrong = next((one for one in dataset.pictures if len(one.label) != 1), None)
    if wrong is not None:
        raise TrainError(
            f"{wrong.path} has {len(wrong.label)} labels, and a classifier is scored on pictures of one thing each; "
            "name an image folder, or cut the objects out first"
        )
