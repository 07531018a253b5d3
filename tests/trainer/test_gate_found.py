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
    check = finds_as_network([found(0, 0, 0, 1, 1, 1)], [found(0, 0, 0, 1, 1, 1)], LABELS)
    assert check.answer is Answer.PASSED
    assert "person 3 of 3, bicycle 3 of 3" in check.words


def test_a_class_that_the_file_loses_is_named() -> None:
    check = finds_as_network([found(0, 0, 0, 1, 1, 1)], [found(0, 0, 0)], LABELS)
    assert check.answer is Answer.FAILED
    assert "loses bicycle" in check.words
