import numpy as np
import pytest

from trainer.classifier.sureness import UNKNOWN, averaged, sureness
from trainer.classifier.temperature import softmax


def test_members_that_boast_are_made_less_sure() -> None:
    random = np.random.default_rng(4)
    honest = random.normal(0, 2, (3000, 4))
    truth = np.array([random.choice(4, p=row) for row in softmax(honest)], np.int64)
    found = sureness(np.stack([honest, honest], axis=1) * 3, truth)
    assert found.temperature == pytest.approx(3, rel=0.1)
    assert found.after < 0.03 < found.before
    assert "-> " in found.words()


def test_without_validation_nothing_is_claimed() -> None:
    assert UNKNOWN.temperature == 1.0
    assert "not calibrated" in UNKNOWN.words()


def test_probabilities_are_averaged_and_not_logits() -> None:
    logits = np.array([[[10.0, 0.0], [0.0, 1.0]]])
    each = softmax(logits[0])
    assert averaged(logits)[0] == pytest.approx(each.mean(axis=0))
