"""What examples are worth, seen by leaving them out: which weights, how sharp, and what is taken for what.

In each round one *unit* of every name that has two or more is left out, and asked about. A unit is a lesson where the
name was taught in several, else a single look: looks of one track are so much alike that leaving one out tells little.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64, Mask
from edge.teaching.examples import Examples
from edge.teaching.fitting import softmax

Fit = Callable[[F64, I64, int], F64]  # looks (N, D), their names (N,), K: weights (K, D)
SHARPNESSES = (5.0, 10.0, 20.0, 40.0)


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """Cosines of looks that were left out with every name's weights."""

    cosine: F64  # (N, K)
    asked: Mask  # (N,) whether the look was left out once; a name's only unit never is

    def right(self, label: I64) -> Mask:
        """(N,) whether the look was asked about, and answered with its own name."""
        return self.asked & (self.cosine.argmax(axis=1) == label)

    def share_right(self, label: I64) -> float:
        """Of the looks that were asked about, each name counting alike; 0 where none was."""
        names = np.unique(label[self.asked])
        return float(np.mean([self.right(label)[self.asked & (label == one)].mean() for one in names] or [0.0]))

    def loss(self, label: I64, sharpness: float) -> float:
        """Mean surprise at the true names."""
        if not self.asked.any():
            return 0.0
        likely = softmax(sharpness * self.cosine[self.asked])[np.arange(self.asked.sum()), label[self.asked]]
        return float(-np.log(np.maximum(likely, 1e-12)).mean())

    def sharpness(self, label: I64) -> float:
        """Which factor of cosines makes the probabilities that fit best."""
        return min(SHARPNESSES, key=lambda one: self.loss(label, one))


def leave_out(examples: Examples, vectors: F64, fit: Fit) -> Trial:
    """Ask about every unit with weights that do not know it.

    Args:
        examples: what was taught.
        vectors: their looks (N, D) as `fit` takes them.
        fit: makes weights.
    """
    names, label = len(examples.names), examples.label
    fold = _folds(examples)
    vectors = _short(vectors)
    cosine = np.zeros((len(label), names))
    for number in range(int(fold.max(initial=-1)) + 1):
        out = fold == number
        cosine[out] = vectors[out] @ fit(vectors[~out], label[~out], names).T
    return Trial(cosine, fold >= 0)


def confusion(examples: Examples, answer: I64) -> tuple[tuple[int, ...], ...]:
    """How many looks of each name (row) got each answer (K columns, and a last one: none); -1 was not asked about.

    Args:
        examples: what was taught.
        answer: (N,) 0..K - 1, K for "unknown", -1 where the look was never left out.
    """
    count = len(examples.names)
    table = np.zeros((count, count + 1), np.int64)
    asked = answer >= 0
    np.add.at(table, (examples.label[asked], answer[asked]), 1)
    return tuple(tuple(row) for row in table.tolist())


def _folds(examples: Examples) -> I64:
    """(N,) the round in which each look is left out, -1 for never."""
    fold = np.full(len(examples), -1, np.int64)
    for name in range(len(examples.names)):
        rows = np.flatnonzero(examples.label == name)
        lessons = list(dict.fromkeys(examples.lesson[row] for row in rows.tolist()))
        if len(lessons) > 1:
            fold[rows] = [lessons.index(examples.lesson[row]) for row in rows.tolist()]
        elif len(rows) > 1:
            fold[rows] = np.arange(len(rows))
    return fold


def _short(vectors: F64) -> F64:
    """The same looks in coordinates of the space that they span: all products among them stay, at N numbers each."""
    if len(vectors) >= vectors.shape[1]:
        return vectors
    _, corner = np.linalg.qr(vectors.T)
    return np.asarray(corner.T, np.float64)
