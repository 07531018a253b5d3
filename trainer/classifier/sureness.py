"""What calibration changed: a temperature for the logits of one network, or of several whose answers are averaged."""

import math
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64
from trainer.classifier.temperature import softmax, temperature
from trainer.evaluate.thresholds import reliability_of


@dataclass(frozen=True, slots=True)
class Sureness:
    """What the logits were divided by, and what that changed on the validation part."""

    temperature: float
    before: float  # expected calibration error, 0..1; NaN without validation
    after: float

    def words(self) -> str:
        """In a sentence."""
        if math.isnan(self.before):
            return "its scores are not calibrated: there is no part for validation"
        return (
            f"temperature {self.temperature:.2f}: expected calibration error {100 * self.before:.1f} -> "
            f"{100 * self.after:.1f} points on validation"
        )


UNKNOWN = Sureness(1.0, math.nan, math.nan)


def averaged(logits: F64) -> F64:
    """Probabilities (P, C): the mean over the members of logits (P, M, C)."""
    count, members, classes = logits.shape
    return softmax(logits.reshape(-1, classes)).reshape(count, members, classes).mean(axis=1)


def sureness(logits: F64, truth: I64) -> Sureness:
    """The temperature that suits samples which were not learnt from.

    Args:
        logits: (P, M, C) of M networks.
        truth: (P,) classes.
    """
    _, members, classes = logits.shape
    found = temperature(logits.reshape(-1, classes), np.repeat(truth, members))
    errors = []
    for divided in (logits, logits / found):
        likely = averaged(divided)
        errors.append(reliability_of(likely.max(axis=1), likely.argmax(axis=1) == truth).error)
    return Sureness(found, errors[0], errors[1])
