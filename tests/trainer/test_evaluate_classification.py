"""Top-1 accuracy, confusion and calibration of classifiers, and whether one lost against another."""

import math

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.types import Detections
from tests.paths import data
from tests.rigs.labelled import dataset, found, picture
from trainer.errors import TrainError
from trainer.evaluate.bootstrap import compare_shares
from trainer.evaluate.classification import Classification, classification, classify, interval
from trainer.evaluate.running import run_model
from trainer.gate.classification import compare_accuracy
from trainer.gate.verdict import Answer

WHOLE = (0.0, 0.0, 1.0, 1.0)


def answered(right: list[bool]) -> Classification:
    """Cats only, taken for cats or for dogs."""
    truth = np.zeros(len(right), np.int64)
    return classification(
        dataset(*[picture((0, WHOLE))] * len(right)), truth, np.where(right, 0, 1), np.full(len(right), 0.8)
    )


def test_nothing_to_score() -> None:
    nothing = classify(dataset(), [])
    assert math.isnan(nothing.accuracy)
    assert math.isnan(nothing.balanced)
    assert nothing.confusion.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert nothing.words() == "no pictures to score"
    check, figures = compare_accuracy(nothing, nothing, 1.0)
    assert (check.answer, figures["boxes"]) == (Answer.UNKNOWN, 0)


def test_the_best_answer_counts() -> None:
    truth = dataset(*(picture((label, WHOLE)) for label in (0, 0, 1, 1)))
    answers = [
        found((0, 0.9, WHOLE), (1, 0.1, WHOLE)),
        found((0, 0.3, WHOLE), (1, 0.75, WHOLE)),
        found((1, 0.6, WHOLE)),
        Detections.empty(),
    ]
    scored = classify(truth, answers)
    assert scored.answer.tolist() == [0, 1, 1, -1]
    assert scored.confusion.tolist() == [[1, 1, 0], [0, 1, 1]]
    assert (scored.accuracy, scored.balanced) == (0.5, 0.5)
    assert scored.recall.tolist() == [0.5, 0.5]
    assert scored.precision.tolist() == [1.0, 0.5]
    assert scored.reliability.error == pytest.approx((0.1 + 0.75 + 0.4 + 0.0) / 4)


def test_a_class_without_pictures_has_no_share() -> None:
    scored = answered([True, False])
    assert np.isnan(scored.recall).tolist() == [False, True]
    assert scored.balanced == 0.5


def test_pictures_of_many_things_are_refused() -> None:
    with pytest.raises(TrainError, match=r"none\.jpg has 2 labels"):
        classify(dataset(picture((0, WHOLE), (1, WHOLE))), [found()])


@pytest.mark.parametrize(
    ("right", "count", "expected"), [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (50, 100, (0.4038, 0.5962))]
)
def test_the_interval_is_wilsons(right: int, count: int, expected: tuple[float, float]) -> None:
    assert interval(right, count) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("count", "lost", "answer"),
    [(100, 50, Answer.UNKNOWN), (400, 0, Answer.PASSED), (400, 4, Answer.PASSED), (400, 40, Answer.FAILED)],
)
def test_a_loss_beyond_the_budget_is_refused(count: int, lost: int, answer: Answer) -> None:
    before, after = answered([True] * count), answered([False] * lost + [True] * (count - lost))
    check, figures = compare_accuracy(before, after, 1.0)
    assert check.answer is answer
    assert figures["accuracy_drop_points"] == pytest.approx(100 * lost / count)
    assert figures["accuracy_drop_low_points"] <= figures["accuracy_drop_points"]


def test_gains_and_losses_that_cancel_could_be_chance() -> None:
    before = [True] * 40 + [False] * 34 + [True] * 326
    after = [False] * 40 + [True] * 34 + [True] * 326
    check, figures = compare_accuracy(answered(before), answered(after), 1.0)
    assert figures["accuracy_drop_points"] == pytest.approx(1.5)
    assert check.answer is Answer.UNKNOWN
    assert "could be chance" in check.words


def test_other_pictures_are_not_compared() -> None:
    with pytest.raises(ValueError, match="3 and 2 pictures"):
        compare_shares(np.ones(3, bool), np.ones(2, bool))


def test_any_classifier_can_be_scored() -> None:
    """A model that others made, on a picture whose name it knows."""
    bundle = read_bundle(data("models", "mobilenet_v1_0.25_224_1_metadata_1.tflite"))
    path = data("images", "cats_and_dogs.jpg")
    truth = dataset(picture((1, WHOLE), path=path), labels=("Egyptian cat", "Samoyed"))
    run = run_model(bundle, truth)
    scored = classify(run.dataset, run.found)
    assert scored.confusion.sum() == 1
    assert scored.confusion[1, :].sum() == 1
