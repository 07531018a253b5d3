"""The table of detector heads: what a model's outputs mean, whatever chip ran it."""

from collections.abc import Callable

from edge.contracts.decode_common import DecodeLimits, Decoder
from edge.contracts.decode_grid import yolox
from edge.contracts.decode_ssd import ssd
from edge.contracts.decode_yolo import yolov5, yolov8
from edge.contracts.errors import ModelError
from edge.contracts.types import Head, ModelBundle

DECODERS: dict[Head, Callable[[ModelBundle, DecodeLimits], Decoder]] = {
    Head.SSD: ssd,
    Head.YOLOX: yolox,
    Head.YOLOV5: yolov5,
    Head.YOLOV8: yolov8,
}


def decoder(bundle: ModelBundle, limits: DecodeLimits) -> Decoder:
    """The function from raw outputs to detections, boxes in fractions of the model's input.

    Raises:
        ModelError: the model finds no boxes, or has no labels to name what it finds.
    """
    if bundle.head not in DECODERS:
        heads = ", ".join(DECODERS)
        raise ModelError(f"{bundle.path} is a {bundle.head}, not a detector ({heads}); name another model file")
    if not any(bundle.labels):
        raise ModelError(f"{bundle.path} has no labels inside; name a label file beside it in the configuration")
    return DECODERS[bundle.head](bundle, limits)
