"""How odd windows are by an auto-encoder: of a real file, alone, in a sensor's chain, and in the daemon's settings."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from edge.assembly import Models
from edge.check import check
from edge.config.sequences import SensorEntry
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ConfigError, ModelError
from edge.contracts.limits import MOST_FALL, MOST_RISE, Limit, read_limit
from edge.contracts.sensors import SensorEventKind
from edge.contracts.stored import StateError
from edge.contracts.types import F64
from edge.contracts.windows import Scaling, SeriesWindow
from edge.hearing.values import with_grids
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from edge.scorers import build_scorer
from edge.sensing.build import build_chain
from edge.series.reconstruction import Judge, Reconstruction
from tests.rigs.learning_model import learning_autoencoder, learning_series
from tests.rigs.sensing import feed

WINDOW = SeriesWindow(("level",), 8, 1.0, Scaling.FIXED, (20.0,), (2.0,), ())
GAP_STEPS = 4


def scorer(folder: Path, *limits: Callable[[], float]) -> Reconstruction:
    """Of a model that says the mean of the series: the error of a window is its mean square."""
    bundle = read_bundle(learning_autoencoder(folder / "a.tflite", WINDOW))
    runtime = open_runtime(bundle, RuntimeSettings(threads=1))
    return Reconstruction([Judge(runtime, limit) for limit in limits or (lambda: 1.0,)], GAP_STEPS)


def scored(one: Reconstruction, levels: list[float], begin_s: float = 1e9) -> F64:
    return np.array([one.step(begin_s + k, np.array([level]), None) for k, level in enumerate(levels)])


def test_nothing_is_said_before_a_window_is_whole(tmp_path: Path) -> None:
    assert scored(scorer(tmp_path), []).tolist() == []
    assert scored(scorer(tmp_path), [24.0] * 7).tolist() == [0.0] * 7


def test_the_score_is_a_half_at_the_limit_and_stays_while_what_is_odd_is_within(tmp_path: Path) -> None:
    found = scored(scorer(tmp_path), [22.0] * 8 + [20.0] * 8)
    assert found[7] == pytest.approx(0.5)
    assert (np.diff(found[7:]) < 0).all()
    assert found[-1] == 0.0
    assert scored(scorer(tmp_path, lambda: 3.0), [22.0] * 8)[-1] == pytest.approx(0.25)


def test_the_worst_of_all_judges_counts_by_the_limit_that_it_has_now(tmp_path: Path) -> None:
    limit = {"first": 1.0, "second": math.inf}
    one = scorer(tmp_path, lambda: limit["first"], lambda: limit["second"])
    assert scored(one, [22.0] * 8)[-1] == pytest.approx(0.5)
    limit["second"] = 1.0 / 3
    assert scored(one, [22.0], 1e9 + 8)[-1] == pytest.approx(0.75)
    limit["first"] = 0.25
    assert scored(one, [22.0], 1e9 + 9)[-1] == pytest.approx(0.8)
    limit |= dict.fromkeys(limit, math.inf)
    assert scored(one, [22.0], 1e9 + 10)[-1] == 0.0


def test_what_was_not_read_counts_nothing_and_too_little_says_nothing(tmp_path: Path) -> None:
    one = scorer(tmp_path)
    scored(one, [22.0] * 6)
    assert one.step(1e9 + 8, np.array([22.0]), None) == pytest.approx(0.5)  # two readings are missing
    assert one.step(1e9 + 10, np.array([22.0]), None) == 0.0  # and one more
    assert scored(one, [22.0] * 7, 1e9 + 11)[-1] == pytest.approx(0.5)
    holes = scored(scorer(tmp_path), [22.0, *[np.nan] * 3, *[22.0] * 7])
    assert (holes[7], holes[9]) == (0.0, pytest.approx(0.5))


def test_after_a_long_silence_a_window_begins_anew(tmp_path: Path) -> None:
    one = scorer(tmp_path)
    assert scored(one, [22.0] * 8)[-1] > 0
    assert scored(one, [22.0] * 7, 1e9 + 8 + GAP_STEPS).tolist() == [0.0] * 7


def test_a_restart_goes_on_with_the_window(tmp_path: Path) -> None:
    one, other = scorer(tmp_path), scorer(tmp_path)
    scored(one, [22.0] * 7)
    other.restore(one.state())
    assert scored(other, [22.0], 1e9 + 7)[0] == pytest.approx(0.5)
    for state in (b"", b"nonsense", one.state()[:-9]):
        with pytest.raises(StateError):
            other.restore(state)


def test_the_limit_stands_in_the_file(tmp_path: Path) -> None:
    told = read_limit(read_bundle(learning_autoencoder(tmp_path / "a.tflite", WINDOW, limit=0.25)))
    assert told == Limit(0.25, 0.99)
    limits = {0.1: 0.1, 9.0: MOST_RISE * 0.25, 0.0: MOST_FALL * 0.25, math.inf: 0.25, math.nan: 0.25}
    assert told.of({}) == 0.25
    assert [told.of({"limit": kept}) for kept in limits] == list(limits.values())
    with pytest.raises(ModelError, match="from which error"):
        read_limit(read_bundle(learning_autoencoder(tmp_path / "b.tflite", WINDOW, limit=0.0)))
    with pytest.raises(ModelError, match="reconstructs no windows"):
        read_limit(read_bundle(learning_series(tmp_path / "c.tflite", replace(WINDOW, horizons=(1,)))))


def entry(folder: Path, **changes: object) -> SensorEntry:
    path = learning_autoencoder(folder / "a.tflite", WINDOW)
    told = {"source": "t", "channels": {"level": ""}, "scorer": str(path), **changes}
    return with_grids({"tank": SensorEntry.model_validate(told)})["tank"]


def test_a_sensor_tells_of_an_anomaly_when_the_limit_is_reached_and_of_its_end(tmp_path: Path) -> None:
    settings = entry(tmp_path)
    assert settings.window.step_s == 1.0
    with Models(RuntimeSettings(), tmp_path) as models:
        made = build_scorer("tank", settings, models)
        chain = build_chain("tank", settings, scorer=made)
        found = feed(chain, [20.0] * 20 + [23.0] * 20 + [20.0] * 20)
        events = [(one.event.kind, one.event.anomaly) for one in found if one.event]
        assert [kind for kind, _ in events] == [SensorEventKind.ANOMALY, SensorEventKind.NORMAL]
        assert events[0][1] >= 0.5
        assert max(one.forecast.anomaly for one in found) == pytest.approx(2.25 / 3.25, abs=0.01)
        assert found[-1].forecast.anomaly == 0.0
        other = build_chain("tank", settings, scorer=made)
        other.restore(chain.state())
        assert feed(other, [23.0] * 6, 60.0)[-1].forecast.anomaly > 0.5  # before a whole window has come
        plain = build_chain("tank", settings)
        plain.restore(chain.state())  # what was kept of another scorer is of no use, all the rest is
        assert plain.health(0.0, "", 0).samples == chain.health(0.0, "", 0).samples


def test_a_model_that_fails_is_told_of_and_the_sensor_goes_on(tmp_path: Path) -> None:
    class Failing(Reconstruction):
        def step(self, t_s: float, values: F64, forecast: object) -> float:
            raise ModelError("it fails")

    bundle = read_bundle(learning_autoencoder(tmp_path / "a.tflite", WINDOW))
    with open_runtime(bundle, RuntimeSettings(threads=1)) as runtime:
        failing = Failing([Judge(runtime, lambda: 1.0)], GAP_STEPS)
        chain = build_chain("tank", entry(tmp_path), scorer=lambda: failing)
        found = feed(chain, [20.0] * 30)
        assert {one.forecast.anomaly for one in found} == {0.0}
        assert found[-1].forecast.horizon_s
        assert "it fails" in chain.health(30.0, "", 0).reason


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window": {"step_s": 2}}, r"sensors\.tank\.window\.step_s is 2 and its scorer"),
        ({"channels": {"x": "$.x", "y": "$.y"}}, r"sensors\.tank\.scorer: the model takes 1 channels"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        entry(tmp_path, **changes)


def test_the_check_looks_at_it(tmp_path: Path) -> None:
    path = tmp_path / "foresight.yaml"
    learning_autoencoder(tmp_path / "good.tflite", WINDOW)
    learning_autoencoder(tmp_path / "open.tflite", WINDOW, limit=0.0)
    for name, said in (("good", []), ("open", ["from which error"]), ("none", ["there is no file"])):
        path.write_text(yaml.safe_dump({"sensors": {"tank": {"source": "t", "scorer": f"{tmp_path}/{name}.tflite"}}}))
        problems = [str(one) for one in check(path).problems]
        assert [said_of in problem for said_of, problem in zip(said, problems, strict=True)] == [True] * len(said)
    sensors = {"tank": {"source": "t", "scorer": f"{tmp_path}/good.tflite"}, "tank-scorer": {"source": "u"}}
    path.write_text(yaml.safe_dump({"sensors": sensors}))
    assert ["tank-scorer stands twice" in str(one) for one in check(path).problems] == [True]
