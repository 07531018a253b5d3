import numpy as np
import pytest

from edge.contracts.decode_scores import class_scores, embedding
from edge.contracts.errors import ModelError
from edge.contracts.types import Head
from tests.rigs.bundles import bundle, tensor

FLOAT = bundle(Head.CLASSIFIER, [tensor()])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 0]),
        ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]),  # probabilities stay
        ([0.9, 0.9, 0.1, 0.0], [0.9, 0.9, 0.1, 0.0]),  # several may be true
        ([0.0, 0.0, 0.0, np.log(3) + 2], None),  # logits
        ([np.nan, 0.5, 0.5, 0.0], [0, 0.5, 0.5, 0]),
        ([np.nan] * 4, [0, 0, 0, 0]),
    ],
)
def test_class_scores(values: list[float], expected: list[float] | None) -> None:
    raised = np.exp(values)
    wanted = raised / raised.sum() if expected is None else expected
    assert np.allclose(class_scores((np.array([values], np.float32),), FLOAT), wanted, atol=1e-6)


def test_quantised_scores_are_told_real() -> None:
    model = bundle(Head.CLASSIFIER, [tensor(dtype="uint8", scale=1 / 256)])
    scores = class_scores((np.array([[0, 64, 255, 32]], np.uint8),), model)
    assert scores.tolist() == [0, 0.25, 0.99609375, 0.125]


def test_labels_of_another_model_are_refused() -> None:
    with pytest.raises(ModelError, match="3 classes but 4 labels"):
        class_scores((np.zeros((1, 3), np.float32),), FLOAT)


@pytest.mark.parametrize(
    ("values", "expected"), [([0, 0], [0, 0]), ([3, 4], [0.6, 0.8]), ([np.nan, 2], [0, 1]), ([np.inf, 2], [0, 1])]
)
def test_embeddings_have_length_one(values: list[float], expected: list[float]) -> None:
    model = bundle(Head.EMBEDDING, [tensor()], labels=())
    assert np.allclose(embedding((np.array(values, np.float32).reshape(1, 1, 1, 2),), model), expected)
