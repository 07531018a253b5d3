"""Size, speed and accuracy of the variants of one network, run as the daemon runs them."""

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from edge.contracts.preprocess import Preprocess
from edge.imaging import OpenCv
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from trainer.data.dataset import Dataset
from trainer.errors import TrainError
from trainer.evaluate.running import read_detector, read_pixels, run_model
from trainer.quantise.choosing import FLOAT32, Row
from trainer.quantise.yardsticks import R, Yardstick

THREADS = (1, 2)
ROUNDS, IN_TURN, WARM_UP = 30, 5, 3  # in each round, each file runs so often one after the other
Told = Callable[[str], None]


def measure(
    files: Mapping[str, Path], dataset: Dataset, told: Told, yardstick: Yardstick[R], *, rounds: int = ROUNDS
) -> list[Row]:
    """A row for each file, in their order.

    Args:
        files: by variant; float32, which the others are compared with, among them.
        dataset: pictures that were held out.
        told: what is done, in words, now and then.
        yardstick: what is measured.
        rounds: turns of each file for the clock.

    Raises:
        ModelError: a file cannot be run.
        TrainError: no picture can be read.
    """
    results: dict[str, R] = {}
    for name, path in files.items():
        told(f"scoring {name}")
        results[name] = yardstick.score(run_model(read_detector(path), dataset))
    told("timing")
    took = latencies(files, dataset, rounds)
    return [
        Row(
            name,
            path.stat().st_size / 1000,
            took[name, 1],
            took[name, 2],
            *yardstick.figures(results[name]),
            certain=name != FLOAT32 and yardstick.certain(results[FLOAT32], results[name]),
        )
        for name, path in files.items()
    ]


def latencies(files: Mapping[str, Path], dataset: Dataset, rounds: int) -> dict[tuple[str, int], float]:
    """Median milliseconds of the model alone, by file and threads.

    All are open together and take turns, so that whatever else the machine does falls on all of them alike.
    """
    pixels = next((one for one in (read_pixels(picture.path) for picture in dataset.pictures) if one is not None), None)
    if pixels is None:
        raise TrainError(f"none of {len(dataset)} pictures can be read; name pictures that were held out")
    clocks: dict[tuple[str, int], list[float]] = {}
    with ExitStack() as stack:
        runs = []
        for name, path in files.items():
            bundle = read_detector(path)
            tensor = Preprocess(bundle.input, OpenCv())(pixels)[0].copy()
            for threads in THREADS:
                runtime = stack.enter_context(open_runtime(bundle, RuntimeSettings(threads=threads)))
                for _ in range(WARM_UP):
                    runtime.invoke(tensor)
                runs.append((runtime, tensor, clocks.setdefault((name, threads), [])))
        for _ in range(rounds):
            for runtime, tensor, clock in runs:
                for _ in range(IN_TURN):
                    begin = time.perf_counter()
                    runtime.invoke(tensor)
                    clock.append((time.perf_counter() - begin) * 1000)
    return {key: statistics.median(clock) for key, clock in clocks.items()}
