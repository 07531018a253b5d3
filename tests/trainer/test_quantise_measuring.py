"""Variants measured side by side; here one file in two roles, which must come out alike."""

import numpy as np
import pytest

from tests.paths import data
from trainer.data.dataset import Dataset, Picture
from trainer.errors import TrainError
from trainer.evaluate.running import read_pixels
from trainer.quantise.measuring import THREADS, latencies, measure
from trainer.quantise.yardsticks import BOXES


def animals() -> Dataset:
    path = data("images", "cats_and_dogs.jpg")
    pixels = read_pixels(path)
    assert pixels is not None
    height, width = pixels.shape[:2]
    box = np.array([[0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0]], np.float32)
    return Dataset(("cat", "dog"), (Picture(path, width, height, box, np.array([0, 1])),))


def test_the_same_file_twice_is_the_same_row_twice() -> None:
    path = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    said: list[str] = []
    plain, other = measure({"float32": path, "int8": path}, animals(), said.append, BOXES, rounds=1)
    assert (plain.variant, other.variant) == ("float32", "int8")
    assert plain.kb == other.kb == path.stat().st_size / 1000
    assert (plain.map50, plain.map) == (other.map50, other.map)
    assert not other.certain
    assert min(plain.ms_1, plain.ms_2, other.ms_1, other.ms_2) > 0
    assert said == ["scoring float32", "scoring int8", "timing"]


def test_each_file_is_timed_with_each_number_of_threads() -> None:
    path = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    took = latencies({"float32": path}, animals(), rounds=2)
    assert set(took) == {("float32", threads) for threads in THREADS}


def test_without_a_picture_there_is_nothing_to_time() -> None:
    path = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    with pytest.raises(TrainError, match="none of 0 pictures"):
        latencies({"float32": path}, Dataset(("cat",), ()), rounds=1)
