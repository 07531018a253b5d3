"""How far off a model is with the weights that it has now, sample by sample, as its head is measured.

| head | error of a sample |
|---|---|
| trajectory | distance at each horizon, in box heights (metres where there is no box) |
| series | absolute error of each value, in the scale of the window |
| autoencoder | root of the squared error of each sample of the window |

It is a mean over all that could be known, and what is not known counts nothing: so every distance weighs the same, and
those that were lost soon do not make near horizons weigh more than far ones.
Letters: n samples, B rows of one call, K horizons, M modes.
"""

from collections.abc import Callable, Mapping

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.flow_map import PLACE_COLUMNS, FlowMap, turned
from edge.contracts.tensors import real, stored
from edge.contracts.track_grid import C128
from edge.contracts.track_windows import Answer, Encoded, decode, units
from edge.contracts.trainable import TARGETS, Trainee
from edge.contracts.types import F32, F64, Head, ModelBundle
from edge.contracts.windows import TrackWindow
from edge.learning.sample import PLACE, Arrays, Batch

Measure = Callable[[list[F32], Arrays], F64]
KNOWN = "known"


def errors(trainee: Trainee, batch: Batch, flow: FlowMap | None = None) -> F64:
    """(n,) one of each sample, its weight within.

    Args:
        trainee: the model.
        batch: samples.
        flow: shifts forecasts of paths.

    Raises:
        ModelError: the model failed, or answers with what is no finite number.
    """
    if not len(batch):
        return np.zeros(0)
    head = trainee.bundle.head
    outputs = answers(trainee, batch.arrays[TARGETS[head][0]])
    if head is Head.TRAJECTORY:
        off = misses(trainee.bundle, outputs, batch)
        found = path_errors(off if flow is None else off + seen_by(flow.shift(batch.arrays[PLACE]), batch), batch)
    else:
        found = MEASURES[head](outputs, batch.arrays) * batch.weight
    if not np.isfinite(found).all():
        raise ModelError("what has learnt answers with what are no finite numbers; it is not used")
    return found


def answers(trainee: Trainee, x: F32) -> list[F32]:
    """The model's outputs for (n, ...) inputs, in calls of as many rows as it takes; n >= 1."""
    bundle = trainee.bundle
    at_once = bundle.input.tensor.shape[0]
    given = np.zeros(bundle.input.tensor.shape, np.float32)
    parts: list[list[F32]] = []
    for begin in range(0, len(x), at_once):
        some = x[begin : begin + at_once]
        given[: len(some)], given[len(some) :] = some, 0.0
        outputs = trainee.invoke(stored(given, bundle.input.tensor))
        parts.append([real(out, spec)[: len(some)].copy() for out, spec in zip(outputs, bundle.outputs, strict=True)])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def worth(bundle: ModelBundle) -> F32:
    """What one of the numbers that a model is to answer counts in training: (K,) of a path, else (1,).

    A path is answered in lengths per step, and measured in lengths: far horizons count for more.
    """
    window = bundle.window
    if bundle.head is Head.TRAJECTORY and isinstance(window, TrackWindow):
        return np.array(window.horizons_s, np.float32) / np.float32(window.step_s)
    return np.ones(1, np.float32)


def misses(bundle: ModelBundle, outputs: list[F32], batch: Batch) -> F64:
    """(n, K, 2) where paths were foreseen, less where they were: turned to each track's heading, in its scale.

    Decoded as in service, for tracks at the origin whose scale is 1.
    """
    window, n = bundle.window, len(batch)
    assert isinstance(window, TrackWindow)
    zeros, heading = np.zeros((n, 2)), np.tile((1.0, 0.0), (n, 1))
    encoded = Encoded(batch.arrays["tracks"], np.ones(n), zeros, zeros, heading)
    point = decode(Answer(*outputs), encoded, window).point()
    off: F64 = point - batch.arrays["future"] * units(encoded, window)[..., None]
    return off


def path_errors(off: F64, batch: Batch) -> F64:
    """(n,) errors of paths that were foreseen so far off (n, K, 2), see `misses`; the weight of each within."""
    return _part(np.hypot(off[..., 0], off[..., 1]), batch.arrays[KNOWN]) * batch.weight


def seen_by(shift: F64, batch: Batch) -> F64:
    """(n, K, 2) by how much a flow map shifts forecasts: turned to each track's heading, in its scale."""
    scale, turn = _turn(batch)
    return turned(shift, (np.conj(turn) / scale).astype(np.complex128))


def residuals(off: F64, batch: Batch) -> F64:
    """(n, K, 2) where paths were, less where they were foreseen, as the flow map has them.

    Args:
        off: (n, K, 2) as `misses` gives it.
        batch: the samples.
    """
    scale, turn = _turn(batch)
    return turned(-off, (turn * scale).astype(np.complex128))


def _turn(batch: Batch) -> tuple[F64, C128]:
    """(n,) scales, and headings as numbers of length 1."""
    scale, cos, sin = (
        batch.arrays[PLACE][:, PLACE_COLUMNS.index(name)].astype(np.float64)
        for name in ("scale", "heading_cos", "heading_sin")
    )
    return scale, cos + 1j * sin


def _series(outputs: list[F32], arrays: Arrays) -> F64:
    return _part(np.abs(outputs[0].astype(np.float64) - arrays["future"]), arrays["known"])


def _autoencoder(outputs: list[F32], arrays: Arrays) -> F64:
    square = ((outputs[0].astype(np.float64) - arrays["window"]) ** 2).mean(axis=2)
    return np.sqrt(_part(square, arrays["known"]))


def _part(each: F64, known: F32) -> F64:
    """(n,) the sum over what is known of each, as a share of all that could be."""
    axes = tuple(range(1, each.ndim))
    return np.where(known > 0, each, 0.0).sum(axis=axes) / np.prod(each.shape[1:])


MEASURES: Mapping[Head, Measure] = {
    Head.SERIES: _series,
    Head.AUTOENCODER: _autoencoder,
}
