"""The graphs of `tests.rigs.learning_model`: a linear layer, its loss and its optimiser, operator by operator."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from edge.contracts.manifest import PictureInput, Task
from edge.contracts.trainable import TARGETS
from edge.contracts.types import F32, Head
from edge.contracts.window_rules import OUTPUTS
from edge.contracts.windows import Window
from tests.rigs.graphs import File, Graph, Shape

MOMENTUM, EMBEDDING = 0.9, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """One model."""

    task: Task
    head: Head
    window: Window | PictureInput
    batch: int  # B
    given: Shape  # of `infer`
    inner: Shape  # of a row of the first target
    answer: Shape  # of a row of the target
    known: Shape  # of a row of what is known
    labels: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, int]:
        """I and O."""
        return math.prod(self.inner), math.prod(self.answer)

    @property
    def count(self) -> int:
        """N."""
        inputs, outputs = self.sizes
        return inputs * outputs + outputs


def drawn(plan: Plan, first: F32) -> bytes:
    """The model with these first weights (N,)."""
    file = File()
    for draw in (_infer, _train, _get, _set):
        draw(Graph(file), plan)
    _begin(Graph(file), first)
    return file.encode()


def _begin(graph: Graph, first: F32) -> None:
    """The subgraph that gives the variables their first values."""
    for name, values in (("weights", first), ("optimizer", np.zeros_like(first))):
        graph.run("ASSIGN_VARIABLE", [graph.variable(name), graph.constant(values)], None)


def _once(graph: Graph) -> None:
    graph.run("CALL_ONCE", [], None, initSubgraphIndex=4)


def _infer(graph: Graph, plan: Plan) -> None:
    _once(graph)
    given, rows = graph.given(plan.given), plan.given[0]
    if plan.head is Head.CLASSIFIER:
        seen = graph.run("MEAN", [given, graph.wholes(1, 2)], (rows, EMBEDDING), keepDims=False)
        said = _linear(graph, plan, seen, rows)
        outputs = {"probabilities": _softmax(graph, said, (rows, *plan.answer)), "embedding": seen}
        graph.signed("infer", {"picture": given}, outputs)
        return
    said = _linear(graph, plan, _reshaped(graph, given, (rows, plan.sizes[0])), rows)
    names = dict(zip(OUTPUTS[plan.head], _ANSWERS[plan.head](graph, plan, said), strict=True))
    graph.signed("infer", {TARGETS[plan.head][0]: given}, names)


def _paths(graph: Graph, plan: Plan, said: int) -> tuple[int, ...]:
    rows, (horizons, _) = plan.given[0], plan.answer
    zero = graph.run("MUL", [said, graph.constant(np.zeros(1, np.float32))], (rows, plan.sizes[1]))
    logit = graph.run("SLICE", [zero, graph.wholes(0, 0), graph.wholes(rows, 1)], (rows, 1))
    sigma = graph.run("SLICE", [zero, graph.wholes(0, 0), graph.wholes(rows, horizons)], (rows, horizons))
    return logit, _reshaped(graph, said, (rows, 1, horizons, 2)), _reshaped(graph, sigma, (rows, 1, horizons))


def _future(graph: Graph, plan: Plan, said: int) -> tuple[int, ...]:
    zero = graph.run("MUL", [said, graph.constant(np.zeros(1, np.float32))], (1, plan.sizes[1]))
    path = (1, *plan.answer)
    return _reshaped(graph, said, path), _reshaped(graph, zero, path), _reshaped(graph, said, (1, plan.sizes[1]))


def _again(graph: Graph, plan: Plan, said: int) -> tuple[int, ...]:
    return _reshaped(graph, said, (1, *plan.answer)), _reshaped(graph, said, (1, plan.sizes[1]))


_ANSWERS: Mapping[Head, Callable[[Graph, Plan, int], tuple[int, ...]]] = {
    Head.TRAJECTORY: _paths,
    Head.SERIES: _future,
    Head.AUTOENCODER: _again,
}


def _train(graph: Graph, plan: Plan) -> None:
    _once(graph)
    batch, (inputs, outputs) = plan.batch, plan.sizes
    own = plan.head is Head.AUTOENCODER  # a window is its own target
    inner = (plan.inner,) if own else (plan.inner, plan.answer)
    shapes = dict(zip(TARGETS[plan.head], (*inner, plan.known), strict=True))
    given = {name: graph.given((batch, *shape)) for name, shape in shapes.items()}
    rate = graph.given((1,))
    first, *_, known = given.values()
    target = list(given.values())[len(inner) - 1]
    x, y = _reshaped(graph, first, (batch, inputs)), _reshaped(graph, target, (batch, outputs))
    counts = _counts(graph, plan, known)
    total = graph.run("SUM", [counts, graph.wholes(0, 1)], (1,), keepDims=False)
    total = graph.run("MAXIMUM", [total, graph.constant(np.ones(1, np.float32))], (1,))
    weight = graph.run("DIV", [counts, total], (batch, outputs))
    loss, error = _loss(graph, plan, _linear(graph, plan, x, batch), y, weight)
    kernel = graph.run("BATCH_MATMUL", [x, error], (inputs, outputs), adjX=True)
    bias = graph.run("SUM", [error, graph.wholes(0)], (outputs,), keepDims=False)
    parts = [_reshaped(graph, kernel, (inputs * outputs,)), bias]
    gradient = graph.run("CONCATENATION", parts, (plan.count,), axis=0)
    _step(graph, plan, gradient, rate)
    graph.signed("train", {**given, "rate": rate}, {"loss": loss})


def _loss(graph: Graph, plan: Plan, said: int, y: int, weight: int) -> tuple[int, int]:
    """The loss (1,), and its gradient by what was said (B, O)."""
    shape = (plan.batch, plan.sizes[1])
    if plan.head is Head.CLASSIFIER:
        likely = graph.run("LOG_SOFTMAX", [said], shape)
        surprise = graph.run("MUL", [likely, graph.run("MUL", [y, weight], shape)], shape)
        loss = graph.run("MUL", [_sum(graph, surprise), graph.constant(np.full(1, -float(plan.sizes[1]), "f"))], (1,))
        off = graph.run("SUB", [_softmax(graph, said, shape), y], shape)
        weight = graph.run("MUL", [weight, graph.constant(np.full(1, float(plan.sizes[1]), "f"))], shape)
        return loss, graph.run("MUL", [off, weight], shape)
    off = graph.run("SUB", [said, y], shape)
    loss = _sum(graph, graph.run("MUL", [graph.run("MUL", [off, off], shape), weight], shape))
    twice = graph.run("MUL", [weight, graph.constant(np.full(1, 2.0, np.float32))], shape)
    return loss, graph.run("MUL", [off, twice], shape)


def _counts(graph: Graph, plan: Plan, known: int) -> int:
    """(B, O) how much each output counts."""
    shape = (plan.batch, plan.sizes[1])
    if plan.known == plan.answer:
        return _reshaped(graph, known, shape)
    narrow = (plan.batch, *plan.known, 1)
    ones = graph.constant(np.ones((plan.batch, *plan.answer), np.float32))
    return _reshaped(
        graph, graph.run("MUL", [_reshaped(graph, known, narrow), ones], (plan.batch, *plan.answer)), shape
    )


def _step(graph: Graph, plan: Plan, gradient: int, rate: int) -> None:
    size = (plan.count,)
    weights, state = graph.variable("weights"), graph.variable("optimizer")
    kept = graph.run("MUL", [_read(graph, state, size), graph.constant(np.full(1, MOMENTUM, np.float32))], size)
    moved = graph.run("SUB", [kept, graph.run("MUL", [gradient, rate], size)], size)
    graph.run("ASSIGN_VARIABLE", [weights, graph.run("ADD", [_read(graph, weights, size), moved], size)], None)
    graph.run("ASSIGN_VARIABLE", [state, moved], None)


def _get(graph: Graph, plan: Plan) -> None:
    _once(graph)
    nothing = graph.given((1,))
    found = {name: _read(graph, graph.variable(name), (plan.count,)) for name in ("weights", "optimizer")}
    graph.signed("get_weights", {"nothing": nothing}, found)


def _set(graph: Graph, plan: Plan) -> None:
    _once(graph)
    given = {name: graph.given((plan.count,)) for name in ("weights", "optimizer")}
    for name, values in given.items():
        graph.run("ASSIGN_VARIABLE", [graph.variable(name), values], None)
    done = graph.run("SLICE", [given["weights"], graph.wholes(0), graph.wholes(1)], (1,))
    graph.signed("set_weights", given, {"done": done})


def _linear(graph: Graph, plan: Plan, x: int, rows: int) -> int:
    """(rows, O) of inputs (rows, I)."""
    inputs, outputs = plan.sizes
    weights = _read(graph, graph.variable("weights"), (plan.count,))
    cut = inputs * outputs
    kernel = graph.run("SLICE", [weights, graph.wholes(0), graph.wholes(cut)], (cut,))
    bias = graph.run("SLICE", [weights, graph.wholes(cut), graph.wholes(outputs)], (outputs,))
    made = graph.run("BATCH_MATMUL", [x, _reshaped(graph, kernel, (inputs, outputs))], (rows, outputs))
    return graph.run("ADD", [made, bias], (rows, outputs))


def _read(graph: Graph, variable: int, shape: Shape) -> int:
    return graph.run("READ_VARIABLE", [variable], shape)


def _reshaped(graph: Graph, values: int, shape: Shape) -> int:
    return graph.run("RESHAPE", [values, graph.wholes(*shape)], shape, newShape=list(shape))


def _softmax(graph: Graph, values: int, shape: Shape) -> int:
    return graph.run("SOFTMAX", [values], shape, beta=1.0)


def _sum(graph: Graph, values: int) -> int:
    flat = graph.run("SUM", [values, graph.wholes(0, 1)], (), keepDims=False)
    return _reshaped(graph, flat, (1,))
