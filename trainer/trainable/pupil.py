"""What learns: the numbers that change, and what the network makes of them and of its input."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from edge.contracts.trainable import TARGETS
from edge.contracts.types import F32, Head
from edge.contracts.window_rules import OUTPUTS
from edge.contracts.windows import SeriesWindow, TrackWindow, Window
from trainer.trainable.recurrent import learning

Shape = tuple[int, ...]
Run = Callable[[Sequence[Any], Any], Mapping[str, Any]]  # of the changing arrays and an input: outputs by name


@dataclass(frozen=True, eq=False, slots=True)
class Pupil:
    """A network, taken apart."""

    head: Head
    first: tuple[F32, ...]  # what the changing arrays are to begin with
    given: tuple[str, Shape]  # name and shape of the input of `infer`
    outputs: tuple[str, ...]  # of `infer`
    targets: Mapping[str, Shape]  # what a step is given, without the batch, in the order of `TARGETS`
    serve: Run
    learn: Run  # takes the first of the targets

    @property
    def size(self) -> int:
        """N: how many numbers change."""
        return sum(one.size for one in self.first)

    def flat(self) -> F32:
        """(N,) the numbers that change, in one vector."""
        return np.concatenate([one.reshape(-1) for one in self.first])


def sequence_pupil(model: Any, head: Head, window: Window) -> Pupil:
    """A Keras network of sequences, all of whose trainable weights change.

    What it keeps beside them (the calibration of sigma, say) stays as it is.

    Args:
        model: of one input (B, ...) with B free, and of outputs by name.
        head: what the outputs mean.
        window: what it takes.
    """
    kept = [one.numpy() for one in model.non_trainable_variables]
    shape = (window.shape[0], *model.inputs[0].shape[1:])

    def run(network: Any, weights: Sequence[Any], values: Any) -> Mapping[str, Any]:
        outputs, _ = network.stateless_call(list(weights), kept, values, training=False)
        return dict(outputs)

    return Pupil(
        head=head,
        first=tuple(np.asarray(one.numpy(), np.float32) for one in model.trainable_variables),
        given=(TARGETS[head][0], shape),
        outputs=OUTPUTS[head],
        targets=target_shapes(head, window, shape[1:]),
        serve=partial(run, model),
        learn=partial(run, learning(model)),
    )


def target_shapes(head: Head, window: Window, values: Shape) -> Mapping[str, Shape]:
    """Extents of what a step on windows is given, without the batch; `values` are those of the input."""
    if isinstance(window, TrackWindow):
        horizons = len(window.horizons_s)
        shapes: tuple[Shape, ...] = (values, (horizons, 2), (horizons,))
    elif isinstance(window, SeriesWindow) and head is Head.SERIES:
        future = (len(window.horizons), len(window.channels))
        shapes = (values, future, future)
    else:
        shapes = (values, values[:1])
    return dict(zip(TARGETS[head], shapes, strict=True))
