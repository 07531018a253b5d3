"""What the child process is told, as a small JSON file."""

import json
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.manifest import Task
from trainer.export.variant import Variant


@dataclass(frozen=True, slots=True)
class Request:
    """One conversion of a sequence network."""

    served: Path  # the SavedModel
    task: Task
    variant: Variant
    calibration: Path  # a `.npy` of input tensors (N, B, …) float32, none of them where nothing is to be measured
    model: Path  # to write: the bare `.tflite`


def read_request(path: Path) -> Request:
    """The request that the parent wrote."""
    told = json.loads(path.read_text())
    return Request(
        served=Path(told["served"]),
        task=Task(told["task"]),
        variant=Variant(told["variant"]),
        calibration=Path(told["calibration"]),
        model=Path(told["model"]),
    )
