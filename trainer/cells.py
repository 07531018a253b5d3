"""Recurrent layers written out sample by sample, of operators that TFLite computes, quantises and differentiates.

They compute what Keras' own do, with weights of the same shapes in the same order. Keras computes all gates in one
product and cuts it apart. Where the state before the first sample is zeros, a part of the first cut may have no reader
(the forget gate of an LSTM; the reset gate of a GRU whose biases are zero), and TensorFlow's quantiser leaves such a
cut in float32 in some processes and not in others. Here a first sample that meets zeros is computed apart, and nothing
is made that nobody reads. The gates of a GRU have products of their own; it is the weights that are cut, and they are
constants in a model file. No loops and no slices: their gradients do not convert.

Letters in shapes: B rows, S samples, F features, U units, G gates.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import layers, ops


class Unrolled(layers.Layer):  # type: ignore[misc] # Keras comes without types
    """What the layers have in common: samples (B, S, F), S fixed, to the last state (B, U) or to all (B, S, U)."""

    gates: ClassVar[int]

    def __init__(self, units: int, return_sequences: bool = False, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.units, self.return_sequences = units, return_sequences
        # Made here and not in `build`: what a seed gives is not to depend on when layers are built.
        self._first = [keras.initializers.get(name) for name in ("glorot_uniform", "orthogonal")]

    def build(self, shape: Any) -> None:
        """Make the kernels: of the samples (F, G·U), of the state (U, G·U)."""
        kinds = (("kernel", shape[-1]), ("recurrent_kernel", self.units))
        self.kernel, self.recurrent = (
            self.add_weight(shape=(rows, self.gates * self.units), initializer=first, name=name)
            for (name, rows), first in zip(kinds, self._first, strict=True)
        )

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        return {**super().get_config(), "units": self.units, "return_sequences": self.return_sequences}

    def shown(self, states: Sequence[Any]) -> Any:
        """The last state, or all."""
        return ops.stack(states, axis=1) if self.return_sequences else states[-1]

    def read(self, samples: Any, biases: Sequence[Any]) -> list[Any]:
        """What each gate makes of samples (…, F) alone: G times (…, U)."""
        kernels = ops.split(self.kernel, self.gates, axis=1)
        return [ops.matmul(samples, kernel) + bias for kernel, bias in zip(kernels, biases, strict=True)]


@keras.saving.register_keras_serializable("foresight")
class GRU(Unrolled):
    """Gated recurrent units; the reset gate comes after the product with the state, as is Keras' default."""

    gates = 3  # update, reset, candidate

    def build(self, shape: Any) -> None:
        """Make the weights."""
        super().build(shape)
        self.bias = self.add_weight(shape=(2, 3 * self.units), initializer="zeros", name="bias")

    def call(self, samples: Any, initial_state: Any = None) -> Any:
        """The states; `initial_state` (B, U) is what precedes the first sample, None = zeros."""
        biases, reset_bias = self._biases()
        state, states, others = initial_state, [], samples
        if state is None:
            first, others = _apart(samples)
            update, reset, candidate = self.read(first, biases)
            new = ops.tanh(candidate + ops.sigmoid(reset) * reset_bias)
            state = new - ops.sigmoid(update) * new
            states.append(state)
        kernels = ops.split(self.recurrent, 3, axis=1)
        for update, reset, candidate in _by_sample(self.read(others, biases)):
            to_update, to_reset, to_candidate = (ops.matmul(state, kernel) for kernel in kernels)
            new = ops.tanh(candidate + ops.sigmoid(reset + to_reset) * (to_candidate + reset_bias))
            state = new + ops.sigmoid(update + to_update) * (state - new)
            states.append(state)
        return self.shown(states)

    def _biases(self) -> tuple[Sequence[Any], Any]:
        """(U,) each: of the gates, those of samples and state in one where they are only added; that which is reset."""
        of_samples, of_state = (ops.split(row, 3) for row in ops.unstack(self.bias, axis=0))
        return (of_samples[0] + of_state[0], of_samples[1] + of_state[1], of_samples[2]), of_state[2]


@keras.saving.register_keras_serializable("foresight")
class LSTM(Unrolled):
    """Long short-term memory. It begins with zeros; afterwards all gates are read, and may be cut from one product."""

    gates = 4  # input, forget, candidate, output

    def build(self, shape: Any) -> None:
        """Make the weights."""
        super().build(shape)
        self.bias = self.add_weight(shape=(4 * self.units,), initializer=_remembering, name="bias")

    def call(self, samples: Any) -> Any:
        """The states."""
        first, others = _apart(samples)
        kept, _, candidate, output = self.read(first, ops.split(self.bias, 4))
        memory = ops.sigmoid(kept) * ops.tanh(candidate)
        states = [ops.sigmoid(output) * ops.tanh(memory)]
        for (read,) in _by_sample([ops.matmul(others, self.kernel) + self.bias]):
            gates = read + ops.matmul(states[-1], self.recurrent)
            kept, remembered, candidate, output = ops.split(gates, 4, axis=1)
            memory = ops.sigmoid(remembered) * memory + ops.sigmoid(kept) * ops.tanh(candidate)
            states.append(ops.sigmoid(output) * ops.tanh(memory))
        return self.shown(states)


def _apart(samples: Any) -> tuple[Any, Any]:
    """The first sample (B, F), and the others (B, S - 1, F)."""
    return ops.take(samples, 0, axis=1), ops.take(samples, range(1, samples.shape[1]), axis=1)


def _by_sample(parts: Sequence[Any]) -> list[tuple[Any, ...]]:
    """For each of S samples its part (B, U) of each of (B, S, U)."""
    if not parts[0].shape[1]:
        return []
    return list(zip(*(ops.unstack(part, axis=1) for part in parts), strict=True))


def _remembering(shape: Any, dtype: Any = None) -> Any:
    """Biases of an LSTM at first: one for what is remembered, zero for the others."""
    units = shape[0] // 4
    return ops.concatenate([ops.zeros(units, dtype), ops.ones(units, dtype), ops.zeros(2 * units, dtype)])
