"""What a `.tflite` file says of itself: inputs, outputs, operators, signature names, metadata. Runs nothing.

Field numbers are those of TensorFlow Lite's `schema.fbs`, version 3.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError, Table
from edge.contracts.types import TensorSpec

DTYPES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    5: "string",
    6: "bool",
    7: "int16",
    8: "complex64",
    9: "int8",
    10: "float64",
    12: "uint64",
    15: "uint32",
    16: "uint16",
}
_WIDTHS = {1: 2, 3: 1, 4: 8, 6: 1, 7: 2, 9: 1, 10: 8, 12: 8, 16: 2}  # bytes of a number; 4 of others
CUSTOM = 32
PROBABILITY_OPERATORS = frozenset({14, 25, 50})  # LOGISTIC, SOFTMAX, LOG_SOFTMAX
PASSING_ON_OPERATORS = frozenset({6, 22, 43, 114})  # DEQUANTIZE, RESHAPE, SQUEEZE, QUANTIZE
MAX_PORTS = 64  # inputs, outputs
MAX_DIMENSIONS = 8
MAX_ELEMENTS = 1 << 26


@dataclass(frozen=True, slots=True)
class Graph:
    """The first subgraph of a model file, which is the one that an interpreter invokes."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]  # `name` is the signature's name where there is one
    custom: frozenset[str]  # names of the custom operators in use
    probabilities: bool  # the only output comes out of a softmax or sigmoid
    metadata: bytes  # the TFLITE_METADATA flatbuffer, empty without one


def read_graph(data: bytes) -> Graph:
    """Read the tables of a model file.

    Raises:
        MalformedError: the bytes are no TFLite model, or a damaged one.
        ModelError: the model is whole, but of a kind that does not run here.
    """
    model = Table.root(data, b"TFL3")
    if model.integer(0, "I") != 3:
        raise MalformedError(f"its schema version is {model.integer(0, 'I')}, not 3")
    subgraph = next(model.tables(2), None)
    if subgraph is None:
        raise MalformedError("it holds no graph")
    codes = [_operator(code) for code in model.tables(1)]
    custom = frozenset(name for number, name in codes if number == CUSTOM)
    _refuse_flex(custom)
    tensors = list(subgraph.tables(0))
    signature = _signature(model)
    inputs, outputs = subgraph.integers(1, "i"), subgraph.integers(2, "i")
    return Graph(
        inputs=_specs(inputs, tensors, _names(signature, 0)),
        outputs=_specs(outputs, tensors, _names(signature, 1)),
        custom=custom,
        probabilities=len(outputs) == 1 and _gives_probabilities(subgraph, codes, outputs[0]),
        metadata=_metadata(model),
    )


def tensor_bytes(data: bytes) -> int:
    """How much memory the tensors of all graphs take that stand in the file with their shapes, all at once.

    Raises:
        MalformedError: the bytes are no TFLite model, or a damaged one.
    """
    graphs = Table.root(data, b"TFL3").tables(2)
    return sum(_tensor_bytes(tensor) for graph in graphs for tensor in graph.tables(0))


def _tensor_bytes(tensor: Table) -> int:
    return math.prod(max(0, extent) for extent in tensor.integers(0, "i")) * _WIDTHS.get(tensor.integer(1, "b"), 4)


def _operator(code: Table) -> tuple[int, str]:
    """Number and custom name of an operator. Old writers fill field 0 only, new ones field 3 too."""
    return max(code.integer(0, "b"), code.integer(3, "i")), code.text(1)


def _refuse_flex(custom: frozenset[str]) -> None:
    flex = sorted(name for name in custom if name.startswith("Flex"))
    if flex:
        raise ModelError(
            f"it needs TensorFlow itself for {', '.join(flex)}; export it again with "
            "supported_ops=[tf.lite.OpsSet.TFLITE_BUILTINS]"
        )


def _signature(model: Table) -> Table | None:
    """The signature of the first subgraph."""
    return next((each for each in model.tables(7) if each.integer(4, "I") == 0), None)


def _names(signature: Table | None, field: int) -> dict[int, str]:
    """Signature names by tensor number."""
    return {pair.integer(1, "I"): pair.text(0) for pair in signature.tables(field)} if signature else {}


def _specs(numbers: Sequence[int], tensors: list[Table], names: dict[int, str]) -> tuple[TensorSpec, ...]:
    if not 0 < len(numbers) <= MAX_PORTS or not all(0 <= number < len(tensors) for number in numbers):
        raise MalformedError(f"its graph names the tensors {numbers[:8]} of {len(tensors)} as inputs or outputs")
    return tuple(_spec(tensors[number], names.get(number, "")) for number in numbers)


def _spec(tensor: Table, name: str) -> TensorSpec:
    shape = tensor.integers(0, "i")
    if len(shape) > MAX_DIMENSIONS or any(extent < 0 for extent in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise MalformedError(f"a tensor has the shape {list(shape[:MAX_DIMENSIONS])}")
    kind = tensor.integer(1, "b")
    scale, zero_point = _quantisation(tensor.table(4))
    return TensorSpec(name or tensor.text(3), shape, DTYPES.get(kind, f"type {kind}"), scale, zero_point)


def _quantisation(quantisation: Table | None) -> tuple[float, int]:
    """Scale and zero point, (0, 0) where the tensor is not quantised."""
    scales = quantisation.floats(2) if quantisation else ()
    if not quantisation or not scales:
        return 0.0, 0
    zeros = quantisation.integers(3, "q") or (0,)
    scale, zero_point = scales[0], zeros[0]
    if len(scales) != 1 or not (math.isfinite(scale) and scale >= 0) or not -(2**31) <= zero_point < 2**31:
        raise MalformedError(
            f"an input or output has {len(scales)} scales, the first {scale} at zero point {zero_point}"
        )
    return scale, zero_point


def _gives_probabilities(subgraph: Table, codes: list[tuple[int, str]], output: int) -> bool:
    """Whether the output comes out of a softmax or sigmoid; operators stand in the order in which they run."""
    wanted = output
    for operator in reversed(list(subgraph.tables(3))):
        if wanted not in operator.integers(2, "i"):
            continue
        index = operator.integer(0, "I")
        number = codes[index][0] if index < len(codes) else -1
        inputs = operator.integers(1, "i")
        if number not in PASSING_ON_OPERATORS or not inputs:
            return number in PROBABILITY_OPERATORS
        wanted = inputs[0]
    return False


def _metadata(model: Table) -> bytes:
    entry = next((each for each in model.tables(6) if each.text(0) == "TFLITE_METADATA"), None)
    if entry is None:
        return b""
    number = entry.integer(1, "I")
    buffer = next((each for index, each in enumerate(model.tables(4)) if index == number), None)
    if buffer is None:
        raise MalformedError(f"its metadata stands in buffer {number}, which is not there")
    return buffer.blob(0)
