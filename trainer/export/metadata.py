"""The standard TFLite metadata of our models, as MediaPipe asks for it; `edge.contracts.metadata` reads it back.

Field numbers are those of TensorFlow Lite Support's `metadata_schema.fbs`.
"""

from collections.abc import Callable, Mapping, Sequence

import flatbuffers

from edge.contracts.manifest import Manifest, PictureInput
from edge.contracts.metadata import (
    IMAGE_PROPERTIES,
    MADE_BY,
    NORMALISATION_OPTIONS,
    TENSOR_AXIS_LABELS,
    TENSOR_VALUE_LABELS,
)
from edge.contracts.types import ColourOrder, Head
from edge.contracts.window_rules import OUTPUTS as SEQUENCE_OUTPUTS
from trainer.export.tables import Byte, Field, Whole, floats, table, texts, vector, wholes

IDENTIFIER = b"M001"
READER = "1.0.0"  # the oldest reader that understands what is written here
_FEATURE, _BOUNDING_BOX = 1, 3  # kinds of content
_RGB, _BOUNDARIES, _RATIO = 1, 1, 0
TOP_LEFT_BOTTOM_RIGHT = (1, 0, 3, 2)  # where left, top, right and bottom stand in ymin, xmin, ymax, xmax
DARKEST, BRIGHTEST = 0, 255


def encode_metadata(manifest: Manifest) -> bytes:
    """The metadata flatbuffer of a model with such a manifest."""
    out = flatbuffers.Builder(1024)
    given = manifest.input
    entry = _picture(out, given) if isinstance(given, PictureInput) else table(out, {0: out.CreateString("values")})
    outputs, groups = _OUTPUTS[manifest.head](out, manifest)
    graph: dict[int, Field] = {2: vector(out, [entry]), 3: vector(out, outputs)}
    if groups:
        graph[8] = vector(out, groups)
    model: dict[int, Field] = {
        0: out.CreateString(manifest.name),
        1: out.CreateString(f"A {manifest.task} {MADE_BY}"),
        2: out.CreateString(manifest.version),
        3: vector(out, [table(out, graph)]),
        7: out.CreateString(READER),
    }
    out.Finish(table(out, model), IDENTIFIER)
    return bytes(out.Output())


def _picture(out: flatbuffers.Builder, given: PictureInput) -> int:
    """The input: colours, and the scaling of a float model, which a quantised one is to carry as well."""
    options = table(out, {0: floats(out, given.mean), 1: floats(out, given.std)})
    unit = table(out, {0: Byte(NORMALISATION_OPTIONS), 1: options})
    image = table(out, {0: Byte(_RGB if given.order is ColourOrder.RGB else 0)})
    low = [(DARKEST - mean) / std for mean, std in zip(given.mean, given.std, strict=True)]
    high = [(BRIGHTEST - mean) / std for mean, std in zip(given.mean, given.std, strict=True)]
    return table(
        out,
        {
            0: out.CreateString("image"),
            1: out.CreateString("The picture to look at, letterboxed from the top left"),
            3: table(out, {0: Byte(IMAGE_PROPERTIES), 1: image}),
            4: vector(out, [unit]),
            5: table(out, {0: floats(out, high), 1: floats(out, low)}),
        },
    )


def _detector(out: flatbuffers.Builder, manifest: Manifest) -> tuple[list[int], list[int]]:
    """Outputs in the order of the file, and the group that makes rows of the first three."""
    row = (2, 2)  # which extents tell detections apart: MediaPipe's convention
    index = wholes(out, TOP_LEFT_BOTTOM_RIGHT)
    boundaries = table(out, {0: index, 1: Byte(_BOUNDARIES), 2: Byte(_RATIO)})
    span = table(out, {0: Whole(row[0]), 1: Whole(row[1])})
    location = table(out, {0: Byte(_BOUNDING_BOX), 1: boundaries, 2: span})
    outputs = [
        _output(out, "location", {3: location}),
        _output(out, "category", {3: _feature(out, row), 6: _labels(out, manifest, TENSOR_VALUE_LABELS)}),
        _output(out, "score", {3: _feature(out, row)}),
        _output(out, "number of detections", {3: _feature(out)}),
    ]
    names = texts(out, ["location", "category", "score"])
    return outputs, [table(out, {0: out.CreateString("detection_result"), 1: names})]


def _classifier(out: flatbuffers.Builder, manifest: Manifest) -> tuple[list[int], list[int]]:
    labels = _labels(out, manifest, TENSOR_AXIS_LABELS)
    return [
        _output(out, "probability", {3: _feature(out), 6: labels}),
        _output(out, "embedding", {3: _feature(out)}),
    ], []


def _embedder(out: flatbuffers.Builder, _manifest: Manifest) -> tuple[list[int], list[int]]:
    return [_output(out, "embedding", {3: _feature(out)})], []


def _sequence(out: flatbuffers.Builder, manifest: Manifest) -> tuple[list[int], list[int]]:
    """Values in, values out: the names of the signature."""
    return [_output(out, name, {3: _feature(out)}) for name in SEQUENCE_OUTPUTS[manifest.head]], []


def _output(out: flatbuffers.Builder, name: str, fields: Mapping[int, Field]) -> int:
    return table(out, {0: out.CreateString(name), **fields})


def _feature(out: flatbuffers.Builder, span: Sequence[int] = ()) -> int:
    fields: dict[int, Field] = {0: Byte(_FEATURE), 1: table(out, {})}
    if span:
        fields[2] = table(out, {0: Whole(span[0]), 1: Whole(span[1])})
    return table(out, fields)


def _labels(out: flatbuffers.Builder, manifest: Manifest, kind: int) -> int:
    """The file of labels that is packed beside the manifest; no files where there are no labels."""
    if not manifest.labels:
        return vector(out, [])
    return vector(out, [table(out, {0: out.CreateString(manifest.labels), 2: Byte(kind)})])


_OUTPUTS: Mapping[Head, Callable[[flatbuffers.Builder, Manifest], tuple[list[int], list[int]]]] = {
    Head.SSD: _detector,
    Head.CLASSIFIER: _classifier,
    Head.EMBEDDING: _embedder,
    Head.TRAJECTORY: _sequence,
    Head.SERIES: _sequence,
    Head.SEQUENCE: _classifier,
    Head.AUTOENCODER: _sequence,
}
