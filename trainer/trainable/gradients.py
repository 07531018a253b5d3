"""Gradients of operators whose own gradients no TFLite runtime has, written in operators that it has.

Inside `built_in()` whatever network is built, a trained Keras model as it is, can be differentiated by `tf.gradients`
and converted to built-in operators. Shapes must be known, the batch among them: else operators that ask for shapes
come in.

Blocked without this: ReluGrad, Relu6Grad, LeakyReluGrad, EluGrad, SeluGrad, StridedSliceGrad. Blocked with it, still:
convolutions, pooling, batch normalisation while it learns, resizing, loops.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

Gradient = Callable[..., Any]  # of an operator and what flows back into its outputs
PREFIX = "Foresight"
SELU_SCALE = 1.0507009873554805
SELU_SCALE_ALPHA = 1.7580993408473768


def relu(operator: Any, back: Any) -> Any:
    """0 below 0."""
    return back * tf.cast(operator.outputs[0] > 0, back.dtype)


def relu6(operator: Any, back: Any) -> Any:
    """0 below 0 and above 6."""
    out = operator.outputs[0]
    return back * tf.cast(tf.logical_and(out > 0, out < 6), back.dtype)


def leaky_relu(operator: Any, back: Any) -> Any:
    """`alpha` below 0."""
    return tf.where(operator.inputs[0] > 0, back, back * operator.get_attr("alpha"))


def elu(operator: Any, back: Any) -> Any:
    """exp(x) below 0, which is the output plus 1."""
    out = operator.outputs[0]
    return tf.where(out < 0, back * (out + 1), back)


def selu(operator: Any, back: Any) -> Any:
    """As `elu`, stretched."""
    out = operator.outputs[0]
    return tf.where(out < 0, back * (out + SELU_SCALE_ALPHA), back * SELU_SCALE)


def product(operator: Any, back: Any) -> Any:
    """Of a product of matrices; see `_times`."""
    one, other = operator.inputs
    if operator.get_attr("transpose_a"):
        own = _times(other, back, second=True, first=operator.get_attr("transpose_b"))
    else:
        own = _times(back, other, second=not operator.get_attr("transpose_b"))
    if operator.get_attr("transpose_b"):
        return own, _times(back, one, first=True, second=operator.get_attr("transpose_a"))
    return own, _times(one, back, first=not operator.get_attr("transpose_a"))


def _times(one: Any, other: Any, *, first: bool = False, second: bool = False) -> Any:
    """The product of two matrices, the first or second of them turned.

    XNNPACK computes products with what changes only where the second is not turned within the product (as
    FULLY_CONNECTED has it). The converter would put a turning before the product back into it, but for a third axis.
    """
    if second:
        rows, columns = other.shape
        other = tf.reshape(tf.transpose(tf.reshape(other, [rows, columns, 1]), [1, 0, 2]), [columns, rows])
    return tf.matmul(one, other, transpose_a=first)


def strided_slice(operator: Any, back: Any) -> Any:
    """What flows back, with zeros where nothing was taken.

    Raises:
        NotImplementedError: every second value was taken, or it is not known before the model runs which.
    """
    extents = operator.inputs[0].shape.as_list()
    taken = _taken(operator, extents)
    if not all(count for _, count in taken):
        return tf.zeros(extents, back.dtype), None, None, None
    back = tf.reshape(back, [count for _, count in taken])
    around = [[begin, extent - begin - count] for (begin, count), extent in zip(taken, extents, strict=True)]
    return (tf.pad(back, around) if any(map(any, around)) else back), None, None, None


def gather(operator: Any, back: Any) -> Any:
    """What flows back, added up where it was taken: zeros around it where that was a run of neighbours.

    Raises:
        NotImplementedError: each row has indices of its own.
    """
    given, indices, axis = operator.inputs
    if operator.get_attr("batch_dims"):
        raise NotImplementedError(f"{operator.name} takes other places of each row; write it with a product")
    extents, place = given.shape.as_list(), int(tf.get_static_value(axis)) % len(given.shape)
    count, extent = indices.shape.num_elements(), extents[place]
    back, known = tf.reshape(back, [*extents[:place], count, *extents[place + 1 :]]), _known(indices)
    if known is not None and count and (known == known[0] + np.arange(count)).all():
        around = [[0, 0] for _ in extents]
        around[place] = [known[0], extent - known[0] - count]
        return tf.pad(back, around), None, None
    turn = [place, *(one for one in range(len(extents)) if one != place)]
    total = tf.math.unsorted_segment_sum(tf.transpose(back, turn), tf.reshape(indices, [-1]), extent)
    return tf.transpose(total, np.argsort(turn)), None, None


def _known(indices: Any) -> Any:
    """(n,) indices that are constants; None where they are not. Keras adds the extent to those below 0."""
    if indices.op.type == "SelectV2" and indices.op.inputs[0].op.type == "Less":
        below, own = indices.op.inputs[0].op.inputs, indices.op.inputs[2]
        values = tf.get_static_value(own)
        same = below[0] is own and np.all(tf.get_static_value(below[1]) == 0)
        return values.reshape(-1) if same and values is not None and (values >= 0).all() else None
    values = tf.get_static_value(indices)
    return None if values is None else values.reshape(-1)


def _taken(operator: Any, extents: list[int]) -> list[tuple[int, int]]:
    """Where a slice begins in each dimension, and how many it takes."""
    given = [tf.get_static_value(one) for one in operator.inputs[1:4]]
    if any(one is None for one in given) or any(step != 1 for step in given[2]):
        raise NotImplementedError(f"the slice {operator.name} takes no run of neighbours; write it with tf.gather")

    def marked(name: str, place: int) -> bool:
        return bool(operator.get_attr(f"{name}_mask") >> place & 1)

    places = range(len(given[0]))
    named = [place for place in places if not marked("new_axis", place) and not marked("ellipsis", place)]
    taken: list[tuple[int, int]] = []
    for place in places:
        if marked("ellipsis", place):
            later = sum(one > place for one in named)
            taken += [(0, extent) for extent in extents[len(taken) : len(extents) - later]]
        elif place in named:
            extent = extents[len(taken)]
            first, last = (_within(int(one[place]), extent) for one in given[:2])
            first = 0 if marked("begin", place) else first
            last = first + 1 if marked("shrink_axis", place) else extent if marked("end", place) else last
            taken.append((first, max(0, last - first)))
    return taken + [(0, extent) for extent in extents[len(taken) :]]


def _within(place: int, extent: int) -> int:
    """A place counted from the front, and no further than either end, as a slice has it."""
    return min(max(place + extent if place < 0 else place, 0), extent)


GRADIENTS: Mapping[str, Gradient] = {
    "Relu": relu,
    "Relu6": relu6,
    "LeakyRelu": leaky_relu,
    "Elu": elu,
    "Selu": selu,
    "GatherV2": gather,
    "MatMul": product,
    "StridedSlice": strided_slice,
}
for _name, _gradient in GRADIENTS.items():
    tf.RegisterGradient(PREFIX + _name)(_gradient)


@contextmanager
def built_in() -> Iterator[None]:
    """What is added to the graph meanwhile has the gradients of this file; `tf.gradients` looks for them, no tape does.

    Only where a graph is being built: in a `tf.function`.
    """
    graph = tf.compat.v1.get_default_graph()
    with graph.gradient_override_map({name: PREFIX + name for name in GRADIENTS}):
        yield
