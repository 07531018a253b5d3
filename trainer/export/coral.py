"""What the Edge TPU maps, by its published constraints: one operator at a time.

Source: https://coral.ai/docs/edgetpu/models-intro/#supported-operations and what its compiler, version 16, is known to
say. The compiler itself has the last word (`trainer.export.edgetpu`).
"""

from collections.abc import Callable, Mapping

from trainer.export.graph import Operator

Limit = Callable[[Operator], str]  # why it is not mapped, "" where it is
BYTES = frozenset({"int8", "uint8"})
MAX_DIMENSIONS = 3
MAX_SOFTMAX = 16_000


def why_not(operator: Operator) -> str:
    """Why the Edge TPU does not take an operator, "" where it does."""
    if operator.name not in SUPPORTED:
        return "the Edge TPU has no such operator"
    odd = sorted({tensor.dtype for tensor in operator.flowing} - BYTES)
    if odd:
        return f"it works on {', '.join(odd)}"
    if any(0 in tensor.shape or -1 in tensor.shape for tensor in operator.flowing):
        return "its size is not fixed"
    if any(len(tensor.inner) > MAX_DIMENSIONS for tensor in operator.flowing):
        return f"more than {MAX_DIMENSIONS} dimensions"
    if operator.version > VERSIONS.get(operator.name, operator.version):
        return f"version {operator.version} of it is newer than the compiler knows ({VERSIONS[operator.name]})"
    return SUPPORTED[operator.name](operator)


def _none(_operator: Operator) -> str:
    return ""


def _flat_output(operator: Operator) -> str:
    return "" if len(operator.outputs[0].inner) <= 1 else "its output has more than one dimension"


def _softmax(operator: Operator) -> str:
    inner = operator.inputs[0].inner
    return "" if len(inner) <= 1 and operator.inputs[0].elements <= MAX_SOFTMAX else "its input is no single row"


def _constant_concatenation(operator: Operator) -> str:
    constants = [tensor for tensor in operator.inputs if tensor.constant]
    return "" if not constants or len(operator.inputs) == 2 else "it joins a constant and more than one other"


SUPPORTED: Mapping[str, Limit] = {
    "ADD": _none,
    "AVERAGE_POOL_2D": _none,
    "CONCATENATION": _constant_concatenation,
    "CONV_2D": _none,
    "DEQUANTIZE": _none,  # to float32, which is no byte: named here for the better reason
    "DEPTHWISE_CONV_2D": _none,
    "EXPAND_DIMS": _none,
    "FULLY_CONNECTED": _flat_output,
    "L2_NORMALIZATION": _none,
    "LOGISTIC": _none,
    "MAXIMUM": _none,
    "MAX_POOL_2D": _none,
    "MEAN": _none,
    "MINIMUM": _none,
    "MUL": _none,
    "PACK": _none,
    "PAD": _none,
    "PRELU": _none,
    "QUANTIZE": _none,
    "REDUCE_MAX": _none,
    "REDUCE_MIN": _none,
    "RELU": _none,
    "RELU6": _none,
    "RELU_N1_TO_1": _none,
    "RESHAPE": _none,
    "RESIZE_BILINEAR": _none,
    "RESIZE_NEAREST_NEIGHBOR": _none,
    "RSQRT": _none,
    "SLICE": _none,
    "SOFTMAX": _softmax,
    "SPACE_TO_DEPTH": _none,
    "SPLIT": _none,
    "SQUARED_DIFFERENCE": _none,
    "SQUEEZE": _none,
    "STRIDED_SLICE": _none,
    "SUB": _none,
    "SUM": _none,
    "TANH": _none,
    "TRANSPOSE": _none,
    "TRANSPOSE_CONV": _none,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _none,
}
# "Operation version not supported": half pixel centres came with version 3 of resizing, and outputs of more than two
# dimensions with version 9 of fully connected layers.
VERSIONS: Mapping[str, int] = {"RESIZE_BILINEAR": 2, "RESIZE_NEAREST_NEIGHBOR": 2, "FULLY_CONNECTED": 8}
