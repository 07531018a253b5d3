"""Embedders of a small picture: sound ones, and such as crash, never end, eat memory, or answer with no numbers."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from edge.contracts.golden import FILE_NAME as GOLDEN
from edge.contracts.manifest import Calibration, Manifest, PictureInput, Task
from edge.contracts.types import ColourOrder, Head, Resize
from tests.rigs.graphs import File, Graph
from tests.rigs.tflite import Net, Port
from trainer.export.bundle import pack
from trainer.export.golden import with_golden
from trainer.export.packing import append_files

SIDE, NUMBERS = 8, 16
PICTURE = (1, SIDE, SIDE, 3)
VALUES = SIDE * SIDE * 3
BOOL = 6
SQUEEZE = 43
GREY = PictureInput(Resize.STRETCH, ColourOrder.RGB, (127.5, 127.5, 127.5), (127.5, 127.5, 127.5))


def manifest(task: Task = Task.EMBEDDER, head: Head = Head.EMBEDDING) -> Manifest:
    return Manifest(task, head, "look", "1", "", GREY, {}, "none", Calibration("", 0), "by hand", "none")


def network(seed: int) -> bytes:
    """A picture to 16 numbers."""
    file = File()
    graph = Graph(file)
    picture = graph.given(PICTURE)
    flat = graph.run("RESHAPE", [picture, graph.wholes(1, VALUES)], (1, VALUES))
    weights = np.random.default_rng(seed).normal(0, 0.1, (VALUES, NUMBERS)).astype(np.float32)
    mixed = graph.run("BATCH_MATMUL", [flat, graph.constant(weights)], (1, NUMBERS))
    return _signed(graph, picture, graph.run("TANH", [mixed], (1, NUMBERS)))


def embedder(seed: int) -> bytes:
    """A whole bundle, as the trainer packs it, with its golden sample."""
    return with_golden(pack(network(seed), manifest(), ()))


def crashing(_seed: int) -> bytes:
    """It takes the library along when it is loaded."""
    ports = (Port(PICTURE, name="picture"),), (Port((1, NUMBERS), name="embedding"),)
    return Net(*ports, operator=SQUEEZE, operands=(-1,), signature=("embedding",)).encode()


def looping(_seed: int) -> bytes:
    """A loop whose condition holds for ever."""
    file = File()
    graph, condition, body = Graph(file), Graph(file), Graph(file)
    picture = graph.given(PICTURE)
    flat = graph.run("RESHAPE", [picture, graph.wholes(1, VALUES)], (1, VALUES))
    first = graph.run("SLICE", [flat, graph.wholes(0, 0), graph.wholes(1, NUMBERS)], (1, NUMBERS))
    condition.given((1, NUMBERS))
    one, two = (condition.constant(np.full(1, value, np.float32)) for value in (1, 2))
    condition.graph.outputs = [condition.run("LESS", [one, two], (1,), BOOL)]
    body.graph.outputs = [body.run("ABS", [body.given((1, NUMBERS))], (1, NUMBERS))]
    subgraphs = {"condSubgraphIndex": 1, "bodySubgraphIndex": 2}
    return _signed(graph, picture, graph.run("WHILE", [first], (1, NUMBERS), **subgraphs))


def slow(seed: int) -> bytes:
    """Hours of multiplications."""
    side = 1500 + seed % 500
    file = File()
    graph = Graph(file)
    picture = graph.given(PICTURE)
    flat = graph.run("RESHAPE", [picture, graph.wholes(1, VALUES)], (1, VALUES))
    first = graph.run("SLICE", [flat, graph.wholes(0, 0), graph.wholes(1, 1)], (1, 1))
    square = graph.run("TILE", [first, graph.wholes(side, side)], (side, side))
    made = square
    for _ in range(5000):
        made = graph.run("BATCH_MATMUL", [made, square], (side, side))
    return _signed(graph, picture, graph.run("SLICE", [made, graph.wholes(0, 0), graph.wholes(1, 16)], (1, 16)))


def hungry(seed: int) -> bytes:
    """Tensors of more memory than a trial has."""
    rows = (2 + seed % 6) << 21  # of 16 numbers: from 256 MiB on, eight times
    file = File()
    graph = Graph(file)
    picture = graph.given(PICTURE)
    flat = graph.run("RESHAPE", [picture, graph.wholes(1, VALUES)], (1, VALUES))
    first = graph.run("SLICE", [flat, graph.wholes(0, 0), graph.wholes(1, NUMBERS)], (1, NUMBERS))
    large = [graph.run("TILE", [first, graph.wholes(rows, 1)], (rows, NUMBERS)) for _ in range(8)]
    total = large[0]
    for other in large[1:]:
        total = graph.run("ADD", [total, other], (rows, NUMBERS))
    begin, size = graph.wholes(0, 0), graph.wholes(1, NUMBERS)
    return _signed(graph, picture, graph.run("SLICE", [total, begin, size], (1, NUMBERS)))


def numberless(_seed: int) -> bytes:
    """The logarithm of what is below zero."""
    file = File()
    graph = Graph(file)
    picture = graph.given(PICTURE)
    flat = graph.run("RESHAPE", [picture, graph.wholes(1, VALUES)], (1, VALUES))
    first = graph.run("SLICE", [flat, graph.wholes(0, 0), graph.wholes(1, NUMBERS)], (1, NUMBERS))
    below = graph.run("SUB", [first, graph.constant(np.full((1, NUMBERS), 5, np.float32))], (1, NUMBERS))
    return _signed(graph, picture, graph.run("LOG", [below], (1, NUMBERS)))


def foreign(_seed: int) -> bytes:
    """An operator that no library has."""
    ports = (Port(PICTURE, name="picture"),), (Port((1, NUMBERS), name="embedding"),)
    return Net(*ports, custom="TFLite_Of_Somebody", signature=("embedding",)).encode()


def bundled(network: bytes, golden: bytes = b"", more: Mapping[str, bytes] | None = None) -> bytes:
    """A network as an attacker packs it who holds a key: with a golden sample that names it."""
    bare = pack(network, manifest(), ())
    return with_files(bare, {**({GOLDEN: golden} if golden else {}), **(more or {})})


def with_files(bundle: bytes, files: Mapping[str, bytes]) -> bytes:
    """The same bundle with other files packed; its golden sample is made to name its network."""
    bare, old = taken_apart(bundle)
    packed = {**old, **files}
    if GOLDEN in packed:
        packed[GOLDEN] = renamed(packed[GOLDEN], bare)
    return append_files(bare, packed)


def renamed(golden: bytes, bare: bytes) -> bytes:
    """A golden sample that says to be of this network."""
    at = golden.find(b'"model_sha256": "') + len(b'"model_sha256": "')
    return golden[:at] + hashlib.sha256(bare).hexdigest().encode() + golden[at + 64 :]


def taken_apart(bundle: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The network with its metadata, and the packed files."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        start = min(entry.header_offset for entry in archive.infolist())
        return bundle[:start], {name: archive.read(name) for name in archive.namelist()}


def _signed(graph: Any, picture: int, embedding: int) -> bytes:
    graph.signed("serving_default", {"picture": picture}, {"embedding": embedding})
    encoded: bytes = graph.file.encode()
    return encoded
