"""What was learnt, as one vector: the network's numbers, and behind them those of a flow map where there is one."""

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.flow_map import FlowMap, numbers_of
from edge.contracts.trainable import Trainable
from edge.contracts.types import F32, Head, ModelBundle
from edge.contracts.windows import TrackWindow


def sizes(bundle: ModelBundle) -> tuple[int, ...]:
    """How many numbers there may be: N alone, and of a forecaster of paths N and those of a flow map."""
    count = _trainable(bundle).weights
    return (count, count + numbers_of(horizons(bundle))) if horizons(bundle) else (count,)


def network(bundle: ModelBundle, learnt: F32) -> F32:
    """(N,) the network's part. Raises ModelError: it was learnt for another one."""
    if learnt.shape not in [(size,) for size in sizes(bundle)]:
        raise ModelError(f"{bundle.name} learns {sizes(bundle)[0]} numbers, and {learnt.shape} were given")
    return learnt[: sizes(bundle)[0]]


def flow(bundle: ModelBundle, learnt: F32) -> FlowMap | None:
    """The flow map's part, None where there is none. Raises ModelError."""
    count = len(network(bundle, learnt))
    return FlowMap.of(learnt[count:], horizons(bundle)) if len(learnt) > count else None


def together(weights: F32, flow: FlowMap | None) -> F32:
    """Both as one vector."""
    return weights if flow is None or not len(flow) else np.concatenate([weights, flow.numbers()])


def horizons(bundle: ModelBundle) -> int:
    """K of a forecaster of paths; 0 of every other model."""
    window = bundle.window
    return len(window.horizons_s) if bundle.head is Head.TRAJECTORY and isinstance(window, TrackWindow) else 0


def _trainable(bundle: ModelBundle) -> Trainable:
    if bundle.trainable is None:
        raise ModelError(f"{bundle.path} does not learn; export it with --trainable")
    return bundle.trainable
