"""The side of the benchmark `ondevice` that stands for a device: LiteRT and NumPy, no TensorFlow."""

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psutil

from edge.contracts.bundle import read_bundle
from edge.contracts.trainable import Weights
from edge.contracts.types import F32
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.bench.ondevice_desk import Answer, serve
from tests.bench.ondevice_models import BATCH, EPOCHS, RATE, SAMPLES, batch_of

MIB = 1 << 20
SETTLED = 2000  # steps after which memory is looked at for the first time


class Side:
    """The files of a folder, opened one by one."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._open: dict[str, TrainableRuntime] = {}
        self._rows: dict[str, dict[str, F32]] = {}

    def open(self, name: str) -> Answer:
        """Open a model, and learn a little; what memory that took."""
        with np.load(self._folder / f"{name}.npz") as rows:
            self._rows[name] = {key: rows[key] for key in rows.files}
        bundle = read_bundle(self._folder / f"{name}.tflite")
        before = _rss()
        self._open[name] = self._stack.enter_context(open_trainable(bundle, RuntimeSettings(threads=1)))
        first = self._open[name].weights()
        for number in range(200):
            self._open[name].train(batch_of(self._rows[name], number), RATE)
        self._open[name].set_weights(first)
        return {"rss_added_mb": (_rss() - before) / MIB, "kb": bundle.size_bytes / 1000}

    def equal(self, name: str) -> Answer:
        """How far the first gradient and the losses of 100 steps are off those of Keras."""
        with np.load(self._folder / f"{name}_keras.npz") as told:
            gradient, losses = told["gradient"], told["losses"]
        runtime, rows = self._open[name], self._rows[name]
        first = runtime.weights()
        found = np.array([runtime.train(batch_of(rows, number), RATE) for number in range(100)])
        runtime.set_weights(first)
        off = np.abs(found - losses) / np.maximum(np.abs(losses), 1.0)
        return {
            "gradient": _apart(self._gradient(name, rows), gradient),
            "losses_50": float(off[:50].max()),
            "losses_100": float(off.max()),
        }

    def time(self, name: str, steps: int) -> Answer:
        """CPU milliseconds of a step, the mean of some."""
        batch, runtime = batch_of(self._rows[name], 0), self._open[name]
        begin_s = time.process_time()
        for _ in range(steps):
            runtime.train(batch, RATE)
        return {"ms": 1000 * (time.process_time() - begin_s) / steps}

    def round(self, name: str) -> Answer:
        """CPU seconds of a whole round: all samples, shuffled, some times over."""
        runtime, rows, random = self._open[name], self._rows[name], np.random.default_rng(1)
        first = runtime.weights()
        begin_s = time.process_time()
        for _ in range(EPOCHS):
            order = random.permutation(SAMPLES)
            shuffled = {key: values[order] for key, values in rows.items()}
            for number in range(-(-SAMPLES // BATCH)):
                runtime.train(batch_of(shuffled, number), RATE)
        runtime.weights()
        taken_s = time.process_time() - begin_s
        runtime.set_weights(first)
        return {"round_s": taken_s}

    def soak(self, name: str, steps: int) -> Answer:
        """How much memory grows over so many steps; weights are taken and given now and then, as a learner does."""
        runtime, rows = self._open[name], self._rows[name]
        first, begin = runtime.weights(), 0
        for number in range(steps):
            if number == min(SETTLED, steps // 10):
                begin = _rss()
            if number % 500 == 499:
                runtime.set_weights(Weights(first.weights, runtime.weights().optimizer))
            runtime.train(batch_of(rows, number), RATE)
        return {"growth_mb": (_rss() - begin) / MIB, "tensorflow": "tensorflow" in sys.modules}

    def _gradient(self, name: str, rows: Mapping[str, F32]) -> F32:
        """(N,) of the first step, as descent without clipping leaves it in the optimiser."""
        bundle = read_bundle(self._folder / f"{name}_sgd.tflite")
        with open_trainable(bundle, RuntimeSettings(threads=1)) as runtime:
            runtime.train(batch_of(rows, 0), 1.0)
            return -runtime.weights().optimizer


def _apart(found: F32, wanted: F32) -> float:
    """The largest difference, by the largest of what is wanted."""
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def _rss() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    with ExitStack() as opened:
        side = Side(Path(sys.argv[1]), opened)
        answers = {name: getattr(side, name) for name in ("open", "equal", "time", "round", "soak")}
        serve(answers)
        assert "tensorflow" not in sys.modules, "a device has no TensorFlow"
