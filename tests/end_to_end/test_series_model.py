"""A series model in the daemon: readings in over a real broker, its forecasts and anomalies out."""

import math
from pathlib import Path

import numpy as np
import pytest

from tests.rigs.series_daemon import told_of
from tests.rigs.series_model import recurring_window, write_series_model

PERIOD, STEP_S, HORIZONS = 24, 1.0, 8


def test_a_series_model_forecasts_what_recurs_and_serves(tmp_path: Path) -> None:
    window = recurring_window(("level",), PERIOD, STEP_S, HORIZONS, 20.0, 3.0)
    model = write_series_model(tmp_path / "tank.tflite", window)
    values = [20 + 3 * math.sin(math.tau * k / PERIOD) + (k % PERIOD in (5, 6)) for k in range(400)]
    told = told_of(tmp_path, model, values, STEP_S)
    assert "model recurring: series by" in told.log
    at, last = told.forecasts[-1]
    assert at > 300
    assert last["horizon_s"] == [1.0, 4.0, 12.0]
    assert last["values"][0][0] == pytest.approx(values[at + 1 - PERIOD], abs=0.5)
    assert last["values"][1][0] == pytest.approx(values[at + 4 - PERIOD], abs=0.5)
    assert len(told.anomalies) >= len(told.forecasts)
    assert all(0 <= one["anomaly"] <= 1 for one in told.anomalies)
    (_, serving), plain, learnt = told.state["score"][0], told.state["score"][3], told.state["score"][4]
    assert (serving, learnt[1] < 0.5 * plain[1]) == (1.0, True)
    assert np.isfinite(np.array(last["sigma"])).all()
