"""What the child process is told, and what it answers: two small JSON files."""

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.export.postprocess import PostProcess
from trainer.export.variant import Variant


@dataclass(frozen=True, slots=True)
class Request:
    """One conversion."""

    folder: Path  # of the trained network
    variant: Variant
    calibration: tuple[Path, ...]  # pictures, empty where nothing is to be measured
    post_process: PostProcess
    model: Path  # to write: the bare `.tflite`
    answer: Path  # to write: an `Answer`


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be known of a conversion that succeeded."""

    calibrated: int  # pictures that ranges were measured on
    unreadable: tuple[Path, ...]


def read_request(path: Path) -> Request:
    """The request that the parent wrote."""
    told = json.loads(path.read_text())
    return Request(
        folder=Path(told["folder"]),
        variant=Variant(told["variant"]),
        calibration=tuple(map(Path, told["calibration"])),
        post_process=PostProcess(**told["post_process"]),
        model=Path(told["model"]),
        answer=Path(told["answer"]),
    )


def read_answer(path: Path) -> Answer:
    """The answer that the child wrote."""
    told = json.loads(path.read_text())
    return Answer(int(told["calibrated"]), tuple(map(Path, told["unreadable"])))
