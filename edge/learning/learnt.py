"""What was learnt, as one vector: the network's numbers, and behind them those of a flow map where there is one."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.flow_map import FlowMap, numbers_of
from edge.contracts.trainable import Trainable, Trainee, Weights
from edge.contracts.types import F32, F64, Head, ModelBundle
from edge.contracts.windows import TrackWindow
from edge.learning.measure import errors
from edge.learning.sample import Batch


def sizes(bundle: ModelBundle) -> tuple[int, ...]:
    """How many numbers there may be: N alone, and of a forecaster of paths N and those of a flow map."""
    count, window = _trainable(bundle).weights, paths(bundle)
    return (count, count + numbers_of(window)) if window else (count,)


def network(bundle: ModelBundle, learnt: F32) -> F32:
    """(N,) the network's part. Raises ModelError: it was learnt for another one."""
    if learnt.shape not in [(size,) for size in sizes(bundle)]:
        raise ModelError(f"{bundle.name} learns {sizes(bundle)[0]} numbers, and {learnt.shape} were given")
    return learnt[: sizes(bundle)[0]]


def flow(bundle: ModelBundle, learnt: F32) -> FlowMap | None:
    """The flow map's part, None where there is none. Raises ModelError."""
    count, window = len(network(bundle, learnt)), paths(bundle)
    return FlowMap.of(learnt[count:], window) if window and len(learnt) > count else None


def together(weights: F32, flow: FlowMap | None) -> F32:
    """Both as one vector."""
    return weights if flow is None or not len(flow) else np.concatenate([weights, flow.numbers()])


def set_learnt(trainee: Trainee, learnt: F32) -> None:
    """Give the model its part of what was learnt, and a new optimiser. Raises ModelError."""
    weights = network(trainee.bundle, learnt)
    trainee.set_weights(Weights(weights, np.zeros(trainee.trainable.state, np.float32)))


@contextmanager
def lent(trainee: Trainee) -> Iterator[None]:
    """Afterwards the model has the weights again that it has now."""
    before = trainee.weights()
    try:
        yield
    finally:
        trainee.set_weights(before)


def errors_with(trainee: Trainee, learnt: F32, batch: Batch) -> F64:
    """(n,) errors with what was learnt, of which the model keeps the weights. Raises ModelError."""
    set_learnt(trainee, learnt)
    return errors(trainee, batch, flow(trainee.bundle, learnt))


def paths(bundle: ModelBundle) -> TrackWindow | None:
    """What a forecaster of paths takes; None of every other model."""
    window = bundle.window
    return window if bundle.head is Head.TRAJECTORY and isinstance(window, TrackWindow) else None


def _trainable(bundle: ModelBundle) -> Trainable:
    if bundle.trainable is None:
        raise ModelError(f"{bundle.path} does not learn; export it with --trainable")
    return bundle.trainable
