"""The layers of a network that learns with the rounding of int8 in it.

Weights are rounded per channel, symmetric about zero; values between layers per tensor, over a range that follows
what is seen (Jacob et al., Quantization and Training of Neural Networks for Integer-Arithmetic-Only Inference, 2018).
The gradient passes the rounding as if it were not there. TensorFlow's converter reads the ranges out of the rounding.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

# A bias is stored in int32 as a multiple of the input's step times the weights'. Both must be large enough for it.
LEAST = 0.02  # of a range of values, also where all of them are 0
_OF_BIAS = 1e-3  # of a channel's bias, which its range of weights has at least
_TINY = 1e-6
ACTIVATE: Mapping[str, Callable[[Any], Any]] = {"linear": lambda x: x, "relu": tf.nn.relu, "relu6": tf.nn.relu6}


@keras.saving.register_keras_serializable("foresight")  # Keras comes without types
class FusedConvolution(keras.layers.Layer):  # type: ignore[misc]
    """Convolution, bias and activation in one; see `fusing.Fused` for what the arguments say.

    `rounded` rounds the weights; without it the layer computes as the layers did that it was made of.
    """

    def __init__(
        self,
        kind: str,
        kernel_shape: Sequence[int],
        strides: Sequence[int] = (1, 1),
        padding: str = "valid",
        dilation: Sequence[int] = (1, 1),
        activation: str = "linear",
        *,
        rounded: bool = True,
        **named: Any,
    ) -> None:
        super().__init__(**{**named, "dtype": "float32"})  # rounding to 8 bits in half precision would round twice
        self._entries: dict[str, Any] = {
            "kind": kind,
            "kernel_shape": tuple(kernel_shape),
            "strides": tuple(strides),
            "padding": padding,
            "dilation": tuple(dilation),
            "activation": activation,
            "rounded": rounded,
        }
        self._outputs = kernel_shape[2] * kernel_shape[3] if kind == "depthwise" else kernel_shape[-1]

    def build(self, _: Any) -> None:
        """Make the weights, named as Keras' own."""
        self.kernel = self.add_weight(shape=self._entries["kernel_shape"], name="kernel")
        self.bias = self.add_weight(shape=(self._outputs,), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        """What the convolution makes of x, (B, h, w, C) or for `dense` (B, C)."""
        kind, kernel = self._entries["kind"], tf.convert_to_tensor(self.kernel)
        if self._entries["rounded"]:
            kernel = _ROUND[kind](kernel, tf.stop_gradient(tf.abs(self.bias)) * _OF_BIAS + _TINY)
        return ACTIVATE[self._entries["activation"]](self._applied(kind, x, kernel) + self.bias)

    def _applied(self, kind: str, x: Any, kernel: Any) -> Any:
        if kind == "dense":
            return tf.matmul(x, kernel)
        strides, dilation, padding = (self._entries[key] for key in ("strides", "dilation", "padding"))
        if kind == "depthwise":
            return tf.nn.depthwise_conv2d(x, kernel, (1, *strides, 1), padding.upper(), dilations=dilation)
        return tf.nn.conv2d(x, kernel, strides, padding.upper(), dilations=dilation)

    def get_config(self) -> dict[str, Any]:
        """What Keras writes down."""
        return {**super().get_config(), **self._entries}


@keras.saving.register_keras_serializable("foresight")
class Rounded(keras.layers.Layer):  # type: ignore[misc]
    """Rounds values to the 256 steps of a range.

    The range is a moving average of what is seen in training, for `steps` steps, and then stays: the weights settle
    on the scale that the file will have. All of that are variables, so that a checkpoint holds it. `limits` gives a
    range that neither moves nor is measured: that of an operator which TFLite gives a scale of its own.
    """

    def __init__(self, steps: int = 0, keep: float = 0.99, limits: Sequence[float] | None = None, **named: Any) -> None:
        super().__init__(**{**named, "dtype": "float32"})
        self.limits = None if limits is None else tuple(limits)
        self._steps, self._keep = steps, keep

    def build(self, _: Any) -> None:
        """Make the range: 0..1 until it is set or learnt."""
        low, high = self.limits or (0.0, 1.0)
        self.low, self.high, self.seen = (
            self.add_weight(
                shape=(), initializer=keras.initializers.Constant(at), trainable=False, aggregation="mean", name=name
            )
            for name, at in (("low", low), ("high", high), ("seen", 0.0))
        )

    def call(self, x: Any, training: bool = False) -> Any:
        """The same values, rounded and held within the range."""
        if training and self.limits is None:
            self._follow(x)
        low, high = tf.convert_to_tensor(self.low), tf.convert_to_tensor(self.high)
        return tf.quantization.fake_quant_with_min_max_vars(x, low, high, num_bits=8)

    def set_range(self, low: float, high: float) -> None:
        """Begin with a range; it is widened to hold 0, which int8 can always say exactly."""
        self.low.assign(min(low, 0.0))
        self.high.assign(max(high, LEAST))

    def _follow(self, x: Any) -> None:
        keep = tf.where(self.seen < self._steps, tf.constant(self._keep), tf.constant(1.0))
        low, high = tf.minimum(tf.reduce_min(x), 0.0), tf.maximum(tf.reduce_max(x), LEAST)
        self.low.assign(keep * self.low + (1 - keep) * low)
        self.high.assign(keep * self.high + (1 - keep) * high)
        self.seen.assign_add(1.0)

    def get_config(self) -> dict[str, Any]:
        """What Keras writes down."""
        return {**super().get_config(), "steps": self._steps, "keep": self._keep, "limits": self.limits}


def _per_channel(kernel: Any, least: Any) -> Any:
    """Rounded, each channel of the last axis by its own largest weight, or what its bias needs (C,)."""
    largest = tf.reduce_max(tf.abs(tf.stop_gradient(kernel)), axis=list(range(kernel.shape.rank - 1)))
    reach = tf.maximum(largest, least)
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(
        kernel, -reach, reach, num_bits=8, narrow_range=True
    )


def _depthwise(kernel: Any, least: Any) -> Any:
    height, width, channels, times = kernel.shape
    return tf.reshape(_per_channel(tf.reshape(kernel, (height, width, channels * times)), least), kernel.shape)


def _whole(kernel: Any, least: Any) -> Any:
    """Rounded by one scale: older readers and the Edge TPU know no other for a dense layer."""
    reach = tf.maximum(tf.reduce_max(tf.abs(tf.stop_gradient(kernel))), tf.reduce_max(least))
    return tf.quantization.fake_quant_with_min_max_vars(kernel, -reach, reach, num_bits=8, narrow_range=True)


_ROUND: Mapping[str, Callable[[Any, Any], Any]] = {"full": _per_channel, "depthwise": _depthwise, "dense": _whole}
