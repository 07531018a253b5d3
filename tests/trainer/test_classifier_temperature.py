"""How sure a classifier ought to be."""

import numpy as np
import pytest

from trainer.classifier.temperature import softmax, temperature


def drawn(scale: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits that boast by `scale`, and truths drawn from what they ought to say."""
    random = np.random.default_rng(4)
    logits = random.normal(0, 2, (count, 4))
    truth = np.array([random.choice(4, p=row) for row in softmax(logits)], np.int64)
    return logits * scale, truth


def test_too_few_pictures_change_nothing() -> None:
    assert temperature(np.zeros((0, 3)), np.zeros(0, np.int64)) == 1.0
    assert temperature(np.full((19, 3), 5.0), np.zeros(19, np.int64)) == 1.0


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.0])
def test_boasting_is_found(scale: float) -> None:
    logits, truth = drawn(scale)
    found = temperature(logits, truth)
    assert found == pytest.approx(scale, rel=0.08)


@pytest.mark.parametrize("count", [30, 300])
def test_perfect_answers_are_as_sure_as_so_many_pictures_allow(count: int) -> None:
    truth = np.arange(count) % 3
    logits = np.eye(3)[truth] * 9.0
    sure = softmax(logits / temperature(logits, truth)).max(axis=1)
    assert sure == pytest.approx((count + 1) / (count + 2), abs=0.002)
