"""The float file must find what the network finds, of every class."""

import numpy as np

from edge.contracts.types import Detections
from trainer.gate.found import finds_as_network
from trainer.gate.verdict import Answer

LABELS = ("person", "bicycle")


def found(*labels: int, score: float = 0.9) -> Detections:
    box = np.array([[0.1 * n, 0.1, 0.1 * n + 0.08, 0.3] for n in range(len(labels))], np.float32).reshape(-1, 4)
    return Detections(box, np.full(len(labels), score, np.float32), np.array(labels, np.int64))


def test_nothing_to_go_by() -> None:
    assert finds_as_network([], [], LABELS).answer is Answer.UNKNOWN
    assert finds_as_network([found(0, 0, 0, score=0.1)], [found()], LABELS).answer is Answer.UNKNOWN


def test_the_same_is_found() -> None:
    both = found(*[0] * 5, *[1] * 5)
    check = finds_as_network([both], [both], LABELS)
    assert check.answer is Answer.PASSED
    assert "person 5 of 5 (and 0 others), bicycle 5 of 5 (and 0 others)" in check.words


def test_a_class_that_the_file_loses_is_named() -> None:
    check = finds_as_network([found(*[0] * 5, *[1] * 5)], [found(*[0] * 5)], LABELS)
    assert check.answer is Answer.FAILED
    assert "loses or invents bicycle" in check.words


def test_a_class_that_the_file_invents_is_named() -> None:
    check = finds_as_network([found(*[0] * 5)], [found(*[0] * 5, *[1] * 5)], LABELS)
    assert check.answer is Answer.FAILED
    assert "loses or invents bicycle" in check.words


def test_one_box_of_few_is_no_proof() -> None:
    assert finds_as_network([found(*[0] * 5)], [found(*[0] * 4)], LABELS).answer is Answer.PASSED
