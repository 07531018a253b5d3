"""A real model of windows without training: the class is the channel or band with the highest mean."""

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.contracts.manifest import Calibration, Manifest, Task, encode_manifest
from edge.contracts.types import Head
from edge.contracts.windows import SeriesWindow, SoundWindow
from tests.rigs.tflite import archive

MEAN, SOFTMAX, FLOAT32, INT32 = 40, 25, 0, 2


def window_model(path: Path, window: SoundWindow | SeriesWindow, labels: tuple[str, ...]) -> Path:
    """A file with its manifest inside; as many labels as the window has columns."""
    columns = window.shape[2]
    assert len(labels) == columns
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors = [
        _tensor("window", window.shape, FLOAT32, 0),
        _tensor("axis", (1,), INT32, 1),
        _tensor("embedding", (1, columns), FLOAT32, 0),
        _tensor("probabilities", (1, columns), FLOAT32, 0),
    ]
    graph.inputs, graph.outputs = [0], [3, 2]
    graph.operators = [_operator(0, [0, 1], [2]), _operator(1, [2], [3])]
    model.version, model.subgraphs, model.description = 3, [graph], "test"
    model.operatorCodes = [_code(MEAN), _code(SOFTMAX)]
    model.buffers = [_buffer(b""), _buffer(np.array([1], "<i4").tobytes())]
    model.metadata, model.signatureDefs = [], []
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    manifest = Manifest(
        task=Task.SEQUENCE,
        head=Head.SEQUENCE,
        name="loudest",
        version="1",
        labels="labels.txt",
        input=window,
        metrics={},
        quantisation="none",
        calibration=Calibration("", 0),
        recipe="made for a test",
        revision="",
    )
    packed = {"labels.txt": "\n".join(labels).encode(), "foresight.json": encode_manifest(manifest)}
    path.write_bytes(bytes(builder.Output()) + archive(packed))
    return path


def _operator(code: int, inputs: list[int], outputs: list[int]) -> "schema.OperatorT":
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, outputs
    options = (schema.ReducerOptionsT(), schema.SoftmaxOptionsT())[code]
    operator.builtinOptionsType = (schema.BuiltinOptions.ReducerOptions, schema.BuiltinOptions.SoftmaxOptions)[code]
    if code:
        options.beta = 1.0
    else:
        options.keepDims = False
    operator.builtinOptions = options
    return operator


def _code(number: int) -> "schema.OperatorCodeT":
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = number
    code.version = 1
    return code


def _tensor(name: str, shape: tuple[int, ...], kind: int, buffer: int) -> "schema.TensorT":
    tensor = schema.TensorT()
    tensor.shape, tensor.type, tensor.name, tensor.buffer = list(shape), kind, name, buffer
    return tensor


def _buffer(data: bytes) -> "schema.BufferT":
    buffer = schema.BufferT()
    buffer.data = list(data)
    return buffer
