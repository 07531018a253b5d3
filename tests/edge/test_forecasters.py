"""From the configuration to a forecaster, with real model files that are tried in a process of their own."""

from pathlib import Path

import pytest

from edge.assembly import Models
from edge.check import check
from edge.config.settings import Settings
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.manifest import Task
from edge.contracts.windows import TrackWindow
from edge.forecast.shipped import shipped_model
from edge.forecasters import Forecasting, build_forecasting
from edge.tracking.tracker import REACH_S
from tests.patience import patient
from tests.rigs.tflite import Net
from tests.rigs.trajectories import HORIZONS_S, window, write_rearranger


def settings(folder: Path, **forecast: object) -> Settings:
    given = {
        "device": {"state_dir": str(folder)},
        "cameras": {"door": {"source": "/dev/null", "forecast": forecast}},
        "runtime": {"trial_deadline_s": min(patient(60), 600)},
    }
    return Settings.model_validate(given)


def built(of: Settings) -> Forecasting:
    with Models(of.runtime, of.device.state_dir) as models:
        return build_forecasting("door", of.cameras["door"], ("person",), models.light)


def test_none_is_straight_lines(tmp_path: Path) -> None:
    made = built(settings(tmp_path, model="none"))
    assert (made.scores.standing.model, made.history_s) == ("", REACH_S)


def test_without_the_shipped_model_or_with_other_horizons_straight_lines_serve(tmp_path: Path) -> None:
    made = built(settings(tmp_path, horizons_s=[0.7, 7.0]))
    assert made.scores.standing.model == ""
    assert [one.horizon_s for one in made.scores.standing.straight.horizons] == [0.7, 7.0]


def test_the_shipped_model_is_there_and_used(tmp_path: Path) -> None:
    path = shipped_model()
    assert path is not None
    bundle, made = read_bundle(path), built(settings(tmp_path))
    standing = made.scores.standing
    assert (standing.model, standing.sha256) == (bundle.name, bundle.sha256)
    assert isinstance(bundle.window, TrackWindow)
    assert made.history_s >= (bundle.window.samples - 1) * bundle.window.step_s


def test_a_model_of_ones_own_is_tried_and_used(tmp_path: Path) -> None:
    path = write_rearranger(tmp_path / "mine.tflite", window(samples=6, step_s=0.5))
    made = built(settings(tmp_path, model=str(path)))
    standing = made.scores.standing
    assert (standing.model, len(standing.sha256), made.history_s) == ("rearranger", 64, 3.0)
    assert len(list(tmp_path.glob("*"))) > 1  # that it has passed its trial is remembered


def test_a_model_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    path = write_rearranger(tmp_path / "mine.tflite", window(horizons_s=(1.0, 2.0)))
    with pytest.raises(ModelError, match="write horizons_s"):
        built(settings(tmp_path, model=str(path)))


CONFIG = """\
forecast:
  model: {model}
cameras:
  door:
    source: /dev/video0
  gate:
    source: /dev/video1
    forecast:
      horizons_s: [1, 2]
"""


def told(folder: Path, model: str) -> list[str]:
    (folder / "f.yaml").write_text(CONFIG.format(model=model))
    return [str(one).removeprefix(f"{folder}/") for one in check(folder / "f.yaml", {}).problems]


@pytest.mark.parametrize("model", ["none", "shipped"])
def test_check_accepts_the_shipped_model_with_any_horizons(tmp_path: Path, model: str) -> None:
    assert told(tmp_path, model) == []


def test_check_says_where_a_model_is_missing(tmp_path: Path) -> None:
    hint = "check the name; or write shipped or none"
    assert told(tmp_path, "mine.tflite") == [f"f.yaml:2:10: forecast.model: there is no file mine.tflite; {hint}"]


def test_check_refuses_a_model_of_other_horizons_with_what_to_do(tmp_path: Path) -> None:
    path = write_rearranger(tmp_path / "mine.tflite")
    (problem,) = told(tmp_path, str(path))
    assert problem == (
        f"f.yaml:2:10: forecast.model: the model cannot be used: {path} forecasts 0.5, 1, 2, 3 s ahead, and horizons_s "
        "is 1, 2; write horizons_s: [0.5, 1, 2, 3], or name another model"
    )


@pytest.mark.parametrize("damage", ["", "detector", "bytes"])
def test_check_refuses_what_is_no_trajectory_model(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "mine.tflite"
    if damage == "detector":
        Net().write(path)
    else:
        path.write_bytes(damage.encode())
    problems = told(tmp_path, str(path))
    assert len(problems) == 1
    assert problems[0].startswith(f"f.yaml:2:10: forecast.model: the model cannot be used: {path}")


def test_check_shows_by_what_each_camera_forecasts(tmp_path: Path) -> None:
    path = write_rearranger(tmp_path / "mine.tflite", task=Task.FORECASTER)
    text = CONFIG.format(model=path).replace("[1, 2]", str(list(HORIZONS_S)))
    (tmp_path / "f.yaml").write_text(
        text.replace("source: /dev/video0", "source: /dev/video0\n    forecast: {model: none}")
    )
    rows = [row[1:] for row in check(tmp_path / "f.yaml", {}).rows if row[0] == "forecast"]
    assert rows == [("door", "straight lines"), ("gate", "rearranger where it proves to be better than straight lines")]
