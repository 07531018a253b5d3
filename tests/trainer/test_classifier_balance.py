import numpy as np
import pytest

from trainer.classifier.balance import class_weights


@pytest.mark.parametrize(
    ("count", "balance", "weight"),
    [
        ([0, 0], 1.0, [0, 0]),
        ([3, 3, 1], 0.0, [1, 1, 1]),
        ([3, 1], 1.0, [2 / 3, 2]),
        ([4, 1], 0.5, [5 / 6, 5 / 3]),
    ],
)
def test_rare_classes_count_for_more_and_the_mean_stays(count: list[int], balance: float, weight: list[float]) -> None:
    assert class_weights(np.array(count, np.int64), balance) == pytest.approx(weight)
