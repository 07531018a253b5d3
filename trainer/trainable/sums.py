"""Sums of many tensors, written so that XNNPACK computes them: as one product where they are of products, or in pairs.

What flows back to weights that are used again and again is such a sum. On a recurrent network each of them would cut
what XNNPACK computes in two, with copies at every cut. Sum over t of a_t' b_t is a' b, with all a_t below one another
in a, and all b_t in b: one large product is faster than many small ones.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

MANY, TWO, PRODUCT, BELOW = "AddN", "AddV2", "MatMul", "ConcatV2"


def joined(call: Callable[..., Sequence[Any]], given: Sequence[Any]) -> list[Any]:
    """What a function makes of these tensors, its sums written so.

    Args:
        call: takes the tensors one by one, has no variables, and returns tensors.
        given: of known shapes.
    """
    specs = [tf.TensorSpec(one.shape, one.dtype, name=f"given_{place}") for place, one in enumerate(given)]
    traced = tf.function(call).get_concrete_function(*specs)
    graph = traced.graph.as_graph_def()
    nodes = list(graph.node)
    by_name = {node.name: node for node in nodes}
    del graph.node[:]
    for node in nodes:
        graph.node.extend(_written(node, by_name) if node.op == MANY else [node])
    found: list[Any] = tf.graph_util.import_graph_def(
        graph,
        input_map={inner.name: outer for inner, outer in zip(traced.inputs, given, strict=True)},
        return_elements=[one.name for one in traced.outputs],
        name="",
    )
    return found


def _written(node: Any, by_name: Mapping[str, Any]) -> list[Any]:
    """Nodes that make the same sum, the last one of the same name."""
    waiting = [one for one in node.input if not one.startswith("^")]
    products = [by_name[name] for name in waiting if name in by_name and _turned(by_name[name])]
    if len(products) < 2:
        return _in_pairs(node, waiting)
    made = _in_one(node, products)
    others = [name for name in waiting if not any(name == one.name for one in products)]
    if not others:
        made[-1].name = node.name
        return made
    return made + _in_pairs(node, [made[-1].name, *others])


def _turned(node: Any) -> bool:
    """It is a product, of which the first is turned."""
    return bool(node.op == PRODUCT and node.attr["transpose_a"].b and not node.attr["transpose_b"].b)


def _in_one(node: Any, products: Sequence[Any]) -> list[Any]:
    axis = _node(node, f"{node.name}/axis", "Const", ())
    axis.attr["dtype"].type = tf.int32.as_datatype_enum
    axis.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(0, tf.int32))
    sides = []
    for side in range(2):
        below = _node(node, f"{node.name}/side_{side}", BELOW, [*(one.input[side] for one in products), axis.name])
        below.attr["N"].i = len(products)
        below.attr["Tidx"].type = tf.int32.as_datatype_enum
        below.attr["T"].CopyFrom(node.attr["T"])
        sides.append(below)
    product = _node(node, f"{node.name}/product", PRODUCT, [one.name for one in sides])
    product.attr["T"].CopyFrom(node.attr["T"])
    product.attr["transpose_a"].b = True
    product.attr["transpose_b"].b = False
    return [axis, *sides, product]


def _in_pairs(node: Any, waiting: Sequence[str]) -> list[Any]:
    """Nodes of two inputs each, the last one of the same name."""
    made: list[Any] = []
    while len(waiting) > 1:
        sums = [
            _node(node, f"{node.name}/{len(made) + place}", TWO, waiting[place * 2 : place * 2 + 2])
            for place in range(len(waiting) // 2)
        ]
        for one in sums:
            one.attr["T"].CopyFrom(node.attr["T"])
        made += sums
        waiting = [one.name for one in sums] + list(waiting[len(sums) * 2 :])
    made[-1].name = node.name
    return made


def _node(like: Any, name: str, operator: str, inputs: Sequence[str]) -> Any:
    made = type(like)()
    made.name, made.op, made.device = name, operator, like.device
    made.input.extend(inputs)
    return made
