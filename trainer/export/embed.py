"""Puts the metadata into a model file, without moving a byte of the model.

A new root is written before the old file. It points to everything that the old root points to, has a longer list of
buffers, and one entry more in its list of metadata. Flatbuffers point forwards only, so the new root has to come first;
it is padded to 16 bytes, so that weights stay where kernels want them.
"""

import flatbuffers

from edge.contracts.flatbuffer import MalformedError, Table
from trainer.export.tables import Field, Whole, table, vector

ENTRY = "TFLITE_METADATA"
ALIGNMENT = 16
_VERSION, _BUFFERS, _METADATA, _FIELDS = 0, 4, 6, 16


def embed_metadata(model: bytes, metadata: bytes) -> bytes:
    """The same model with this metadata, instead of what it had.

    Args:
        model: a `.tflite` without packed files.
        metadata: the flatbuffer `M001`.

    Raises:
        MalformedError: it is no TFLite model.
    """
    root = Table.root(model, b"TFL3")
    if len(model) % 4:
        raise MalformedError(f"its length of {len(model)} bytes is no multiple of 4")
    out = flatbuffers.Builder(1024 + len(metadata))
    buffers = [-buffer.position for buffer in root.tables(_BUFFERS)]  # negative: behind what is written here
    entries = [-entry.position for entry in root.tables(_METADATA) if entry.text(0) != ENTRY]
    buffer = table(out, {0: _aligned(out, metadata)})
    entry = table(out, {0: out.CreateString(ENTRY), 1: Whole(len(buffers))})
    fields = kept(root)
    fields[_BUFFERS] = vector(out, [*buffers, buffer])
    fields[_METADATA] = vector(out, [*entries, entry])
    out.Finish(table(out, fields), b"TFL3")
    return bytes(out.Output()) + model


def kept(root: Table) -> dict[int, Field]:
    """The fields of a root: a number, and where the others point, seen from what is written before the file."""
    fields: dict[int, Field] = {_VERSION: Whole(root.integer(_VERSION, "I"))}
    for number in range(1, _FIELDS):
        target = root.table(number)
        if target is not None:
            fields[number] = -target.position
    return fields


def _aligned(out: flatbuffers.Builder, data: bytes) -> int:
    out.StartVector(1, len(data), ALIGNMENT)
    for byte in reversed(data):
        out.PrependByte(byte)
    return int(out.EndVector())
