"""Real models that learn, made without training: one linear layer, its squared error or cross entropy, SGD.

Letters: B rows of a step, I inputs, O outputs. The vector of weights is the kernel (I, O) row by row, then the bias
(O,); the optimiser's is the last step. Predictions have sigma 1 and one mode; the mean of the known squared errors is
made small, or for classes the cross entropy.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edge.contracts.manifest import Calibration, Manifest, PictureInput, Task, encode_manifest
from edge.contracts.track_windows import columns
from edge.contracts.trainable import Optimizer, Trainable
from edge.contracts.types import F32, ColourOrder, Head, Resize
from edge.contracts.windows import SeriesWindow, TrackWindow
from tests.rigs.learning_graphs import EMBEDDING, Plan, drawn
from tests.rigs.tflite import archive

RATE, SIDE_PX = 0.05, 8
PICTURE = PictureInput(Resize.STRETCH, ColourOrder.RGB, (127.5,) * 3, (127.5,) * 3)


def learning_paths(path: Path, window: TrackWindow, batch: int = 16, weights: F32 | None = None) -> Path:
    """A trajectory model; `window` has one mode. At first it says what a straight line says."""
    assert window.modes == 1
    rows, horizons = (window.samples, columns(window)), len(window.horizons_s)
    plan = Plan(
        Task.FORECASTER, Head.TRAJECTORY, window, batch, (window.tracks, *rows), rows, (horizons, 2), (horizons,), ()
    )
    return _written(path, plan, weights, {})


def learning_series(path: Path, window: SeriesWindow, batch: int = 16, weights: F32 | None = None) -> Path:
    """A forecaster of readings. At first it says 0, the mean of the series."""
    rows, ahead = window.shape[1:], (len(window.horizons), len(window.channels))
    plan = Plan(Task.SERIES, Head.SERIES, window, batch, window.shape, rows, ahead, ahead, ())
    return _written(path, plan, weights, {})


def learning_autoencoder(
    path: Path, window: SeriesWindow, limit: float = 1.0, batch: int = 16, weights: F32 | None = None
) -> Path:
    """An auto-encoder of readings with a limit. At first it says 0, the mean of the series; its embedding is the same.

    Its layer is as wide as the window: it can learn all that is linear.
    """
    rows = window.shape[1:]
    plan = Plan(Task.AUTOENCODER, Head.AUTOENCODER, window, batch, window.shape, rows, rows, (window.samples,), ())
    told = {"threshold": limit, "threshold_quantile": 0.99} if limit else {}
    return _written(path, plan, weights, {"held_out": told})


def learning_classifier(path: Path, labels: tuple[str, ...], batch: int = 16, weights: F32 | None = None) -> Path:
    """A classifier of pictures of 8 by 8 pixels; its embedding is their mean colour, -1..1. "" is a spare class."""
    plan = Plan(
        Task.CLASSIFIER,
        Head.CLASSIFIER,
        PICTURE,
        batch,
        (1, SIDE_PX, SIDE_PX, 3),
        (EMBEDDING,),
        (len(labels),),
        (),
        labels,
    )
    return _written(path, plan, weights, {})


def _written(path: Path, plan: Plan, weights: F32 | None, metrics: Mapping[str, Mapping[str, float]]) -> Path:
    first = np.zeros(plan.count, np.float32) if weights is None else weights
    manifest = Manifest(
        task=plan.task,
        head=plan.head,
        name=path.stem,
        version="1",
        labels="labels.txt" if plan.labels else "",
        input=plan.window,
        metrics=metrics,
        quantisation="none",
        calibration=Calibration("", 0),
        recipe="made for a test",
        revision="",
        trainable=Trainable(plan.batch, plan.count, Optimizer.SGD, plan.count, RATE),
    )
    packed = {"foresight.json": encode_manifest(manifest)}
    if plan.labels:
        packed["labels.txt"] = "".join(f"{row} {name}\n" for row, name in enumerate(plan.labels) if name).encode()
    path.write_bytes(drawn(plan, first) + archive(packed))
    return path
