"""The operators of a model file, one by one, as far as reports ask for them. Runs nothing.

Field numbers are those of TensorFlow Lite's `schema.fbs`, version 3.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ai_edge_litert.schema_py_generated import BuiltinOperator

from edge.contracts.flatbuffer import MalformedError, Table
from edge.contracts.tflite import CUSTOM, DTYPES


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a graph."""

    number: int
    name: str
    shape: tuple[int, ...]
    dtype: str  # a NumPy name
    constant: bool  # weights, not what flows

    @property
    def inner(self) -> tuple[int, ...]:
        """Its shape without leading ones: a batch of one is no dimension."""
        first = next((place for place, extent in enumerate(self.shape) if extent != 1), len(self.shape))
        return self.shape[first:]

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a graph."""

    name: str  # "CONV_2D"; a custom one's own name
    version: int
    inputs: tuple[Tensor, ...]  # without those that are left out
    outputs: tuple[Tensor, ...]

    @property
    def flowing(self) -> tuple[Tensor, ...]:
        """What comes in and goes out, without weights."""
        return (*(one for one in self.inputs if not one.constant), *self.outputs)


def read_operators(model: bytes) -> tuple[Operator, ...]:
    """The operators of the first subgraph, in the order in which they run.

    Raises:
        MalformedError: the bytes are no TFLite model, or a damaged one.
    """
    root = Table.root(model, b"TFL3")
    graph = next(root.tables(2), None)
    if graph is None:
        raise MalformedError("it holds no graph")
    codes = [_code(code) for code in root.tables(1)]
    filled = [bool(buffer.blob(0)) for buffer in root.tables(4)]
    tensors = [_tensor(number, tensor, filled) for number, tensor in enumerate(graph.tables(0))]
    return tuple(_operator(one, codes, tensors) for one in graph.tables(3))


def _code(code: Table) -> tuple[str, int]:
    """Name and version. Old writers fill field 0 only, new ones field 3 too."""
    number = max(code.integer(0, "b"), code.integer(3, "i"))
    return (code.text(1) if number == CUSTOM else _NAMES.get(number, f"operator {number}")), code.integer(2, "i", 1)


def _tensor(number: int, tensor: Table, filled: Sequence[bool]) -> Tensor:
    buffer, kind = tensor.integer(2, "I"), tensor.integer(1, "b")
    constant = buffer < len(filled) and filled[buffer]
    return Tensor(number, tensor.text(3), tensor.integers(0, "i"), DTYPES.get(kind, f"type {kind}"), constant)


def _operator(operator: Table, codes: Sequence[tuple[str, int]], tensors: Sequence[Tensor]) -> Operator:
    index, ports = operator.integer(0, "I"), (operator.integers(1, "i"), operator.integers(2, "i"))
    if index >= len(codes) or any(number >= len(tensors) for port in ports for number in port):
        raise MalformedError(f"an operator names the kind {index} of {len(codes)}, or tensors that are not there")
    name, version = codes[index]
    inputs, outputs = (tuple(tensors[number] for number in port if number >= 0) for port in ports)
    return Operator(name, version, inputs, outputs)


_NAMES = {value: name for name, value in vars(BuiltinOperator).items() if isinstance(value, int)}
