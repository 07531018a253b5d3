"""Weights that came from others: laid down beside what a subject has learnt itself, and judged as its own candidates.

Whoever brings them (`edge.federated`, a process of its own) puts one file into a folder of the subject; the learner
reads it, judges it and removes it. They are checkpoints like all others: of the same model file, whole, and with a
check sum.
"""

import time
from pathlib import Path

import numpy as np

from edge.contracts.trainable import Weights
from edge.contracts.types import F32, ModelBundle
from edge.learning.checkpoint import (
    ENDING,
    Checkpoint,
    CheckpointError,
    ForeignCheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from edge.learning.round import Judgement

OFFERED = "offered"  # folder of a subject


def offer(folder: Path, bundle: ModelBundle, weights: F32, number: int, judgement: Judgement) -> str:
    """Lay them down in the place of older ones; the name of the file.

    Args:
        folder: of the subject.
        bundle: of the model.
        weights: (N,) that passed where they were tried.
        number: of the round that they come from.
        judgement: why.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    scores = {"base": judgement.base, "serving": judgement.serving, "candidate": judgement.candidate}
    optimizer = np.zeros(0 if bundle.trainable is None else bundle.trainable.state, np.float32)
    held = Weights(weights, optimizer)
    name = write_checkpoint(
        folder / OFFERED, Checkpoint(bundle.sha256, bundle.head, held, 0, number, time.time(), scores)
    )
    for path in (folder / OFFERED).glob(f"*{ENDING}"):
        if path.name != name + ENDING:
            path.unlink(missing_ok=True)
    return name


def newest(folder: Path) -> Path | None:
    """The file that was laid down last for a subject; None where there is none.

    Raises:
        OSError: the folder cannot be read.
    """
    found = []
    for path in (folder / OFFERED).glob(f"*{ENDING}"):
        try:
            found.append((path.stat().st_mtime_ns, path))
        except FileNotFoundError:  # another one has just taken its place
            continue
    return max(found)[1] if found else None


def read_offered(path: Path, bundle: ModelBundle) -> F32:
    """(N,) the weights in such a file.

    Raises:
        CheckpointError: they are damaged, or not for this model.
    """
    if not path.is_file():
        raise ForeignCheckpointError(f"{path}: is no file; it is not used")
    found = read_checkpoint(path.parent, path.name.removesuffix(ENDING), bundle.sha256, bundle.head).weights.weights
    wanted = 0 if bundle.trainable is None else bundle.trainable.weights
    if len(found) != wanted:
        raise CheckpointError(f"{path}: holds {len(found)} numbers, and the model has {wanted}; it is not used")
    return found
