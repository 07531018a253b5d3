"""Which tool tells what a model is worth: by its task, as its manifest says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from edge.contracts.bundle import read_manifest
from edge.contracts.manifest import Task
from trainer.errors import TrainError
from trainer.evaluate.tool import evaluate_files
from trainer.releasing.terms import refuse_unwritable


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told, and of what."""

    models: list[Path]
    data: Path
    part: str | None  # of labelled pictures: train, val or test; of series: test = the last fifth; None = as is usual
    labels: Path | None
    out: Path
    threads: int


Evaluator = Callable[[Asked, Console], None]


def evaluate_any(asked: Asked, console: Console) -> None:
    """Score models with the tool of the first one's task.

    Raises:
        EdgeError: models or data cannot be read, the tasks differ, or the report cannot be written.
    """
    refuse_unwritable(asked.out)
    first, task = asked.models[0], _task(asked.models[0])
    for other in asked.models[1:]:
        if _task(other) is not task:
            raise TrainError(f"{first} is a {task} and {other} a {_task(other)}; compare models of one task")
    _BY_TASK.get(task, _pictures)(asked, console)


def _task(model: Path) -> Task:
    manifest = read_manifest(model)
    return Task.DETECTOR if manifest is None else manifest.task


def _pictures(asked: Asked, console: Console) -> None:
    evaluate_files(asked.models, asked.data, asked.part, asked.labels, asked.out, asked.threads, console)


def _series(asked: Asked, console: Console) -> None:
    from trainer.series.evaluating import evaluate_series  # noqa: PLC0415 - tools load only what they need

    evaluate_series(asked.models, asked.data, asked.part, asked.out, console)


def _autoencoder(asked: Asked, console: Console) -> None:
    from trainer.autoencoder.evaluating import evaluate_autoencoders  # noqa: PLC0415

    evaluate_autoencoders(asked.models, asked.data, asked.part, asked.out, console)


def _sequence(asked: Asked, console: Console) -> None:
    from trainer.series.classify.evaluating import evaluate_sequences  # noqa: PLC0415

    evaluate_sequences(asked.models, asked.data, asked.part, asked.out, console)


def _paths(asked: Asked, console: Console) -> None:
    from trainer.forecaster.evaluating import evaluate_paths  # noqa: PLC0415

    evaluate_paths(asked.models, asked.data, asked.part, asked.out, console)


_BY_TASK: Mapping[Task, Evaluator] = {
    Task.FORECASTER: _paths,
    Task.SERIES: _series,
    Task.AUTOENCODER: _autoencoder,
    Task.SEQUENCE: _sequence,
}
