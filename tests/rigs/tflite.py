"""Builds small model files: a flatbuffer by LiteRT's own schema, standard metadata, an appended archive.

The model is real: one ABS, TANH or SOFTMAX where input and output have the same shape, else an operator that is
only read, never run.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

TYPES = {"float32": 0, "int32": 2, "uint8": 3, "string": 5, "int8": 9}
ABS, SOFTMAX, CUSTOM = 101, 25, 32

Packed = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output."""

    shape: tuple[int, ...] = (1, 8, 8, 3)
    dtype: str = "float32"
    scale: float = 0.0
    zero_point: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Net:
    """A model of one operator."""

    inputs: tuple[Port, ...] = (Port(name="x"),)
    outputs: tuple[Port, ...] = (Port(name="y"),)
    operator: int = ABS
    custom: str = ""
    signature: tuple[str, ...] = ()  # names of the outputs
    metadata: bytes = b""
    operands: tuple[int, ...] = ()  # what the operator reads, the inputs where it is empty

    def write(self, path: Path, packed: Packed | None = None) -> Path:
        """Write the file, with an archive appended where there is something to pack."""
        path.write_bytes(self.encode() + (archive(packed) if packed else b""))
        return path

    def encode(self) -> bytes:
        """The flatbuffer."""
        model, graph = schema.ModelT(), schema.SubGraphT()
        ports = (*self.inputs, *self.outputs)
        graph.tensors = [_tensor(port) for port in ports]
        graph.inputs = list(range(len(self.inputs)))
        graph.outputs = list(range(len(self.inputs), len(ports)))
        graph.operators = [self._operator(graph)]
        model.version, model.subgraphs, model.description = 3, [graph], "test"
        model.operatorCodes = [self._code()]
        model.buffers = [_buffer(b""), _buffer(self.metadata)]
        model.metadata = [_entry()] if self.metadata else []
        model.signatureDefs = [self._signature()] if self.signature else []
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _code(self) -> "schema.OperatorCodeT":
        code = schema.OperatorCodeT()
        number = CUSTOM if self.custom else self.operator
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, number, 1
        code.customCode = self.custom or None
        return code

    def _operator(self, graph: "schema.SubGraphT") -> "schema.OperatorT":
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = 0, list(self.operands) or graph.inputs, graph.outputs
        if self.operator == SOFTMAX:
            operator.builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions
            operator.builtinOptions = schema.SoftmaxOptionsT()
            operator.builtinOptions.beta = 1.0
        return operator

    def _signature(self) -> "schema.SignatureDefT":
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = "serving_default", 0
        signature.inputs = [_pair("picture", 0)]
        signature.outputs = [_pair(name, len(self.inputs) + row) for row, name in enumerate(self.signature)]
        return signature


def archive(packed: Packed) -> bytes:
    """A ZIP, compressed; the same bytes whenever it is made."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        for name, content in packed.items():
            out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def metadata(mean: tuple[float, ...], std: tuple[float, ...], labels: str = "", name: str = "Named") -> bytes:
    """Standard TFLite metadata with the normalisation of the input and a label file of the output."""
    out = flatbuffers.Builder(512)
    texts = {text: out.CreateString(text) for text in (labels, name, "2.1")}
    mean_at, std_at = _floats(out, mean), _floats(out, std)
    options = _table(out, 2, {0: mean_at, 1: std_at})
    unit = _table(out, 2, {1: options}, kind=1)
    tensor = _table(out, 7, {4: _vector(out, [unit])})
    files = [_table(out, 5, {0: texts[labels]}, label_type=2)] if labels else []
    output = _table(out, 7, {6: _vector(out, files)})
    graph = _table(out, 10, {2: _vector(out, [tensor]), 3: _vector(out, [output])})
    out.Finish(_table(out, 8, {0: texts[name], 2: texts["2.1"], 3: _vector(out, [graph])}), b"M001")
    return bytes(out.Output())


def _table(
    out: flatbuffers.Builder, fields: int, offsets: Mapping[int, int], kind: int = 0, label_type: int = 0
) -> int:
    out.StartObject(fields)
    for field, offset in offsets.items():
        out.PrependUOffsetTRelativeSlot(field, offset, 0)
    if kind:
        out.PrependUint8Slot(0, kind, 0)
    if label_type:
        out.PrependInt8Slot(2, label_type, 0)
    return int(out.EndObject())


def _vector(out: flatbuffers.Builder, offsets: list[int]) -> int:
    out.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        out.PrependUOffsetTRelative(offset)
    return int(out.EndVector())


def _floats(out: flatbuffers.Builder, values: tuple[float, ...]) -> int:
    out.StartVector(4, len(values), 4)
    for value in reversed(values):
        out.PrependFloat32(value)
    return int(out.EndVector())


def _tensor(port: Port) -> "schema.TensorT":
    tensor = schema.TensorT()
    tensor.shape, tensor.type, tensor.name, tensor.buffer = list(port.shape), TYPES[port.dtype], port.name, 0
    if port.scale:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [port.scale], [port.zero_point]
    return tensor


def _buffer(data: bytes) -> "schema.BufferT":
    buffer = schema.BufferT()
    buffer.data = list(data)
    return buffer


def _entry() -> "schema.MetadataT":
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", 1
    return entry


def _pair(name: str, tensor: int) -> "schema.TensorMapT":
    pair = schema.TensorMapT()
    pair.name, pair.tensorIndex = name, tensor
    return pair
