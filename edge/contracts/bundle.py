"""Reads a model file: a `.tflite` with its metadata, labels and `foresight.json` packed inside. Runs nothing.

Model files are untrusted. Size is limited, the hash is checked before the bytes are looked at, every offset and
length is checked, and whatever is wrong becomes a `ModelError` that names the file. What cannot be seen by reading,
that the model runs, is for `edge.runtime.canary` to try.
"""

from pathlib import Path

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.head_rules import Clues, class_count, resolve_head
from edge.contracts.input_rules import NO_OVERRIDES, Overrides, resolve_input
from edge.contracts.labels import MAX_BYTES as MAX_LABEL_BYTES
from edge.contracts.labels import fit_labels, parse_labels, read_labels
from edge.contracts.manifest import FILE_NAME, Manifest, parse_manifest
from edge.contracts.manifest import MAX_BYTES as MAX_MANIFEST_BYTES
from edge.contracts.metadata import Metadata, read_metadata
from edge.contracts.model_file import LIMIT_BYTES, check_sha256, naming, read_model_file
from edge.contracts.packed import PackedFiles
from edge.contracts.tflite import Graph, read_graph
from edge.contracts.types import Head, ModelBundle
from edge.contracts.window_rules import check_tensors
from edge.contracts.windows import Window

EDGETPU = "edgetpu-custom-op"


def read_bundle(
    path: Path, *, sha256: str = "", overrides: Overrides = NO_OVERRIDES, limit_bytes: int = LIMIT_BYTES
) -> ModelBundle:
    """Read a model file.

    Args:
        path: the `.tflite` file.
        sha256: its hash in hexadecimal where it is known; checked before anything is parsed.
        overrides: what the configuration says against the file. A float model whose file does not say how pixels
            are scaled needs `mean` and `std`, unless its head has a custom (`input_rules.FLOAT_SCALING`).
        limit_bytes: larger files are refused unread.

    Raises:
        ModelError: it is absent, damaged, not the one that was expected, or of a kind that cannot be used.
    """
    data = read_model_file(path, limit_bytes)
    digest = check_sha256(path, data, sha256)
    with naming(path):
        return _parse(path, data, digest, overrides)


def read_manifest(path: Path, *, limit_bytes: int = LIMIT_BYTES) -> Manifest | None:
    """The `foresight.json` of a model file, None where a stranger made it.

    Raises:
        ModelError: the file is absent, damaged, or its manifest is of an unknown format.
    """
    data = read_model_file(path, limit_bytes)
    with naming(path):
        return _manifest(PackedFiles.find(data))


def _parse(path: Path, data: bytes, digest: str, overrides: Overrides) -> ModelBundle:
    graph = read_graph(data)
    if len(graph.inputs) != 1:
        raise ModelError(f"it has {len(graph.inputs)} inputs; models with one input are served")
    metadata, packed = read_metadata(graph.metadata), PackedFiles.find(data)
    manifest = _manifest(packed)
    if manifest is None and metadata.ours:
        raise MalformedError(f"it is of our trainer and has no {FILE_NAME}: what was packed behind it is cut off")
    labels = _labels(packed, manifest, metadata, overrides)
    head = overrides.head or (manifest.head if manifest else resolve_head(_clues(graph, labels)))
    return ModelBundle(
        path=path,
        sha256=digest,
        size_bytes=len(data),
        name=(manifest.name if manifest else metadata.name) or path.stem,
        version=manifest.version if manifest else metadata.version,
        head=head,
        input=resolve_input(graph.inputs[0], head, manifest, metadata, overrides),
        window=_window(graph, head, manifest),
        outputs=graph.outputs,
        labels=_fitted(labels, class_count(head, graph.outputs), manifest),
        edgetpu=EDGETPU in graph.custom,
        trainable=manifest.trainable if manifest else None,
    )


def _window(graph: Graph, head: Head, manifest: Manifest | None) -> Window | None:
    """What its manifest says that it takes, if that is a sequence; its tensors agree."""
    given = manifest.input if manifest else None
    if not isinstance(given, Window):
        return None
    check_tensors(head, given, graph.inputs[0], graph.outputs)
    return given


def _manifest(packed: PackedFiles) -> Manifest | None:
    return parse_manifest(packed.read(FILE_NAME, MAX_MANIFEST_BYTES)) if FILE_NAME in packed.names else None


def _labels(
    packed: PackedFiles, manifest: Manifest | None, metadata: Metadata, overrides: Overrides
) -> tuple[str, ...]:
    """The configuration's label file, else the manifest's, else the metadata's, else one packed beside them."""
    if overrides.labels is not None:
        return read_labels(overrides.labels)
    guesses = (name for name in packed.names if "label" in name.lower() and name.endswith(".txt"))
    name = manifest.labels if manifest else next(iter((*metadata.label_files, *guesses)), "")
    return parse_labels(packed.read(name, MAX_LABEL_BYTES)) if name else ()


def _fitted(labels: tuple[str, ...], classes: int, manifest: Manifest | None) -> tuple[str, ...]:
    """The labels for so many classes; those that a model may be taught yet have no name."""
    spare = classes - len(labels) if labels and manifest and manifest.trainable else 0
    return fit_labels((*labels, *[""] * spare), classes)


def _clues(graph: Graph, labels: tuple[str, ...]) -> Clues:
    counts = frozenset({len(labels), len([label for label in labels if label])} - {0})
    return Clues(graph.inputs[0], graph.outputs, graph.custom, graph.probabilities, counts)
