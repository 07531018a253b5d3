"""`--trainable`: the same commands, the same gate, and a file that goes on learning where it runs."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.manifest import Calibration
from edge.contracts.trainable import Optimizer, Trainable
from edge.runtime.canary import try_model
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable
from tests.rigs.series import START_NS, wave
from tests.trainer.classes import coloured
from tests.trainer.tensor import tensorflow

tensorflow()

from trainer.__main__ import app  # noqa: E402
from trainer.classifier.making import make_classifier  # noqa: E402
from trainer.detector.making import Wish  # noqa: E402
from trainer.detector.training import Run  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.export.variant import Variant  # noqa: E402
from trainer.releasing.terms import Terms, learning  # noqa: E402
from trainer.series.making import SeriesWish, make_forecaster  # noqa: E402
from trainer.series.releasing import SeriesTerms  # noqa: E402
from trainer.trainable.settings import BACKBONES, FLOATS, TrainableSettings  # noqa: E402
from trainer.training.number import Precision  # noqa: E402

PATIENT = RuntimeSettings(threads=1, trial_deadline_s=300)
LOST = "it is small on purpose"


def table(path: Path, rows: int) -> Path:
    values = wave(rows, 40, 0.1).tolist()
    path.write_text(
        "\n".join(["time,level", *(f"{START_NS // 10**9 + at},{value:.5f}" for at, value in enumerate(values)), ""])
    )
    return path


def test_a_series_model_goes_on_learning(tmp_path: Path) -> None:
    options: dict[str, str | int | float] = {
        "network.samples": 16,
        "network.segment": 4,
        "network.units": 8,
        "training.steps": 100,
        "training.rate": 0.005,
        "step_s": 1.0,
    }
    make_forecaster(
        SeriesWish(table(tmp_path / "tank.csv", 800), "", (), (1.0, 4.0), None, options, ["test"]),
        Run(tmp_path / "run", "tank", 1, Precision.FLOAT32, 0),
        SeriesTerms(tmp_path / "tank.tflite", None, 2.0, LOST, TrainableSettings(batch=16)),
        Console(quiet=True),
    )
    bundle, manifest = read_bundle(tmp_path / "tank.tflite"), read_manifest(tmp_path / "tank.tflite")
    assert manifest is not None
    count = manifest.trainable.weights if manifest.trainable else 0
    assert manifest.trainable == bundle.trainable == Trainable(16, count, Optimizer.ADAM, 2 * count + 1, 1e-3)
    assert manifest.quantisation == "none"
    assert manifest.metrics["held_out"]["mse"] < manifest.metrics["held_out"]["mse_persistence"]
    try_model(bundle, PATIENT, tmp_path / "state")
    random = np.random.default_rng(1)
    batch = {
        "window": random.normal(size=(16, 16, 1)),
        "future": np.full((16, 2, 1), 3.0),
        "known": np.ones((16, 2, 1)),
    }
    with open_trainable(bundle, PATIENT) as runtime:
        floats = {name: values.astype(np.float32) for name, values in batch.items()}
        losses = [runtime.train(floats, 0.01) for _ in range(50)]
    assert losses[-1] < 0.5 * losses[0]


def test_a_classifier_goes_on_learning_on_a_backbone_of_int8(tmp_path: Path) -> None:
    coloured(tmp_path / "data" / "train", 36)
    coloured(tmp_path / "data" / "val", 30, seed=5)
    options: dict[str, str | int | float] = {
        "weights": "none",
        "network.input_px": 32,
        "network.backbone": "mobilenet_v1",
        "network.width": 0.25,
        "network.embedding": 16,
        "training.steps": 60,
        "training.batch": 8,
        "training.rate": 0.01,
        "training.averaging": 0.5,
    }
    terms = Terms(tmp_path / "colours.tflite", None, 50.0, LOST, 1, "colours", TrainableSettings(spare=2))
    wish = Wish(tmp_path / "data", None, options, ["test"])
    make_classifier(wish, Run(tmp_path / "run", "colours", 1, Precision.FLOAT32, 0), terms, Console(quiet=True))
    bundle, manifest = read_bundle(tmp_path / "colours.tflite"), read_manifest(tmp_path / "colours.tflite")
    assert manifest is not None
    assert bundle.labels == ("blue", "green", "red", "", "")
    assert bundle.trainable == Trainable(32, 16 * 5 + 5, Optimizer.ADAM, 2 * 85 + 1, 1e-3)
    assert (manifest.quantisation, manifest.calibration) == ("int8", Calibration("train", manifest.calibration.samples))
    assert manifest.calibration.samples >= 24
    assert "accuracy" in manifest.metrics["gate"]
    assert [(one.name, one.shape) for one in bundle.outputs] == [("probabilities", (1, 5)), ("embedding", (1, 16))]
    try_model(bundle, PATIENT, tmp_path / "state")


@pytest.mark.parametrize(
    ("wanted", "kind", "of", "found"),
    [
        (False, "int8", FLOATS, None),
        (True, "best", FLOATS, TrainableSettings()),
        (True, "float32", FLOATS, TrainableSettings()),
        (True, "int8", BACKBONES, TrainableSettings()),
    ],
)
def test_what_learns_is_written_in_few_ways(
    wanted: bool, kind: str, of: tuple[Variant, ...], found: TrainableSettings | None
) -> None:
    assert learning(wanted, kind, of, TrainableSettings()) == found


@pytest.mark.parametrize(
    "command",
    [
        ["forecaster", "--data", "street", "--variant", "int8"],
        ["series", "forecast", "--data", "none.csv", "--variant", "dynamic"],
        ["series", "autoencode", "--data", "none.csv", "--variant", "float16"],
        ["classifier", "--data", "none", "--variant", "float16"],
    ],
)
def test_other_ways_are_refused_before_anything_is_read(tmp_path: Path, command: list[str]) -> None:
    out = str(tmp_path / "m.tflite")
    with pytest.raises(TrainError, match=r"--trainable writes .*float32, and --variant .* was asked for"):
        CliRunner().invoke(app, [*command, "--trainable", "--out", out], catch_exceptions=False)
