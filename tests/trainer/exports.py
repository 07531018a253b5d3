"""Small things to export: made-up models without TensorFlow, and manifests."""

from typing import Any

from edge.contracts.manifest import Calibration, Manifest, Task
from edge.contracts.types import Head
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
