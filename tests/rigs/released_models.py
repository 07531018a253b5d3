"""Detectors to be released: well, blind, or failing after so many looks; and a real one under other versions."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from edge.contracts.manifest import Calibration, Manifest, PictureInput, Task, encode_manifest
from edge.contracts.types import F32, ColourOrder, Head, Resize
from tests.rigs.graphs import INT32, File, Graph
from tests.rigs.tflite import archive

Labels = tuple[str, ...]
SIDE, LARGE = 32, 1024
LABELS = ("person", "car")
BOX = (0.3, 0.4, 0.8, 0.6)  # y1, x1, y2, x2


def detector(
    path: Path, version: str = "1", *, score: float = 0.9, looks: int = 0, work: int = 0, labels: Labels = LABELS
) -> Path:
    """A detector that always finds the same, and fails with every look after so many of them (0: never).

    `work`: so many products of large matrices it makes in each look, for nothing.
    """
    file = File()
    graph, first = Graph(file), Graph(file)
    picture = graph.given((1, SIDE, SIDE, 3))
    mean = graph.run("MEAN", [picture, graph.wholes(1, 2, 3)], (1,), keepDims=False)
    nothing = graph.run("MUL", [mean, graph.constant(_row(0.0))], (1,))
    for _ in range(work):
        nothing = _worked(graph, nothing)
    if looks:
        nothing = _counted(graph, nothing, looks)
        first.run("ASSIGN_VARIABLE", [first.variable("looks"), first.constant(_row(0.0))], None)
    found = {
        "detection_boxes": (np.array([[BOX]], np.float32), (1, 1, 4)),
        "detection_classes": (np.zeros((1, 1), np.float32), (1, 1)),
        "detection_scores": (np.full((1, 1), score, np.float32), (1, 1)),
        "num_detections": (_row(1.0), (1,)),
    }
    for name, (values, shape) in found.items():
        number = graph.run("ADD", [graph.constant(values), nothing], shape)
        graph.graph.tensors[number].name = name
        graph.graph.outputs.append(number)
    path.write_bytes(file.encode() + archive(_packed(version, labels)))
    return path


def versioned(source: Path, path: Path, version: str) -> Path:
    """A real model under another version: another file that computes the same."""
    data = source.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        begin = min(entry.header_offset for entry in packed.infolist())
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = {**json.loads(files["foresight.json"]), "version": version}
    path.write_bytes(data[:begin] + archive({**files, "foresight.json": json.dumps(manifest).encode()}))
    return path


def _counted(graph: Graph, nothing: int, looks: int) -> int:
    """As before; it fails where there is no such number in a table."""
    graph.run("CALL_ONCE", [], None, initSubgraphIndex=1)
    before = graph.run("READ_VARIABLE", [graph.variable("looks")], (1,))
    count = graph.run("ADD", [before, graph.constant(_row(1.0))], (1,))
    graph.run("ASSIGN_VARIABLE", [graph.variable("looks"), count], None)
    whole = graph.run("CAST", [count], (1,), INT32, inDataType=0, outDataType=2)
    table = graph.constant(np.zeros(looks + 1, np.float32))
    return graph.run("ADD", [nothing, graph.run("GATHER", [table, whole], (1,))], (1,))


def _worked(graph: Graph, nothing: int) -> int:
    """As before, after much computing."""
    shape = (LARGE, LARGE)
    column = graph.run("ADD", [graph.constant(np.zeros((LARGE, 1), np.float32)), nothing], (LARGE, 1))
    full = graph.run("ADD", [column, graph.constant(np.zeros((1, LARGE), np.float32))], shape)
    product = graph.run("BATCH_MATMUL", [full, full], shape)
    return graph.run("MEAN", [product, graph.wholes(0, 1)], (1,), keepDims=False)


def _row(value: float) -> F32:
    return np.full(1, value, np.float32)


def _packed(version: str, labels: Labels) -> dict[str, bytes]:
    manifest = Manifest(
        task=Task.DETECTOR,
        head=Head.SSD,
        name="made",
        version=version,
        labels="labels.txt",
        input=PictureInput(Resize.STRETCH, ColourOrder.RGB, (127.5,) * 3, (127.5,) * 3),
        metrics={},
        quantisation="none",
        calibration=Calibration("", 0),
        recipe="made for a test",
        revision="",
    )
    return {"labels.txt": "\n".join(labels).encode(), "foresight.json": encode_manifest(manifest)}
