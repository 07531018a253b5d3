"""A tiny detector with random weights that finds much, kept on disk as training leaves it. Needs TensorFlow."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.contracts.manifest import Task
from trainer.detector.architecture import Architecture
from trainer.detector.network import detector
from trainer.networks import save_network
from trainer.trained import Trained

SMALL = Architecture(classes=3, input_px=64, backbone="mobilenet_v1", width=0.25, channels=16)  # few operators
LABELS = ("person", "car", "dog")


def tiny_detector(folder: Path) -> tuple[Any, Trained]:
    """The Keras model and where it lies; its heads are drawn so that boxes and scores differ from cell to cell."""
    keras.utils.set_random_seed(5)
    model, random = detector(SMALL), np.random.default_rng(5)
    _settle(model, random)
    for layer in model.layers:
        spread = {"box": 0.15, "class": 0.8}.get(layer.name.split("_")[0]) if layer.name.endswith("_out") else None
        if spread:
            kernel, bias = layer.get_weights()
            layer.set_weights([random.normal(0, spread, kernel.shape), np.zeros_like(bias)])
    trained = Trained(folder, Task.DETECTOR, "tiny", LABELS, SMALL.input_px, fake_quantised=False)
    save_network(model, trained)
    return model, trained


def _settle(model: Any, random: np.random.Generator) -> None:
    """Give every normalisation the statistics of noise; at first they make nothing of most of what they are given."""
    layers = [*model.layers, *model.get_layer("backbone").layers]
    for layer in (one for one in layers if isinstance(one, keras.layers.BatchNormalization)):
        layer.momentum = 0.0
    model(random.uniform(-1, 1, (8, SMALL.input_px, SMALL.input_px, 3)).astype(np.float32), training=True)
