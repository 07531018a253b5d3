"""A trajectory network as it runs on a device: converted, answering in calls of 32 tracks, and timed."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from edge.contracts.track_windows import Answer
from edge.contracts.types import F32
from edge.contracts.windows import TrackWindow

CALLS = 200  # windows that int8 measures its ranges on, in calls of 32
ROUNDS, WARM_UP, CALLS_A_ROUND = 60, 5, 20


def converted(model: Any, calibration: F32 | None) -> bytes:
    """A `.tflite` of built-in operators only; int8 where there are windows to calibrate on, (n, S, F).

    Args:
        model: of a fixed batch.
        calibration: of the training part, or None for float32.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if calibration is not None:
        batch = model.inputs[0].shape[0]
        calls = [calibration[begin : begin + batch] for begin in range(0, batch * CALLS, batch)]
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: ([call] for call in calls if len(call) == batch)
    content: bytes = converter.convert()
    return content


class Exported:
    """A trajectory model on one thread of LiteRT."""

    def __init__(self, content: bytes, window: TrackWindow) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._window = window
        self._in = self._interpreter.get_input_details()[0]["index"]
        self._out = [detail["index"] for detail in self._interpreter.get_output_details()]

    def call(self, x: F32) -> list[Any]:
        """One call of exactly as many tracks as the model takes; the outputs, by rank."""
        self._interpreter.set_tensor(self._in, x)
        self._interpreter.invoke()
        return sorted((self._interpreter.get_tensor(index) for index in self._out), key=lambda part: part.ndim)

    def answer(self, x: F32) -> Answer:
        """To any number of windows, the last call filled up with zeros."""
        tracks, found = self._window.tracks, []
        for begin in range(0, len(x), tracks):
            rows = np.zeros((tracks, *x.shape[1:]), np.float32)
            rows[: len(x[begin : begin + tracks])] = x[begin : begin + tracks]
            found.append(self.call(rows))
        logit, log_sigma, mean = (np.concatenate(part)[: len(x)] for part in zip(*found, strict=True))
        return Answer(logit, mean, log_sigma)


def detector(path: Path) -> Callable[[], None]:
    """A call of a picture detector on one thread."""
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    interpreter.set_tensor(detail["index"], np.full(detail["shape"], 127, detail["dtype"]))
    return interpreter.invoke


def cpu_ms(calls: dict[str, Callable[[], Any]], repeats: dict[str, int]) -> dict[str, float]:
    """Median CPU milliseconds of each call, taken in turns, so that all see the same machine."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(ROUNDS + WARM_UP):
        for name, call in calls.items():
            begin = time.thread_time()
            for _ in range(repeats[name]):
                call()
            if turn >= WARM_UP:
                times[name].append((time.thread_time() - begin) * 1e3 / repeats[name])
    return {name: statistics.median(taken) for name, taken in times.items()}
