"""What a Keras detector finds, before it is exported: serving's pre-processing, the network, boxes and suppression."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.boxes import clip, nms
from edge.contracts.preprocess import Placement, Preprocess
from edge.contracts.types import F32, U8, ColourOrder, Detections, InputRecipe, Resize, TensorSpec
from edge.imaging import OpenCv
from trainer.data.dataset import Dataset, Picture
from trainer.detector.architecture import Grid
from trainer.detector.assign import decoded
from trainer.evaluate.running import read_pixels

MEAN = STD = (127.5, 127.5, 127.5)
MIN_SCORE, NMS_IOU, MOST = 0.001, 0.6, 100
CANDIDATES = 300
BATCH = 16


def picture_input(size: int) -> InputRecipe:
    """How every network of the trainer takes its picture: float32 RGB, -1..1, letterboxed from the top left."""
    spec = TensorSpec("picture", (1, size, size, 3), "float32", 0.0, 0)
    return InputRecipe(spec, Resize.LETTERBOX, ColourOrder.RGB, MEAN, STD)


def normalised(pixels: Any) -> Any:
    """Pixels uint8 (…, 3) as the network takes them."""
    return (tf.cast(pixels, tf.float32) - MEAN[0]) / STD[0]


class Finder:
    """Runs a network over labelled pictures.

    Args:
        size: side of the network's picture.
        cells: where its rows lie.
    """

    def __init__(self, size: int, cells: Grid) -> None:
        self._prepare = Preprocess(picture_input(size), OpenCv())
        self._cells = cells

    def find(self, model: Any, dataset: Dataset) -> tuple[Detections, ...]:
        """One for each picture; nothing in one that cannot be read."""
        run = tf.function(lambda pictures: self._outputs(model, pictures), reduce_retracing=True)
        found: list[Detections] = []
        for tensors, placements in self._batches(dataset.pictures):
            boxes, scores = (np.asarray(one) for one in run(tensors))
            rows = zip(boxes, scores, placements, strict=True)
            found.extend(_kept(box, score, placement) for box, score, placement in rows)
        return tuple(found)

    def outputs(self, model: Any, pixels: U8) -> dict[str, F32]:
        """What a post-process has of one picture (h, w, 3) BGR: `boxes` raw, `scores` 0..1."""
        given = model(self._prepare(pixels)[0], training=False)
        return {"boxes": np.asarray(given["boxes"]), "scores": np.asarray(tf.sigmoid(given["logits"]))}

    def _batches(self, pictures: tuple[Picture, ...]) -> Iterator[tuple[F32, list[Placement]]]:
        for start in range(0, len(pictures), BATCH):
            prepared = [self._prepared(picture) for picture in pictures[start : start + BATCH]]
            yield np.concatenate([tensor for tensor, _ in prepared]), [placement for _, placement in prepared]

    def _prepared(self, picture: Picture) -> tuple[F32, Placement]:
        pixels = read_pixels(picture.path)
        if pixels is None:
            pixels = np.zeros((picture.height, picture.width, 3), np.uint8)
        tensor, placement = self._prepare(pixels)
        return tensor.copy(), placement

    def _outputs(self, model: Any, pictures: Any) -> tuple[Any, Any]:
        outputs = model(pictures, training=False)
        raw = tf.cast(outputs["boxes"], tf.float32)
        box = decoded(raw, self._cells.centre, self._cells.stride, self._cells.base)
        return box, tf.sigmoid(tf.cast(outputs["logits"], tf.float32))


def _kept(box: F32, score: F32, placement: Placement) -> Detections:
    """Of boxes (A, 4) and scores (A, C): the best class of each cell, without those that repeat a better one."""
    label = score.argmax(axis=1).astype(np.int64)
    best = score.max(axis=1)
    order = np.argsort(-best, kind="stable")[:CANDIDATES]
    order = order[best[order] >= MIN_SCORE]
    box, best, label = clip(placement.to_frame(box[order])).astype(np.float32), best[order], label[order]
    keep = nms(box, best, label, NMS_IOU)[:MOST]
    return Detections(box[keep], best[keep], label[keep])
