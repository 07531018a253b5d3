from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.limits import read_limit
from edge.contracts.manifest import Task
from tests.trainer.tensor import tensorflow
from trainer.autoencoder.evaluating import errors_of
from trainer.autoencoder.judging import Errors, judge_autoencoder, plain_errors
from trainer.autoencoder.settings import AutoencoderRecipe
from trainer.autoencoder.threshold import Threshold
from trainer.errors import TrainError
from trainer.series.windows import Windows

tensorflow()
from trainer.autoencoder.making import make_autoencoder  # noqa: E402
from trainer.detector.training import Run  # noqa: E402
from trainer.export.variant import Variant  # noqa: E402
from trainer.series.making import SeriesWish  # noqa: E402
from trainer.series.releasing import SeriesTerms  # noqa: E402
from trainer.trainable.settings import TrainableSettings  # noqa: E402
from trainer.training.number import Precision  # noqa: E402


def table(path: Path, rows: int, *, odd_from: int = -1, seed: int = 2) -> Path:
    at, chance = np.arange(rows), np.random.default_rng(seed)
    shape = np.where((at >= odd_from) & (odd_from > 0), np.sign(np.sin(at * 1.7)), np.sin(at / 5))
    values = np.stack([shape, np.cos(at / 5)], axis=1) + 0.05 * chance.normal(size=(rows, 2))
    lines = [f"{60 * index},{a:.4f},{b:.4f}" for index, (a, b) in enumerate(values.tolist())]
    path.write_text("\n".join(["time,a,b", *lines, ""]))
    return path


def made(data: Path, folder: Path, kind: str) -> None:
    options: dict[str, str | int | float] = {
        "network.samples": 16,
        "network.embedding": 4,
        "network.units": 16,
        "network.kind": kind,
        "network.segment": 4,
        "training.steps": 120,
        "training.rate": 0.01,
        "quantile": 0.98,
    }
    make_autoencoder(
        SeriesWish(data, "", (), (), None, options, ["test"]),
        Run(folder / "run", "motor", 1, Precision.FLOAT32, 0),
        SeriesTerms(folder / "model.tflite", Variant.FLOAT32, 2.0, "", LEARNING[kind]),
        Console(quiet=True),
    )


LEARNING = {"dense": None, "recurrent": TrainableSettings()}  # what the file does, ordinary or going on learning


@pytest.mark.parametrize("kind", ["dense", "recurrent"])
def test_readings_become_a_file_that_knows_the_ordinary(tmp_path: Path, kind: str) -> None:
    made(table(tmp_path / "usual.csv", 1000), tmp_path, kind)
    manifest = read_manifest(tmp_path / "model.tflite")
    assert manifest is not None
    assert manifest.task is Task.AUTOENCODER
    assert (manifest.trainable is None) == (kind == "dense")
    figures = manifest.metrics["held_out"]
    assert figures["mse"] < 0.5 * figures["mse_mean"]
    assert figures["alarms"] <= 0.06
    told = read_limit(read_bundle(tmp_path / "model.tflite"))  # as the device does
    assert (told.error, told.quantile) == (figures["threshold"], 0.98)
    fresh, _ = errors_of(tmp_path / "model.tflite", table(tmp_path / "fresh.csv", 6000, seed=3), None)
    assert 0.001 < (fresh.held_out > figures["threshold"]).mean() < 0.04  # 0.02 is promised
    found, threshold = errors_of(tmp_path / "model.tflite", table(tmp_path / "odd.csv", 600, odd_from=400), None)
    assert threshold == figures["threshold"]
    assert (found.held_out[:380] > threshold).mean() < 0.06
    assert (found.held_out[420:] > threshold).mean() > 0.9


@pytest.mark.parametrize(
    ("held_out", "network", "failed"),
    [
        (1.0, 1.0, []),
        (1.1, 1.0, ["accuracy kept"]),
        (3.0, 3.0, ["better than the mean", "few alarms"]),
    ],
)
def test_the_gate_tells_what_is_wrong(held_out: float, network: float, failed: list[str]) -> None:
    ones = np.ones(200)
    found = Errors(ones * 1.2, held_out * ones, network * ones, 3.1 * ones)
    judged = judge_autoencoder(Path("a.tflite"), found, Threshold(1.2, 0.99, 40.0, widened=False), 12, 2.0)
    assert [check.question for check in judged.failed] == failed
    assert judged.figures["threshold"] == 1.2


def test_a_threshold_of_hardly_any_windows_is_no_threshold() -> None:
    ones = np.ones(200)
    threshold = Threshold(1.2, 0.99, 4.9, widened=True)
    judged = judge_autoencoder(Path("a.tflite"), Errors(ones, ones, ones, 3.1 * ones), threshold, 12, 2.0)
    assert [check.question for check in judged.failed] == ["threshold known"]
    assert judged.forgivable


def test_rows_by_themselves_are_compared_with_the_training_mean() -> None:
    values = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    windows = Windows(values, np.ones((2, 2), np.bool_), 1, np.zeros(0, np.int64))
    assert plain_errors(windows, np.array([0, 1])).tolist() == [12.5, 0.0]


def test_a_recurrent_one_needs_whole_segments() -> None:
    with pytest.raises(ValueError, match="multiple of segment"):
        AutoencoderRecipe.model_validate({"network": {"kind": "recurrent", "samples": 15, "segment": 2}})


def test_a_part_that_readings_do_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="last fifth"):
        errors_of(tmp_path / "model.tflite", tmp_path, "val")
