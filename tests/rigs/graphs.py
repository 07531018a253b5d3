"""Model files written operator by operator, with variables and signatures: what a converter would do, in small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.contracts.types import F32

FLOAT32, INT32, RESOURCE = 0, 2, 13
Shape = tuple[int, ...]


@dataclass(eq=False)
class File:
    """Subgraphs with signatures, in the order in which they are drawn."""

    model: Any = field(default_factory=schema.ModelT)

    def __post_init__(self) -> None:
        empty = schema.BufferT()
        self.model.version, self.model.description = 3, "test"
        self.model.buffers, self.model.subgraphs, self.model.operatorCodes = [empty], [], []
        self.model.signatureDefs, self.model.metadata = [], []

    def buffer(self, values: Any) -> int:
        """Constant numbers; which buffer they are in."""
        made = schema.BufferT()
        made.data = list(np.ascontiguousarray(values).tobytes())
        self.model.buffers.append(made)
        return len(self.model.buffers) - 1

    def code(self, name: str) -> int:
        """Which operator code stands for an operator."""
        number = getattr(schema.BuiltinOperator, name)
        known = [one.builtinCode for one in self.model.operatorCodes]
        if number not in known:
            made = schema.OperatorCodeT()
            made.builtinCode, made.deprecatedBuiltinCode, made.version = number, min(number, 127), 1
            self.model.operatorCodes.append(made)
            known.append(number)
        return known.index(number)

    def encode(self) -> bytes:
        """The flatbuffer."""
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


class Graph:
    """One subgraph; tensors go by their numbers."""

    def __init__(self, file: File) -> None:
        self.file, self.graph = file, schema.SubGraphT()
        self.graph.tensors, self.graph.operators, self.graph.inputs, self.graph.outputs = [], [], [], []
        file.model.subgraphs.append(self.graph)

    def tensor(self, shape: Sequence[int], kind: int = FLOAT32, buffer: int = 0) -> int:
        made = schema.TensorT()
        made.shape, made.type, made.buffer = list(shape), kind, buffer
        made.name = f"t{len(self.graph.tensors)}"
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def given(self, shape: Shape) -> int:
        number = self.tensor(shape)
        self.graph.inputs.append(number)
        return number

    def constant(self, values: F32) -> int:
        return self.tensor(values.shape, FLOAT32, self.file.buffer(values.astype("<f4")))

    def wholes(self, *values: int) -> int:
        return self.tensor((len(values),), INT32, self.file.buffer(np.array(values, "<i4")))

    def run(self, name: str, inputs: Sequence[int], shape: Shape | None, kind: int = FLOAT32, **options: Any) -> int:
        """An operator of one output, of this shape; None: of none (the answer is then no tensor)."""
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs = self.file.code(name), list(inputs)
        made.outputs = [] if shape is None else [self.tensor(shape, kind)]
        if name in OPTIONS:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, OPTIONS[name])
            made.builtinOptions = getattr(schema, OPTIONS[name] + "T")()
            for key, value in options.items():
                setattr(made.builtinOptions, key, value)
        self.graph.operators.append(made)
        return made.outputs[0] if made.outputs else -1

    def variable(self, name: str) -> int:
        return self.run("VAR_HANDLE", [], (), RESOURCE, sharedName=name, container="")

    def signed(self, key: str, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> None:
        """Give it a signature."""
        made = schema.SignatureDefT()
        made.signatureKey, made.subgraphIndex = key, self.file.model.subgraphs.index(self.graph)
        made.inputs = [_pair(name, number) for name, number in inputs.items()]
        made.outputs = [_pair(name, number) for name, number in outputs.items()]
        self.graph.outputs = list(outputs.values())
        self.file.model.signatureDefs.append(made)


OPTIONS: Mapping[str, str] = {
    "ADD": "AddOptions",
    "ASSIGN_VARIABLE": "AssignVariableOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CALL_ONCE": "CallOnceOptions",
    "CAST": "CastOptions",
    "CONCATENATION": "ConcatenationOptions",
    "DIV": "DivOptions",
    "GATHER": "GatherOptions",
    "LESS": "LessOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MEAN": "ReducerOptions",
    "MUL": "MulOptions",
    "READ_VARIABLE": "ReadVariableOptions",
    "RESHAPE": "ReshapeOptions",
    "SLICE": "SliceOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SUB": "SubOptions",
    "SUM": "ReducerOptions",
    "TILE": "TileOptions",
    "VAR_HANDLE": "VarHandleOptions",
    "WHILE": "WhileOptions",
}


def _pair(name: str, tensor: int) -> "schema.TensorMapT":
    pair = schema.TensorMapT()
    pair.name, pair.tensorIndex = name, tensor
    return pair
