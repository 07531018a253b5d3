"""A trained network on disk: what training leaves, and quantisation, export, explanation and the gate start from.

A folder with `network.keras` (Keras' own archive: layers and weights) and `network.json` (what it is for).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge.contracts.manifest import Task
from edge.contracts.stored import replace_file
from trainer.descriptions import read_description
from trainer.errors import TrainError

NETWORK, DESCRIPTION = "network.keras", "network.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """One network. Its picture is a square of `input_px`, RGB, `(x - 127.5) / 127.5`, letterboxed from the top left.

    `fake_quantised` says that it was trained with the rounding of int8 in it and needs no calibration.
    """

    folder: Path
    task: Task
    name: str
    labels: tuple[str, ...]
    input_px: int
    fake_quantised: bool

    @property
    def network(self) -> Path:
        """Keras' archive."""
        return self.folder / NETWORK


def write_description(trained: Trained) -> None:
    """Write `network.json` beside the archive.

    Raises:
        OSError: it cannot be written.
    """
    entries = {key: value for key, value in asdict(trained).items() if key != "folder"}
    replace_file(trained.folder / DESCRIPTION, json.dumps(entries, indent=1).encode())


def is_run(weights: str) -> bool:
    """Whether the setting `weights` of a recipe names the folder of a run."""
    return Path(weights).is_dir()


def read_trained(folder: Path) -> Trained:
    """What a training run left.

    Raises:
        TrainError: there is nothing, or it is damaged.
    """

    def parsed(entries: Mapping[str, Any]) -> Trained:
        return Trained(
            folder=folder,
            task=Task(entries["task"]),
            name=str(entries["name"]),
            labels=tuple(map(str, entries["labels"])),
            input_px=int(entries["input_px"]),
            fake_quantised=bool(entries["fake_quantised"]),
        )

    trained = read_description(folder / DESCRIPTION, "trained network", parsed)
    if not trained.network.is_file():
        raise TrainError(f"{folder} holds no {NETWORK}: the training has not come to its end; start it again to go on")
    return trained
