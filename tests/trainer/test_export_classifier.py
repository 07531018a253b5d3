"""A classifier, exported: probabilities first, embedding second, both in bytes."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.decode_scores import class_scores
from edge.contracts.manifest import Task
from edge.contracts.preprocess import Preprocess
from edge.contracts.types import Head
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.trainer.tensor import tensorflow

tf = tensorflow()

from trainer.export.convert import convert  # noqa: E402
from trainer.export.operators import report_operators  # noqa: E402
from trainer.export.variant import Variant  # noqa: E402
from trainer.networks import save_network  # noqa: E402
from trainer.trained import Trained  # noqa: E402

LABELS = ("dark", "bright", "odd")


def test_a_classifier_in_bytes(tmp_path: Path) -> None:
    layers = tf.keras.layers
    given = tf.keras.Input((32, 32, 3), name="picture")
    seen = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, strides=2, activation="relu")(given))
    model = tf.keras.Model(given, {"embedding": seen, "probabilities": layers.Dense(3, activation="softmax")(seen)})
    trained = Trained(tmp_path / "run", Task.CLASSIFIER, "light", LABELS, 32, fake_quantised=False)
    save_network(model, trained)
    pictures = [tmp_path / f"{number}.png" for number in range(16)]
    for path in pictures:
        cv2.imwrite(str(path), np.random.default_rng(int(path.stem)).integers(0, 256, (32, 32, 3)).astype(np.uint8))
    out = tmp_path / "light.tflite"
    convert(trained, Variant.INT8, pictures, out, timeout_s=900)
    bundle = read_bundle(out)
    assert (bundle.head, bundle.labels) == (Head.CLASSIFIER, LABELS)
    assert [(spec.name, spec.shape, spec.dtype) for spec in bundle.outputs] == [
        ("probabilities", (1, 3), "uint8"),
        ("embedding", (1, 8), "uint8"),
    ]
    assert report_operators(out.read_bytes()).floats == ()
    pixels = np.random.default_rng(3).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    with open_runtime(bundle, RuntimeSettings(threads=1)) as runtime:
        scores = class_scores(runtime.invoke(Preprocess(bundle.input, OpenCv())(pixels)[0]), bundle)
    true = model((pixels[None, ..., ::-1].astype(np.float32) - 127.5) / 127.5)["probabilities"][0]
    assert scores == pytest.approx(np.asarray(true), abs=0.03)
