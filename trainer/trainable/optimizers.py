"""The optimisers that stand in a model's graph: pure functions of flat vectors, equal to those of Keras.

Letters: N learnt numbers, P numbers of the optimiser's state, all zeros in a new one, in parts that change apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from edge.contracts.trainable import Optimizer

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # of Adam, as Keras has them
MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class Method:
    """One optimiser."""

    sizes: Callable[[int], tuple[int, ...]]  # of the parts of the state, of N; P is their sum
    step: Callable[[Any, Sequence[Any], Any, Any], tuple[Any, tuple[Any, ...]]]
    """Of weights, parts of the state, gradient and rate (1,): what weights and parts become."""


def clipped(gradient: Any, norm: float) -> Any:
    """A gradient (N,) no longer than this; 0: as it is."""
    if not norm:
        return gradient
    length = tf.sqrt(tf.reduce_sum(gradient * gradient))
    return gradient * (norm / tf.maximum(length, norm))


def adam(weights: Any, state: Sequence[Any], gradient: Any, rate: Any) -> tuple[Any, tuple[Any, ...]]:
    """Adam (Kingma and Ba, 2015) in the order of Keras. `state`: both moments, and the steps (1,).

    Steps are counted in float32: from 2^24 on they stand still, when the correction is 1 for long.
    """
    first, second, steps = state
    steps = steps + 1.0
    first = first + (gradient - first) * (1 - BETA_1)
    second = second + (gradient * gradient - second) * (1 - BETA_2)
    pace = rate * tf.sqrt(1.0 - tf.pow(BETA_2, steps)) / (1.0 - tf.pow(BETA_1, steps))
    return weights - first * pace / (tf.sqrt(second) + EPSILON), (first, second, steps)


def momentum(weights: Any, state: Sequence[Any], gradient: Any, rate: Any) -> tuple[Any, tuple[Any, ...]]:
    """Gradient descent with momentum. `state`: the last step."""
    velocity = MOMENTUM * state[0] - rate * gradient
    return weights + velocity, (velocity,)


METHODS: Mapping[Optimizer, Method] = {
    Optimizer.ADAM: Method(lambda count: (count, count, 1), adam),
    Optimizer.SGD: Method(lambda count: (count,), momentum),
}
