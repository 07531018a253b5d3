"""What pre-processing and decoding add to bare OpenCV calls, and what crops find on 1080p."""

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np

from edge.contracts.boxes import clip
from edge.contracts.decode import decoder
from edge.contracts.decode_common import DecodeLimits
from edge.contracts.preprocess import Preprocess
from edge.contracts.types import Detections
from edge.imaging import OpenCv
from tests import paths
from tests.bench.report import parser, show
from tests.rigs.litert import real
from tests.rigs.pictures import picture
from tests.rigs.small_objects import recall, scenes

ROUNDS = 400


def main(argv: list[str]) -> None:
    """Measure, print."""
    paths.DATA = parser("heads", __doc__ or "").parse_args(argv).data
    bare_ms, ours_ms = overhead()
    views = scenes()
    found = {crops: recall(crops, views) for crops in (0, 2, 6)}
    rows: list[list[object]] = [["CPU ms a frame, bare", bare_ms], ["CPU ms a frame, ours", ours_ms]]
    rows += [[f"recall of small objects, {crops} crops", share] for crops, share in found.items()]
    figures = {"bare_ms": bare_ms, "ours_ms": ours_ms, "ratio": ours_ms / bare_ms}
    figures |= {f"recall_{crops}": share for crops, share in found.items()}
    show("heads", ["what", "figure"], rows, figures)


def overhead() -> tuple[float, float]:
    """Median CPU milliseconds per 1280x720 frame around `invoke`: bare calls, and ours with the same tensors."""
    cv2.setNumThreads(1)
    frame = cv2.resize(picture("images", "cats_and_dogs.jpg"), (1280, 720)).astype(np.uint8, copy=False)
    runtime = real("ssd_mobilenet_v1_coco_quant")
    preprocess = Preprocess(runtime.bundle.input, OpenCv())
    decode = decoder(runtime.bundle, DecodeLimits(0.3, 0.6, 100))
    outputs = tuple(part.copy() for part in runtime.invoke(preprocess(frame)[0]))

    def bare() -> None:
        runtime.feed(cv2.cvtColor(cv2.resize(frame, (300, 300)), cv2.COLOR_BGR2RGB)[None])
        runtime.fetch()

    def ours() -> None:
        tensor, placement = preprocess(frame)
        runtime.feed(tensor)
        runtime.fetch()
        found = decode(outputs)
        Detections(clip(placement.to_frame(found.box)), found.score, found.label)

    times = [(cpu_ms(bare), cpu_ms(ours)) for _ in range(ROUNDS)]
    return statistics.median(pair[0] for pair in times), statistics.median(pair[1] for pair in times)


def cpu_ms(work: Callable[[], None]) -> float:
    """CPU milliseconds of this thread."""
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1e3
