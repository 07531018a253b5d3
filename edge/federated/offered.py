"""Weights that came from others and are better here: laid down for the daemon, which takes them as its candidate."""

import logging
import time
from pathlib import Path

import numpy as np

from edge.contracts.trainable import Weights
from edge.contracts.types import F32, ModelBundle
from edge.learning.checkpoint import ENDING, Checkpoint, CheckpointError, read_checkpoint, write_checkpoint
from edge.learning.round import Judgement

OFFERED = "offered"  # folder of a subject
_log = logging.getLogger(__name__)


def offer(folder: Path, bundle: ModelBundle, weights: F32, number: int, judgement: Judgement) -> str:
    """Lay them down in the place of older ones; the name of the file.

    Args:
        folder: of the subject.
        bundle: of the model.
        weights: (N,) that passed.
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


def take_offered(folder: Path, bundle: ModelBundle) -> F32 | None:
    """(N,) the newest weights that lie there for a subject, None where there are none; they are removed.

    They have been judged when they were laid down; whoever takes them judges them again, for time has passed.

    Raises:
        OSError: they cannot be removed; they are not taken then.
    """
    numbers = 0 if bundle.trainable is None else bundle.trainable.weights
    found = None
    for path in sorted((folder / OFFERED).glob(f"*{ENDING}"), key=lambda one: one.stat().st_mtime_ns):
        try:
            weights = read_checkpoint(path.parent, path.stem, bundle.sha256, bundle.head).weights.weights
            found = weights if len(weights) == numbers else found
        except CheckpointError as error:
            _log.warning("%s", error)
        path.unlink()
    return found
