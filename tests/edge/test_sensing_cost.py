"""Configurations of sensors that would eat a core are refused, with the key and the limit."""

import json
from pathlib import Path

import pytest

from edge.check import check_loaded
from edge.config.loader import parse_settings
from edge.config.settings import Settings
from edge.contracts.bundle import read_bundle
from edge.sensing.cost import sample_s, too_costly
from edge.sensing.settings import SensorSettings
from tests.rigs.series_model import recurring_window, write_series_model

CHANNELS = {f"c{n}": f"$[{n}]" for n in range(16)}
AHEAD = [float(n) for n in range(1, 289)]


def told(**sensors: object) -> list[str]:
    text = json.dumps({"sensors": sensors})
    return [str(one) for one in check_loaded(parse_settings(text.encode(), "f.yaml", Settings, {})).problems]


def sensor(**changes: object) -> dict[str, object]:
    return {"source": "t", **changes}


@pytest.mark.parametrize(
    "given",
    [
        {"tank": sensor()},
        {f"s{n}": sensor(window={"step_s": 0.1}) for n in range(10)},  # ten at 10 Hz
        {f"s{n}": sensor() for n in range(256)},
        {"imu": sensor(window={"step_s": 0.01}, channels=dict(list(CHANNELS.items())[:6]))},
        {"load": sensor(window={"step_s": 1}, channels=CHANNELS, forecast={"horizons_s": AHEAD})},
    ],
)
def test_what_can_be_meant_is_taken(given: dict[str, object]) -> None:
    assert told(**given) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"rig": sensor(channels=CHANNELS, forecast={"horizons_s": AHEAD})},
            "sensors.rig: 288 horizons of 16 channels take about 25 ms of each sample, and 20 ms are the most where "
            "window.step_s is not given; give it, or name fewer forecast.horizons_s or channels, or lower",
        ),
        (
            {"rig": sensor(window={"step_s": 0.01}, anomaly={"memory": 100_000}, channels=CHANNELS)},
            "of a core, and 0.5 is the most; raise window.step_s",
        ),
        (
            {f"s{n}": sensor(window={"step_s": 0.01}) for n in range(6)},
            "sensors: all together take about 0.9 of a core, and 0.8 is the most; s0 takes the most, 0.",
        ),
    ],
)
def test_what_eats_a_core_is_refused(given: dict[str, object], said: str) -> None:
    problems = told(**given)
    assert len(problems) == 1
    assert said in problems[0]


def test_a_model_costs_by_its_size_and_its_window(tmp_path: Path) -> None:
    given = SensorSettings.model_validate({"source": "t", "channels": {"a": ""}})
    small, long = (
        read_bundle(write_series_model(tmp_path / f"{n}.tflite", recurring_window(("a",), n, 0.005, 4, 0.0, 1.0)))
        for n in (8, 8000)
    )
    assert sample_s(given) < sample_s(given, small) < sample_s(given, long)
    assert too_costly(given, small) == ""
    assert "of a core, and 0.5 is the most; raise window.step_s" in too_costly(given, long)
