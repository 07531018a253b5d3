import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.errors import ConfigError
from edge.contracts.manifest import Task
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from edge.series.forecaster import SeriesForecaster
from edge.series.settings import SeriesSettings
from tests.paths import REPOSITORY
from tests.rigs.series import START_NS, errors, fed, wave
from tests.rigs.series_daemon import told_of
from tests.trainer.tensor import tensorflow
from trainer.errors import TrainError
from trainer.evaluate.dispatch import Asked, evaluate_any
from trainer.series.checks import Check, Judged

tensorflow()
from trainer.detector.training import Run  # noqa: E402
from trainer.export.variant import Variant  # noqa: E402
from trainer.series.making import SeriesWish, make_forecaster  # noqa: E402
from trainer.series.releasing import SeriesTerms, release_series  # noqa: E402
from trainer.training.number import Precision  # noqa: E402

OPTIONS: dict[str, str | int | float] = {
    "network.samples": 32,
    "network.segment": 4,
    "network.units": 8,
    "training.steps": 150,
    "training.rate": 0.005,
    "step_s": 1.0,
}


def table(path: Path, rows: int) -> Path:
    values = wave(rows, 40, 0.1).tolist()
    lines = [f"{START_NS // 10**9 + index},{value:.5f}" for index, value in enumerate(values)]
    path.write_text("\n".join(["time,level", *lines, ""]))
    return path


def made(data: Path, folder: Path) -> None:
    make_forecaster(
        SeriesWish(data, "", (), (1.0, 4.0, 12.0), None, OPTIONS, ["test"]),
        Run(folder / "run", "tank", 1, Precision.FLOAT32, 0),
        SeriesTerms(folder / "model.tflite", Variant.FLOAT32, 2.0, ""),
        Console(quiet=True),
    )


@pytest.fixture(scope="module")
def tank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tank")
    made(table(folder / "tank.csv", 1200), folder)
    return folder


def test_a_table_becomes_a_file_that_proved_itself(tank: Path) -> None:
    manifest = read_manifest(tank / "model.tflite")
    assert manifest is not None
    assert manifest.task is Task.SERIES
    figures = manifest.metrics["held_out"]
    assert figures["mse"] < 0.1 * figures["mse_persistence"]
    assert figures["mse"] == pytest.approx(figures["mse_network"], rel=1e-3)
    assert 0.55 < figures["coverage"] < 0.8
    assert manifest.accepted_loss == ""
    assert "accepted" in (tank / "run" / "report.html").read_text()
    assert (tank / "run" / "report_plots" / "bands_0.png").stat().st_size > 1000


def test_the_device_learns_on_top_of_the_file_and_follows_where_the_file_does_not(tank: Path) -> None:
    values = np.concatenate([wave(300, 40, 0.1), wave(900, 23, 0.1) + 8])
    with open_runtime(read_bundle(tank / "model.tflite"), RuntimeSettings(threads=1)) as runtime:
        runs = [
            fed(SeriesForecaster(SeriesSettings(horizons_s=(4.0, 9.0), learn=learn), runtime), values)
            for learn in (False, True)
        ]
        kept = SeriesForecaster(SeriesSettings(), runtime)
        fed(kept, values[:100])
        other = SeriesForecaster(SeriesSettings(), runtime)
        other.restore(kept.state())
        assert fed(kept, values[100:150], 100) == fed(other, values[100:150], 100)
    frozen, learning = (np.sqrt((errors(said[700:], values[700:], 4, 0)[0] ** 2).mean()) for said in runs)
    before = np.sqrt((errors(runs[0][100:280], values[100:280], 4, 0)[0] ** 2).mean())
    assert before < 0.5
    assert learning < 0.5
    assert frozen > 2 * learning


def test_settings_that_contradict_the_file_are_refused(tank: Path) -> None:
    with (
        open_runtime(read_bundle(tank / "model.tflite"), RuntimeSettings(threads=1)) as runtime,
        pytest.raises(ConfigError, match=r"step_s is 60 .* steps of 1 s"),
    ):
        SeriesForecaster(SeriesSettings(step_s=60.0), runtime)


def test_the_daemon_runs_the_file_and_its_forecasts_are_better_than_plain_ones(tank: Path, tmp_path: Path) -> None:
    values = wave(300, 40, 0.1, seed=3).tolist()
    told = told_of(tmp_path, tank / "model.tflite", values, 1.0)
    (_, serving), plain, learnt = told.state["score"][0], told.state["score"][3], told.state["score"][4]
    assert (serving, learnt[1] < 0.6 * plain[1]) == (1.0, True)
    off = [one["values"][0][0] - values[at + 1] for at, one in told.forecasts if 150 < at < 299]
    assert np.abs(off).mean() < 0.4
    assert told.anomalies


@pytest.mark.parametrize("part", [None, "test"])
def test_the_file_is_scored_on_later_readings(tank: Path, tmp_path: Path, part: str | None) -> None:
    console, report = Console(file=io.StringIO(), record=True, width=120), tmp_path / "report.html"
    asked = Asked([tank / "model.tflite"], table(tmp_path / "later.csv", 400), part, None, report, 1)
    evaluate_any(asked, console)
    assert "persistence" in console.export_text()
    assert "Forecasts of level" in report.read_text()


def test_models_of_other_tasks_are_not_compared(tank: Path, tmp_path: Path) -> None:
    models = [tank / "model.tflite", REPOSITORY / "edge/forecast/shipped/street.tflite"]
    asked = Asked(models, tank / "tank.csv", None, None, tmp_path / "report.html", 1)
    with pytest.raises(TrainError, match=r"is a series and .*street.tflite a forecaster"):
        evaluate_any(asked, Console(quiet=True))
    assert not asked.out.exists()


def test_too_few_later_readings_are_told(tank: Path, tmp_path: Path) -> None:
    asked = Asked([tank / "model.tflite"], table(tmp_path / "few.csv", 20), None, None, tmp_path / "report.html", 1)
    with pytest.raises(TrainError, match=r"^the readings have no 44 steps without a gap"):
        evaluate_any(asked, Console(quiet=True))


def test_a_refused_file_is_written_only_with_a_reason(tank: Path, tmp_path: Path) -> None:
    candidate, out = tank / "run" / "models" / "float32.tflite", tmp_path / "model.tflite"
    loss = Check("accuracy kept", passed=False, forgivable=True, words="it lost")
    grave = Check("loads and runs", passed=False, forgivable=False, words="it does not")
    for check, reason in ((loss, ""), (grave, "a trial")):
        with pytest.raises(TrainError, match="is not written"):
            release_series(
                candidate, Judged("a", (check,), {}), SeriesTerms(out, None, 2.0, reason), tmp_path / "report.html"
            )
    assert not out.exists()
    terms = SeriesTerms(out, None, 2.0, "a trial")
    release_series(candidate, Judged("a", (loss,), {"mse": 0.5}), terms, tmp_path / "report.html")
    manifest = read_manifest(out)
    assert manifest is not None
    assert manifest.accepted_loss == "a trial"
    assert manifest.metrics["held_out"] == {"mse": 0.5}


def test_parquet_is_learnt_from_as_csv_is(tank: Path, tmp_path: Path) -> None:
    """The run goes on with it, which it does with the same readings alone."""
    duckdb = pytest.importorskip("duckdb", reason="the extra parquet is not installed")
    place = tmp_path / "tank.parquet"
    duckdb.execute(f"COPY (SELECT * FROM read_csv('{tank / 'tank.csv'}')) TO '{place}' (FORMAT parquet)")
    before = read_manifest(tank / "model.tflite")
    (tank / "model.tflite").unlink()
    made(place, tank)
    manifest = read_manifest(tank / "model.tflite")
    assert before is not None
    assert manifest is not None
    assert "tank.parquet" in manifest.recipe
    assert manifest.metrics["held_out"]["mse"] == pytest.approx(before.metrics["held_out"]["mse"], rel=1e-3)


def test_a_run_of_other_data_is_not_gone_on_with(tank: Path) -> None:
    with pytest.raises(TrainError, match="another how"):
        made(table(tank / "other.csv", 900), tank)
