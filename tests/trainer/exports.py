"""Small things to export: made-up models without TensorFlow, and manifests."""

import math
from typing import Any

from edge.contracts.manifest import Calibration, Manifest, Task
from edge.contracts.types import Head
from tests.rigs.graphs import File, Graph
from tests.rigs.tflite import Net, Port
from trainer.export.postprocess import OPERATOR, OUTPUTS
from trainer.export.scaling import PICTURE

ROWS = 10
# A file as the converter leaves it, but for its one operator, which nothing runs.
DETECTOR = Net(
    inputs=(Port((1, 64, 64, 3), name="picture"),),
    outputs=tuple(Port(shape, name=f"t{row}") for row, shape in enumerate([(1, ROWS, 4), (1, ROWS), (1, ROWS), (1,)])),
    custom=OPERATOR,
    signature=OUTPUTS,
)


def runnable_detector() -> bytes:
    """A file with the same tensors that runs: its outputs are pieces of the picture."""
    file = File()
    graph = Graph(file)
    picture = graph.given((1, 64, 64, 3))
    flat = graph.run("RESHAPE", [picture, graph.wholes(64 * 64 * 3)], (64 * 64 * 3,))
    outputs = {}
    for name, port in zip(OUTPUTS, DETECTOR.outputs, strict=True):
        size = math.prod(port.shape)
        piece = graph.run("SLICE", [flat, graph.wholes(0), graph.wholes(size)], (size,))
        outputs[name] = graph.run("RESHAPE", [piece, graph.wholes(*port.shape)], port.shape)
    graph.signed("serving_default", {"picture": picture}, outputs)
    return file.encode()


def manifest(**changed: Any) -> Manifest:
    told = {
        "task": Task.DETECTOR,
        "head": Head.SSD,
        "name": "made",
        "version": "1",
        "labels": "",
        "input": PICTURE,
        "metrics": {},
        "quantisation": "none",
        "calibration": Calibration("", 0),
        "recipe": "",
        "revision": "",
    }
    return Manifest(**{**told, **changed})
