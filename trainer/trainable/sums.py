"""Sums of many tensors, written as sums of two: XNNPACK computes those, and leaves the others to slower kernels.

What flows back to weights that are used again and again is such a sum. On a recurrent network each of them would cut
what XNNPACK computes in two, with copies at every cut.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

MANY, TWO = "AddN", "AddV2"


def paired(call: Callable[..., Sequence[Any]], given: Sequence[Any]) -> list[Any]:
    """What a function makes of these tensors, its sums written in pairs.

    Args:
        call: takes the tensors one by one, has no variables, and returns tensors.
        given: of known shapes.
    """
    specs = [tf.TensorSpec(one.shape, one.dtype, name=f"given_{place}") for place, one in enumerate(given)]
    traced = tf.function(call).get_concrete_function(*specs)
    graph = traced.graph.as_graph_def()
    nodes = list(graph.node)
    del graph.node[:]
    for node in nodes:
        graph.node.extend(_in_pairs(node) if node.op == MANY else [node])
    found: list[Any] = tf.graph_util.import_graph_def(
        graph,
        input_map={inner.name: outer for inner, outer in zip(traced.inputs, given, strict=True)},
        return_elements=[one.name for one in traced.outputs],
        name="",
    )
    return found


def _in_pairs(node: Any) -> list[Any]:
    """Nodes of two inputs each, the last one of the same name."""
    waiting = [one for one in node.input if not one.startswith("^")]
    made: list[Any] = []
    while len(waiting) > 1:
        sums = [
            _sum(node, f"{node.name}/{len(made) + place}", waiting[place * 2 : place * 2 + 2])
            for place in range(len(waiting) // 2)
        ]
        made += sums
        waiting = [one.name for one in sums] + waiting[len(sums) * 2 :]
    made[-1].name = node.name
    return made


def _sum(like: Any, name: str, two: Sequence[str]) -> Any:
    made = type(like)()
    made.name, made.op, made.device = name, TWO, like.device
    made.input.extend(two)
    made.attr["T"].CopyFrom(like.attr["T"])
    return made
