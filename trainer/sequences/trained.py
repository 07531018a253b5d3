"""A trained sequence network on disk: what training leaves, and export and the gate start from.

A folder with `network.keras` (Keras' own archive), `served` (a SavedModel of fixed batch, which is what is converted:
it needs none of the Python classes that the network was built of) and `sequence.json` (what it is for).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge.contracts.manifest import Task
from edge.contracts.stored import replace_file
from edge.contracts.windows import Window, kind_of, parse_window
from trainer.descriptions import read_description
from trainer.errors import TrainError

NETWORK, SERVED, DESCRIPTION = "network.keras", "served", "sequence.json"


@dataclass(frozen=True, slots=True)
class SequenceTrained:
    """One network; its outputs have the names that `trainer.sequences.tasks` lists for the task."""

    folder: Path
    task: Task
    name: str
    labels: tuple[str, ...]
    window: Window

    @property
    def network(self) -> Path:
        """Keras' archive."""
        return self.folder / NETWORK

    @property
    def served(self) -> Path:
        """The SavedModel."""
        return self.folder / SERVED


def write_description(trained: SequenceTrained) -> None:
    """Write `sequence.json` beside the archive.

    Raises:
        OSError: it cannot be written.
    """
    entries = {
        "task": trained.task,
        "name": trained.name,
        "labels": trained.labels,
        "window": {"kind": kind_of(trained.window), **asdict(trained.window)},
    }
    replace_file(trained.folder / DESCRIPTION, json.dumps(entries, indent=1).encode())


def read_sequence(folder: Path) -> SequenceTrained:
    """What a training run left.

    Raises:
        TrainError: there is nothing, or it is damaged.
    """

    def parsed(entries: Mapping[str, Any]) -> SequenceTrained:
        return SequenceTrained(
            folder=folder,
            task=Task(entries["task"]),
            name=str(entries["name"]),
            labels=tuple(map(str, entries["labels"])),
            window=parse_window(entries["window"]),
        )

    trained = read_description(folder / DESCRIPTION, "trained network of sequences", parsed)
    if not trained.network.is_file() or not trained.served.is_dir():
        raise TrainError(
            f"{folder} holds no {NETWORK} with {SERVED} beside it: the training has not come to its end; train again"
        )
    return trained
