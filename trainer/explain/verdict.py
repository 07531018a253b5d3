"""What a network says of a picture, and the number behind each of its words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts import boxes
from edge.contracts.manifest import Task
from edge.contracts.types import F32
from trainer.detector.architecture import Architecture, grid
from trainer.errors import TrainError
from trainer.explain.flat import Flat
from trainer.trained import Trained

MIN_SCORE, SAME = 0.3, 0.5  # overlap above which two boxes are of one object
MOST = 3

Outputs = dict[str, Any]
WHOLE: F32 = np.array([0, 0, 1, 1], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One thing that the network says: a box with a label, or the label of the whole picture.

    `row` and `label` say which number of the outputs it is: logits[row, label], or logits[label].
    """

    text: str
    score: float
    box: F32  # (4,) fractions of the network's input
    row: int
    label: int


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """How the outputs of one kind of network are read."""

    output: str  # the name of what `logit` reads
    found: Callable[[Outputs, tuple[str, ...], int], tuple[Finding, ...]]
    logit: Callable[[Any, Finding], Any]  # of that output, (B,) numbers
    verdict: Callable[[Any], Any]  # of that output, (B,) the strongest of them


def reader(trained: Trained) -> Reader:
    """How a network's outputs are read.

    Raises:
        TrainError: its task is none that looks at pictures.
    """
    if trained.task not in READERS:
        kinds = ", ".join(READERS)
        raise TrainError(f"{trained.folder} is a {trained.task.value}; what can be explained: {kinds}")
    return READERS[trained.task]


def numbered(flat: Flat, read: Reader) -> Any:
    """The tensor with the logits. For probabilities, what goes into the layer that makes them such.

    Raises:
        TrainError: the network has no such output.
    """
    if read.output not in flat.outputs:
        raise TrainError(f"the network has no output {read.output!r}, but {', '.join(flat.outputs)}: train it again")
    tensor = flat.outputs[read.output]
    maker = next((step for step in flat.steps if any(one is tensor for one in step.after)), None)
    if read.output == "probabilities" and maker is not None and not maker.layer.weights:
        same = [one for one in maker.before if one.shape == tensor.shape]
        return same[0] if same else tensor
    return tensor


def _boxes(outputs: Outputs, labels: tuple[str, ...], input_px: int) -> tuple[Finding, ...]:
    """What a detector finds, best first; the likeliest box where nothing is sure."""
    score = 1 / (1 + np.exp(-np.asarray(outputs["logits"])[0]))
    box, best, label = _decoded(np.asarray(outputs["boxes"])[0], input_px), score.max(axis=1), score.argmax(axis=1)
    rows = np.flatnonzero(best >= min(MIN_SCORE, best.max()))
    kept = rows[boxes.nms(box[rows], best[rows], label[rows], SAME)][:MOST]
    return tuple(
        Finding(f"{labels[label[row]]} {best[row]:.2f}", float(best[row]), box[row], row, int(label[row]))
        for row in kept.tolist()
    )


def _decoded(raw: F32, input_px: int) -> F32:
    cells = grid(Architecture(1, input_px))
    middle = cells.centre + raw[:, 1::-1] * cells.stride
    size = np.exp(np.clip(raw[:, :1:-1], -6, 4)) * cells.base
    return boxes.clip(boxes.from_centre_size(np.concatenate([middle, size], axis=1)))


def _class(outputs: Outputs, labels: tuple[str, ...], _: int) -> tuple[Finding, ...]:
    """The likeliest labels of a picture."""
    score = np.asarray(outputs["probabilities"])[0]
    order = np.argsort(-score)[:MOST].tolist()
    return tuple(Finding(f"{labels[row]} {score[row]:.2f}", float(score[row]), WHOLE, 0, row) for row in order)


READERS = {
    Task.DETECTOR: Reader(
        "logits",
        _boxes,
        lambda logits, finding: logits[:, finding.row, finding.label],
        lambda logits: tf.reduce_max(logits, axis=(1, 2)),
    ),
    Task.CLASSIFIER: Reader(
        "probabilities",
        _class,
        lambda logits, finding: logits[:, finding.label],
        lambda logits: tf.reduce_max(logits, axis=1),
    ),
}
