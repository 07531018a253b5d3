"""The models of the benchmark `ondevice`, as the trainer makes them by its own settings, and what they learn from.

Nothing here imports TensorFlow before it is asked for a network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.contracts.manifest import Task
from edge.contracts.trainable import TARGETS
from edge.contracts.types import F32, Head
from edge.contracts.windows import Scaling, SeriesWindow, TrackWindow, Window

SAMPLES, EPOCHS, BATCH, RATE = 500, 5, 32, 1e-3
SIDE_PX, EMBEDDING = 96, 128
CLASSES = ("cat", "dog", "bird")


@dataclass(frozen=True, slots=True)
class Subject:
    """One model."""

    task: Task
    head: Head
    window: Window | None  # None: pictures
    kind: str = ""  # of an auto-encoder


PATHS = TrackWindow(32, 12, 0.2, (0.5, 1.0, 2.0, 3.0), 3, ("person",), 0)
SERIES = SeriesWindow(("value",), 96, 60.0, Scaling.FIXED, (0.0,), (1.0,), (1, 4, 12))
READINGS = SeriesWindow(("x", "y"), 32, 60.0, Scaling.FIXED, (0.0, 0.0), (1.0, 1.0), ())

SUBJECTS: Mapping[str, Subject] = {
    "trajectory": Subject(Task.FORECASTER, Head.TRAJECTORY, PATHS),
    "series": Subject(Task.SERIES, Head.SERIES, SERIES),
    "autoencoder": Subject(Task.AUTOENCODER, Head.AUTOENCODER, READINGS, "dense"),
    "recurrent": Subject(Task.AUTOENCODER, Head.AUTOENCODER, READINGS, "recurrent"),
    "classifier": Subject(Task.CLASSIFIER, Head.CLASSIFIER, None),
}


def network(name: str) -> Any:
    """The Keras model, not trained; of a classifier the whole of it."""
    import keras  # noqa: PLC0415 - the other process asks for none

    from trainer.autoencoder.network import autoencoder  # noqa: PLC0415
    from trainer.autoencoder.settings import AutoencoderNetwork  # noqa: PLC0415
    from trainer.classifier.architecture import Architecture  # noqa: PLC0415
    from trainer.classifier.network import classifier, finished  # noqa: PLC0415
    from trainer.forecaster.network import forecaster as paths  # noqa: PLC0415
    from trainer.forecaster.settings import ForecasterNetwork  # noqa: PLC0415
    from trainer.series.network import forecaster as series  # noqa: PLC0415
    from trainer.series.settings import SeriesNetwork  # noqa: PLC0415

    keras.utils.set_random_seed(1)
    one = SUBJECTS[name]
    match one.window:
        case TrackWindow():
            return paths(ForecasterNetwork(), one.window)
        case SeriesWindow() if one.kind:
            return autoencoder(one.window, AutoencoderNetwork(kind=one.kind))  # type: ignore[arg-type] # "dense", ...
        case SeriesWindow():
            return series(one.window, SeriesNetwork())
    return finished(classifier(Architecture(len(CLASSES), SIDE_PX, embedding=EMBEDDING)), 1.0)


def samples(name: str, shapes: Mapping[str, tuple[int, ...]], count: int = SAMPLES) -> dict[str, F32]:
    """What it learns from, made up: targets that follow from the input, with noise, and some that are not known.

    Args:
        name: of the model.
        shapes: of what a step takes, without the batch.
        count: rows.
    """
    random = np.random.default_rng(7)
    head = SUBJECTS[name].head
    first, *others = TARGETS[head]
    given = random.normal(0, 0.7, (count, *shapes[first])).astype(np.float32)
    made = {first: given}
    for target in others:
        shape = (count, *shapes[target])
        if target == "known":
            made[target] = (random.random(shape) < 0.95).astype(np.float32)
            continue
        flat = given.reshape(count, -1)
        size = int(np.prod(shape[1:]))
        said = flat @ random.normal(0, 1 / np.sqrt(flat.shape[1]), (flat.shape[1], size))
        if head is Head.CLASSIFIER:
            rows = said[:, : len(CLASSES)].argmax(axis=1)
            made[target] = np.eye(size, dtype=np.float32)[rows]
        else:
            made[target] = (said + random.normal(0, 0.1, said.shape)).reshape(shape).astype(np.float32)
    return made


def batch_of(rows: Mapping[str, F32], number: int) -> dict[str, F32]:
    """The batch of a step, counted from 0, over and over; the last one of a round is filled up with unknown rows."""
    total = len(next(iter(rows.values())))
    begin = BATCH * (number % -(-total // BATCH))
    made = {}
    for name, values in rows.items():
        some = values[begin : begin + BATCH]
        made[name] = np.zeros((BATCH, *values.shape[1:]), np.float32)
        made[name][: len(some)] = some
    return made
