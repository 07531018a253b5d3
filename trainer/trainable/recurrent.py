"""Gated recurrent units as they learn: what `trainer.cells.GRU` computes, and its gradient, with batches in columns.

A column of batches makes the state the second factor of each product. That one a processor's library packs anew at
each call, and the state is the smaller of the two; all gates are one product then, cut between rows, where a cut is one
piece of memory. What flows back to the weights is two products over all samples at once.

Letters in shapes: B rows, S samples, F features, U units; 3·U are the gates update, reset and candidate, below one
another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from trainer.cells import GRU
from trainer.trainable.gradients import turned


class LearningGRU(GRU):
    """The same layer, of a batch that is known beforehand."""

    def call(self, samples: Any, initial_state: Any = None) -> Any:
        """The states; see `GRU.call`."""
        if samples.shape[0] is None:  # while a model is put together
            return super().call(samples, initial_state)
        begun = [] if initial_state is None else [initial_state]
        given = [samples, self.kernel, self.recurrent, self.bias, *begun]
        return _differentiable(self.return_sequences)(*map(tf.convert_to_tensor, given))


def learning(model: Any) -> Any:
    """The same Keras model, to be called with other weights, whose layers of `GRU` are such as learn."""

    def layer_of(layer: Any) -> Any:
        return LearningGRU.from_config(layer.get_config()) if type(layer) is GRU else layer

    return keras.models.clone_model(model, clone_function=layer_of)


@dataclass(frozen=True, eq=False, slots=True)
class _Moment:
    """What a sample leaves for the way back; (U, B) each."""

    update: Any
    reset: Any
    candidate: Any
    inner: Any  # that which is reset, (U, 1) where there was no state
    held: Any  # of what the candidate replaces: update * (state before - candidate)


def _differentiable(whole: bool) -> Any:
    """Of samples (B, S, F), kernels (F, 3·U) and (U, 3·U), biases (2, 3·U), and the state before (B, U), if any.

    Args:
        whole: it says all states (B, S, U), not the last one (B, U).
    """

    def gru(samples: Any, kernel: Any, recurrent: Any, bias: Any, *begun: Any) -> tuple[Any, Any]:
        rows, units = samples.shape[0], recurrent.shape[0]
        before = [tf.transpose(begun[0])] if begun else [None]
        moments, states = _forward(_read(samples, kernel, bias), recurrent, bias, before[0])
        first = before[0] if begun else tf.zeros([units, rows])
        all_states = tf.transpose(tf.stack([first, *states]), [0, 2, 1])  # (S + 1, B, U)
        answer = tf.transpose(_cut(all_states, 1, len(states)), [1, 0, 2]) if whole else tf.transpose(states[-1])

        def back(flowing: Any) -> list[Any]:
            later = _pieces(tf.transpose(flowing, [1, 2, 0])) if whole else [tf.transpose(flowing)]
            to_sample, to_state, to_begun = _backward(moments, recurrent, later, bool(begun))
            found = _to_weights(to_sample, to_state, samples, _cut(all_states, 0, len(states)))
            by_feature = tf.reshape(tf.matmul(kernel, to_sample), [samples.shape[2], len(states), rows])
            return [tf.transpose(by_feature, [2, 1, 0]), *found, *([tf.transpose(to_begun)] if begun else [])]

        return answer, back

    return tf.custom_gradient(gru)


def _cut(values: Any, begin: int, count: int) -> Any:
    """Some of the first axis."""
    others = values.shape[1:]
    return tf.slice(values, [begin, *(0 for _ in others)], [count, *others])


def _pieces(values: Any) -> list[Any]:
    """(n, U, B) as n times (U, B)."""
    count, units, rows = values.shape
    flat = tf.reshape(values, [count * units, rows])
    return [_cut(flat, units * place, units) for place in range(count)]


def _read(samples: Any, kernel: Any, bias: Any) -> list[list[Any]]:
    """What each gate makes of each sample alone: S times three of (U, B)."""
    rows, count, _ = samples.shape
    units = kernel.shape[1] // 3
    of_samples, of_states = tf.split(bias, 2)
    only_added = tf.pad(tf.slice(of_states, [0, 0], [1, 2 * units]), [[0, 0], [0, units]])
    column = tf.reshape(of_samples + only_added, [3 * units, 1])
    gates = tf.transpose(kernel[..., None], [2, 1, 0])
    read = tf.matmul(gates, tf.transpose(samples, [1, 2, 0])) + column
    parts = _pieces(tf.reshape(read, [count * 3, units, rows]))
    return [parts[3 * place : 3 * place + 3] for place in range(count)]


def _forward(read: Sequence[Sequence[Any]], recurrent: Any, bias: Any, state: Any) -> tuple[list[_Moment], list[Any]]:
    """The states after each sample (U, B)."""
    units = recurrent.shape[0]
    gates, reset_bias = turned(recurrent), tf.reshape(tf.slice(bias, [1, 2 * units], [1, units]), [units, 1])
    moments, states = [], []
    for own in read:
        of_update, of_reset, of_candidate = own
        inner = reset_bias
        if state is not None:
            to_update, to_reset, to_candidate = tf.split(tf.matmul(gates, state), 3)
            of_update, of_reset, inner = of_update + to_update, of_reset + to_reset, to_candidate + reset_bias
        update, reset = tf.sigmoid(of_update), tf.sigmoid(of_reset)
        candidate = tf.tanh(of_candidate + reset * inner)
        held = update * (-candidate if state is None else state - candidate)
        state = candidate + held
        moments.append(_Moment(update, reset, candidate, inner, held))
        states.append(state)
    return moments, states


def _backward(moments: Sequence[_Moment], recurrent: Any, later: Sequence[Any], begun: bool) -> tuple[Any, Any, Any]:
    """What flows back into the gates, (3·U, S·B) each, of the samples and of the states; and into the first state.

    Args:
        moments: of all samples.
        recurrent: the kernel of the states.
        later: what flows back into the states from outside (U, B): into all, or into the last one.
        begun: there was a state before the first sample.
    """
    outside = [None] * (len(moments) - len(later)) + list(later)
    of_samples, of_states, back = [], [], None
    for place in reversed(range(len(moments))):
        moment, more = moments[place], outside[place]
        back = more if back is None else back if more is None else back + more
        replaced = back * (1.0 - moment.update)
        candidate = replaced * (1.0 - tf.square(moment.candidate))
        inner = candidate * moment.reset
        gates = [replaced * moment.held, inner * (moment.inner * (1.0 - moment.reset))]
        of_samples.append(tf.concat([*gates, candidate], 0))
        of_states.append(tf.concat([*gates, inner], 0))
        if place or begun:
            back = tf.matmul(recurrent, of_states[-1]) + (back - replaced)
    return tf.concat(of_samples[::-1], 1), tf.concat(of_states[::-1], 1), back


def _to_weights(to_sample: Any, to_state: Any, samples: Any, states: Any) -> list[Any]:
    """What flows back into both kernels and the biases; `states` (S, B, U) are those before each sample."""
    kernels, biases = [], []
    for flowing, given in ((to_sample, tf.transpose(samples, [1, 0, 2])), (to_state, states)):
        kernels.append(tf.transpose(tf.matmul(flowing, tf.reshape(given, [flowing.shape[1], given.shape[2]]))))
        biases.append(tf.reshape(tf.reduce_sum(flowing, 1), [1, -1]))
    return [*kernels, tf.concat(biases, 0)]
