"""Crops of the labelled COCO pictures as vectors of a frozen embedding model."""

from dataclasses import dataclass

import cv2
import numpy as np

from edge.classify.samples import crops_of
from edge.classify.settings import ClassifySettings
from edge.contracts.bundle import read_bundle
from edge.contracts.decode_common import output
from edge.contracts.preprocess import Preprocess
from edge.contracts.tensors import real
from edge.contracts.types import F32, I64, U8
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.paths import data
from tests.rigs.coco128 import coco128
from tests.rigs.tracks import tracks

MODEL = "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"


@dataclass(frozen=True, eq=False, slots=True)
class Crops:
    """C crops."""

    vector: F32  # (C, D) as the model gives them, of any length
    label: I64  # (C,)


def coco_crops(split: str, most: int = 128) -> Crops:
    """Every labelled box that the second stage would look at, cut out as it does.

    Args:
        split: `train2017` or `val2017`.
        most: pictures.
    """
    bundle, settings = read_bundle(data("models", MODEL)), ClassifySettings()
    vectors, labels = [], []
    with open_runtime(bundle, RuntimeSettings(threads=1)) as runtime:
        prepare = Preprocess(bundle.input, OpenCv())
        for picture in coco128(split, most).pictures:
            pixels: U8 | None = cv2.imread(str(picture.path))
            assert pixels is not None
            seen = tracks(picture.box.tolist())
            box, usable, _ = crops_of(seen, (picture.width, picture.height), settings)
            for row in np.flatnonzero(usable):
                x1, y1, x2, y2 = box[row].tolist()
                outputs = runtime.invoke(prepare(pixels, (x1, y1, x2, y2))[0])
                vectors.append(real(output(outputs, bundle, 1)[0].reshape(-1), bundle.outputs[0]))
                labels.append(int(picture.label[row]))
    return Crops(np.stack(vectors).astype(np.float32), np.array(labels, np.int64))
