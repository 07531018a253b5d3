"""Real model files, spoiled in one place each: what a conversion that went wrong leaves behind."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.rigs.tflite import archive


def unpacked(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The bare model, and the files that are packed behind it."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        files = {name: file.read(name) for name in file.namelist()}
        start = min(entry.header_offset for entry in file.infolist())
    return data[:start], files


def with_files(source: Path, out: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Path:
    """A copy with other files packed behind the same model."""
    bare, files = unpacked(source.read_bytes())
    out.write_bytes(bare + archive(change(files)))
    return out


def with_graph(source: Path, out: Path, change: Callable[[Any, Any], None]) -> Path:
    """A copy whose model and first graph were changed, as the schema's objects."""
    bare, files = unpacked(source.read_bytes())
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bare, 0))
    change(model, model.subgraphs[0])
    builder = flatbuffers.Builder(len(bare))
    builder.Finish(model.Pack(builder), b"TFL3")
    out.write_bytes(bytes(builder.Output()) + archive(files))
    return out


def weights(layer: str, change: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    """Change the weights of the operator whose output has this name, as they are stored (uint8)."""

    def spoil(model: Any, graph: Any) -> None:
        buffer = model.buffers[graph.tensors[_operator(graph, layer).inputs[1]].buffer]
        buffer.data = change(np.asarray(buffer.data, np.uint8)).astype(np.uint8)

    return spoil


def bias(layers: str, value: int) -> Callable[[Any, Any], None]:
    """Set every bias of all operators whose outputs have a name that ends so."""

    def spoil(model: Any, graph: Any) -> None:
        for operator in graph.operators:
            if graph.tensors[operator.outputs[0]].name.decode().endswith(layers):
                buffer = model.buffers[graph.tensors[operator.inputs[2]].buffer]
                values = np.full(len(buffer.data) // 4, value, np.int32)
                buffer.data = np.frombuffer(values.tobytes(), np.uint8)

    return spoil


def weight_scale(layer: str, factor: float) -> Callable[[Any, Any], None]:
    """Multiply the scale of weights and bias of the operator whose output has this name."""

    def spoil(_model: Any, graph: Any) -> None:
        for tensor in _operator(graph, layer).inputs[1:3]:
            quantisation = graph.tensors[tensor].quantization
            quantisation.scale = np.asarray(quantisation.scale, np.float32) * np.float32(factor)

    return spoil


def swapped_outputs(first: int, second: int) -> Callable[[Any, Any], None]:
    """Two of the graph's outputs in each other's place; their names go with them."""

    def spoil(_model: Any, graph: Any) -> None:
        graph.outputs = np.array(graph.outputs)
        graph.outputs[[first, second]] = graph.outputs[[second, first]]

    return spoil


def scaled_by(value: float) -> Callable[[Any, Any], None]:
    """This mean and std in the standard metadata, where it said 127.5 and 127.5."""

    def spoil(model: Any, _graph: Any) -> None:
        entry = next(one for one in model.metadata if one.name == b"TFLITE_METADATA")
        buffer = model.buffers[entry.buffer]
        data, was = bytes(bytearray(buffer.data)), struct.pack("<f", 127.5)
        assert data.count(was) == 2
        buffer.data = np.frombuffer(data.replace(was, struct.pack("<f", value)), np.uint8)

    return spoil


def _operator(graph: Any, layer: str) -> Any:
    return next(one for one in graph.operators if graph.tensors[one.outputs[0]].name.decode() == layer)
