"""What readers of the models of a task expect: kind of head, outputs and their order."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.contracts.manifest import Task
from edge.contracts.types import Head
from trainer.errors import TrainError
from trainer.export.postprocess import OPERATOR, OUTPUTS


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one task."""

    head: Head
    outputs: tuple[str, ...]  # names in the signature, in the order of the file
    custom: frozenset[str]  # operators that are not built in and may be there all the same


_EXPECTED: Mapping[Task, Expected] = {
    Task.DETECTOR: Expected(Head.SSD, OUTPUTS, frozenset({OPERATOR})),
    Task.CLASSIFIER: Expected(Head.CLASSIFIER, ("probabilities", "embedding"), frozenset()),
    Task.EMBEDDER: Expected(Head.EMBEDDING, ("embedding",), frozenset()),
}


def expected(task: Task) -> Expected:
    """What a model of this task is to be.

    Raises:
        TrainError: models of this task are not exported from here.
    """
    if task not in _EXPECTED:
        raise TrainError(f"a {task} is not exported as a model for pictures; that is one of {', '.join(_EXPECTED)}")
    return _EXPECTED[task]
