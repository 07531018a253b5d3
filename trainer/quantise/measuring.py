"""What the variants of one network cost and reach, on the same pictures and in turns on the same machine."""

import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from edge.contracts.types import ModelBundle
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from trainer.data.dataset import Dataset
from trainer.evaluate.bootstrap import compare_map
from trainer.evaluate.evaluation import Evaluation, evaluate
from trainer.evaluate.running import read_detector, run_model
from trainer.quantise.choosing import FLOAT32, Row

THREADS = (1, 2)
ROUNDS, INVOCATIONS = 5, 8  # in turns, so that a machine that slows down does so for all


def measure(files: Mapping[str, Path], held_out: Dataset) -> list[Row]:
    """One row for each variant.

    Args:
        files: by variant; float32 is among them.
        held_out: labelled pictures that none of them has seen.

    Raises:
        ModelError: one of them cannot be read or run.
    """
    bundles = {name: read_detector(path) for name, path in files.items()}
    scores = {name: _scored(bundle, held_out) for name, bundle in bundles.items()}
    times = [_milliseconds(list(bundles.values()), threads) for threads in THREADS]
    return [
        Row(
            variant=name,
            kb=files[name].stat().st_size / 1000,
            ms_1=times[0][place],
            ms_2=times[1][place],
            map50=score.coco.scores.ap50,
            map=score.coco.scores.ap,
            certain=compare_map(scores[FLOAT32].coco, score.coco).certain,
        )
        for place, (name, score) in enumerate(scores.items())
    ]


def _scored(bundle: ModelBundle, held_out: Dataset) -> Evaluation:
    run = run_model(bundle, held_out)
    return evaluate(run.dataset, run.found)


def _milliseconds(bundles: Sequence[ModelBundle], threads: int) -> list[float]:
    """Medians of one invocation of each, without the preparation of its picture."""
    with ExitStack() as stack:
        runtimes = [stack.enter_context(open_runtime(one, RuntimeSettings(threads=threads))) for one in bundles]
        inputs = [np.zeros(one.input.tensor.shape, one.input.tensor.dtype) for one in bundles]
        took: list[list[float]] = [[] for _ in bundles]
        for _ in range(ROUNDS):
            for runtime, tensor, times in zip(runtimes, inputs, took, strict=True):
                runtime.invoke(tensor)  # the caches are another model's
                for _ in range(INVOCATIONS):
                    begin = time.perf_counter()
                    runtime.invoke(tensor)
                    times.append((time.perf_counter() - begin) * 1000)
    return [statistics.median(times) for times in took]
