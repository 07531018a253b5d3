"""Size, speed and accuracy of the variants of one classifier, run as the daemon runs them."""

from collections.abc import Mapping
from pathlib import Path

from trainer.data.dataset import Dataset
from trainer.evaluate.bootstrap import compare_shares
from trainer.evaluate.classification import Classification, classify
from trainer.evaluate.running import read_detector, run_model
from trainer.quantise.choosing import FLOAT32, Row
from trainer.quantise.measuring import ROUNDS, Told, latencies

MEASURE = "accuracy"
NAMES = ("balanced accuracy", "accuracy")  # of what a row holds in the place of mAP50 and mAP


def measure(files: Mapping[str, Path], dataset: Dataset, told: Told, *, rounds: int = ROUNDS) -> list[Row]:
    """A row for each file, in their order; see `trainer.quantise.measuring.measure`.

    Raises:
        ModelError: a file cannot be run.
        TrainError: no picture can be read.
    """
    results: dict[str, Classification] = {}
    for name, path in files.items():
        told(f"scoring {name}")
        run = run_model(read_detector(path), dataset)
        results[name] = classify(run.dataset, run.found)
    told("timing")
    took = latencies(files, dataset, rounds)
    plain = results[FLOAT32].right
    return [
        Row(
            variant=name,
            kb=path.stat().st_size / 1000,
            ms_1=took[name, 1],
            ms_2=took[name, 2],
            map50=results[name].balanced,
            map=results[name].accuracy,
            certain=name != FLOAT32 and compare_shares(plain, results[name].right).certain,
        )
        for name, path in files.items()
    ]
