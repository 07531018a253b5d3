"""What the child process is told, and what it answers: two small JSON files."""

import json
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.manifest import Task
from trainer.trainable.settings import TrainableSettings


@dataclass(frozen=True, slots=True)
class Request:
    """One conversion."""

    folder: Path  # of the trained network
    task: Task
    settings: TrainableSettings
    pictures: tuple[Path, ...]  # that measure the ranges of a classifier's backbone
    model: Path  # to write: the bare `.tflite`
    answer: Path  # to write: an `Answer`

    def write(self, path: Path) -> None:
        """Write it as JSON.

        Raises:
            OSError: it cannot be written.
        """
        told = {
            "folder": str(self.folder),
            "task": self.task,
            "settings": self.settings.model_dump(mode="json"),
            "pictures": [str(one) for one in self.pictures],
            "model": str(self.model),
            "answer": str(self.answer),
        }
        path.write_text(json.dumps(told))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be known of a conversion that succeeded."""

    weights: int  # N
    state: int  # P
    calibrated: int  # pictures that ranges were measured on

    def write(self, path: Path) -> None:
        """Write it as JSON.

        Raises:
            OSError: it cannot be written.
        """
        path.write_text(json.dumps({"weights": self.weights, "state": self.state, "calibrated": self.calibrated}))


def read_request(path: Path) -> Request:
    """The request that the parent wrote."""
    told = json.loads(path.read_text())
    return Request(
        folder=Path(told["folder"]),
        task=Task(told["task"]),
        settings=TrainableSettings.model_validate(told["settings"]),
        pictures=tuple(map(Path, told["pictures"])),
        model=Path(told["model"]),
        answer=Path(told["answer"]),
    )


def read_answer(path: Path) -> Answer:
    """The answer that the child wrote."""
    told = json.loads(path.read_text())
    return Answer(int(told["weights"]), int(told["state"]), int(told["calibrated"]))
