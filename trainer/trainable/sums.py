"""Sums of many tensors, written so that XNNPACK computes them: as one product where they are of products, or in pairs.

What flows back to weights that are used again and again is such a sum. On a recurrent network each of them would cut
what XNNPACK computes in two, with copies at every cut. One large product is faster than many small ones: the sum of
all a_t' b_t is a' b, with all a_t below one another in a and all b_t in b; that of all a_t b_t is a b, with all a_t
side by side.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

MANY, TWO, PRODUCT, BESIDE = "AddN", "AddV2", "MatMul", "ConcatV2"


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
    made, waiting = [], [one for one in node.input if not one.startswith("^")]
    for turned in (True, False):
        products = [by_name[name] for name in waiting if _is_product(by_name.get(name), turned)]
        if len(products) > 1:
            made += _in_one(node, products, turned)
            joint = {one.name for one in products}
            waiting = [*(name for name in waiting if name not in joint), made[-1].name]
    if len(waiting) > 1:
        return made + _in_pairs(node, waiting)
    made[-1].name = node.name
    return made


def _is_product(node: Any, turned: bool) -> bool:
    """It is a product, of which the first is turned, or nothing is."""
    flags = ("transpose_a", "transpose_b")
    return node is not None and node.op == PRODUCT and [node.attr[flag].b for flag in flags] == [turned, False]


def _in_one(node: Any, products: Sequence[Any], turned: bool) -> list[Any]:
    """A product of all the first ones, side by side (below one another if they are turned), and the second ones."""
    made = []
    for side, axis in enumerate((0 if turned else 1, 0)):
        name = f"{node.name}/{PRODUCT}_{turned:d}/{side}"
        place = _node(node, f"{name}/axis", "Const", ())
        place.attr["dtype"].type = tf.int32.as_datatype_enum
        place.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(axis, tf.int32))
        joint = _node(node, name, BESIDE, [*(one.input[side] for one in products), place.name])
        joint.attr["N"].i = len(products)
        joint.attr["Tidx"].type = tf.int32.as_datatype_enum
        joint.attr["T"].CopyFrom(node.attr["T"])
        made += [place, joint]
    product = _node(node, f"{node.name}/{PRODUCT}_{turned:d}", PRODUCT, [one.name for one in made[1::2]])
    product.attr["T"].CopyFrom(node.attr["T"])
    product.attr["transpose_a"].b = turned
    product.attr["transpose_b"].b = False
    return [*made, product]


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
