"""Small networks of which it is known what they look at, and pictures for them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.contracts.types import F32, U8
from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402
from keras import layers  # noqa: E402

from trainer.explain.flat import flattened  # noqa: E402
from trainer.explain.geometry import places  # noqa: E402
from trainer.explain.levels import Level, level_named  # noqa: E402
from trainer.explain.pictures import View, view_of  # noqa: E402
from trainer.explain.reach import Reach  # noqa: E402

SIDE = 64


def colour_classifier() -> Any:
    """Sees red with its channel 0 and green with 1, on 8 x 8 places; class 0 is red, 1 is green."""
    picture = keras.Input((SIDE, SIDE, 3))
    x = layers.AveragePooling2D(8)(picture)
    x = layers.Conv2D(2, 1, use_bias=False, name="colours")(x)
    x = layers.ReLU(name="seen")(x)
    embedding = layers.GlobalAveragePooling2D(name="embedding")(x)
    probabilities = layers.Softmax(name="probabilities")(layers.Dense(2, use_bias=False, name="classes")(embedding))
    network = keras.Model(picture, {"probabilities": probabilities, "embedding": embedding}, name="colours")
    network.get_layer("colours").set_weights([np.array([[[[1, -1], [-1, 1], [0, 0]]]], np.float32)])
    network.get_layer("classes").set_weights([np.eye(2, dtype=np.float32) * 9])
    return network


def left_looker() -> Any:
    """One logit: how bright the left half is. What is right of it has no weight."""
    picture = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="first")(picture)
    x = layers.ReLU(name="first_relu")(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="second")(x)
    x = layers.ReLU(name="second_relu")(x)
    logits = layers.Reshape((1, 1))(layers.Dense(1, use_bias=False, name="sum")(layers.Flatten()(x)))
    network = keras.Model(picture, {"logits": logits}, name="left")
    weight = np.zeros((16, 16, 4, 1), np.float32)
    weight[:, :8] = 1
    network.get_layer("sum").set_weights([weight.reshape(-1, 1)])
    for name in ("first", "second"):
        kernel, bias = network.get_layer(name).get_weights()
        network.get_layer(name).set_weights([np.abs(kernel), bias])
    return network


def view(pixels: U8, side: int = SIDE) -> View:
    return view_of(Path("picture.png"), pixels, side)


def painted(*spots: tuple[slice, slice, tuple[int, int, int]], size: tuple[int, int] = (SIDE, SIDE)) -> U8:
    """A black picture (height, width) with spots of BGR colours in it."""
    pixels = np.zeros((*size, 3), np.uint8)
    for rows, columns, colour in spots:
        pixels[rows, columns] = colour
    return pixels


def level_and_reach(network: Any, name: str, side: int = 3) -> tuple[Any, Level, Reach]:
    """The network laid open, one of its maps, and what its units are taken to see."""
    flat = flattened(network)
    level = level_named(flat, name)
    x, y = places(flat, level.before)
    return flat, level, Reach(x.step, (x.first, y.first), side)


def write_pictures(folder: Path, count: int) -> F32:
    """Pictures of one square each, of any size; the boxes of the squares (count, 4) fractions."""
    folder.mkdir(parents=True, exist_ok=True)
    random, boxes = np.random.default_rng(5), np.zeros((count, 4), np.float32)
    for index in range(count):
        width, height = random.integers(60, 120, 2).tolist()
        pixels = random.integers(0, 60, (height, width, 3), dtype=np.uint8)
        x, y = int(random.integers(0, width - 30)), int(random.integers(0, height - 30))
        pixels[y : y + 30, x : x + 30] = random.integers(150, 255, 3) - pixels[y : y + 30, x : x + 30]  # no two alike
        boxes[index] = x / width, y / height, (x + 30) / width, (y + 30) / height
        cv2.imwrite(str(folder / f"{index:03}.png"), pixels)
    return boxes
