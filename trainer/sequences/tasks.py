"""What readers of sequence models expect: kind of head, names and order of the outputs."""

from collections.abc import Mapping

from edge.contracts.manifest import Task
from edge.contracts.types import Head
from edge.contracts.window_rules import OUTPUTS
from edge.contracts.windows import Window
from trainer.errors import TrainError
from trainer.export.tasks import Expected

HEADS: Mapping[Task, Head] = {
    Task.FORECASTER: Head.TRAJECTORY,
    Task.SERIES: Head.SERIES,
    Task.SEQUENCE: Head.SEQUENCE,
    Task.AUTOENCODER: Head.AUTOENCODER,
}


def expected_of(task: Task) -> Expected:
    """What a sequence model of this task is to be: built-in operators only.

    Raises:
        TrainError: models of this task take pictures.
    """
    if task not in HEADS:
        raise TrainError(f"a {task} is no model of sequences; those are {', '.join(HEADS)}")
    return Expected(HEADS[task], OUTPUTS[HEADS[task]], frozenset())


def batch_of(window: Window) -> int:
    """Rows of one call."""
    return window.shape[0]


def input_name(task: Task) -> str:
    """Name of the one input in the signature."""
    return "tracks" if task is Task.FORECASTER else "window"
