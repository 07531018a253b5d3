import contextlib

import numpy as np
import pytest

from edge.contracts.errors import ConfigError, MessageError
from edge.contracts.stored import StateError
from edge.contracts.types import F64, SeriesForecast
from edge.series.forecaster import SeriesForecaster
from edge.series.saving import Part
from edge.series.settings import SeriesSettings
from tests.rigs.series import errors, fed, reading, wave

SECONDS = SeriesSettings(step_s=1.0)


def finite(said: list[SeriesForecast | None]) -> bool:
    numbers = [row for one in said if one for row in (*one.values, *one.sigma)]
    return bool(np.isfinite(np.array(numbers)).all()) and all(min(map(min, one.sigma)) > 0 for one in said if one)


def test_nothing_is_said_of_nothing() -> None:
    forecaster = SeriesForecaster(SECONDS)
    assert forecaster.step(reading(0)) is None
    assert forecaster.state() == b""
    forecaster.restore(b"")
    assert fed(forecaster, wave(7, 40, 0)) == [None] * 7


def test_a_noisy_wave_is_learnt_down_to_its_noise() -> None:
    values = wave(1500, 40, 0.3)
    said = fed(SeriesForecaster(SECONDS), values)
    for which, steps in enumerate((1, 4, 12)):
        error, sigma = errors(said[700:], values[700:], steps, which)
        assert np.sqrt((error**2).mean()) < 0.4
        assert 0.6 < (np.abs(error) < sigma).mean() < 0.76
    assert said[-1] is not None
    assert said[-1].horizon_s == (1.0, 4.0, 12.0)


@pytest.mark.parametrize("kind", ["walk", "noise"])
def test_what_cannot_be_learnt_is_served_by_damped_persistence(kind: str) -> None:
    chance = np.random.default_rng(3).normal(size=1500)
    values = chance.cumsum() if kind == "walk" else chance
    said = fed(SeriesForecaster(SECONDS), values)
    error, sigma = errors(said[500:], values[500:], 4, 1)
    naive = values[504:] - values[500:-4] if kind == "walk" else values[504:]
    assert (error**2).mean() < 1.04 * (naive**2).mean()
    assert 0.6 < (np.abs(error) < sigma).mean() < 0.76


def drifting() -> F64:
    """Period, level and noise change, each once: at 1000, 2000 and 3000."""
    at, chance = np.arange(4000), np.random.default_rng(5)
    phase = np.cumsum(2 * np.pi / np.where(at < 1000, 40, 23))
    noise = np.where(at < 3000, 0.1, 0.4) * chance.normal(size=len(at))
    return np.where(at < 2000, 20, 35) + 3 * np.sin(phase) + noise


@pytest.mark.parametrize(
    ("begin", "end", "rmse"),
    [(600, 988, 0.4), (1400, 1988, 0.4), (2400, 2988, 0.4), (3200, 3988, 1.2)],
    ids=["before", "new period", "new level", "more noise"],
)
def test_drift_is_followed(begin: int, end: int, rmse: float) -> None:
    values, said = drifting(), _DRIFT.said()
    for which, steps in enumerate((1, 4, 12)):
        error, sigma = errors(said[begin:end], values[begin:end], steps, which)
        assert np.sqrt((error**2).mean()) < rmse
        assert 0.5 < (np.abs(error) < sigma).mean() < 0.85


class _Drift:
    """Runs once, however many tests look at it."""

    def __init__(self) -> None:
        self._said: list[SeriesForecast | None] = []

    def said(self) -> list[SeriesForecast | None]:
        if not self._said:
            self._said = fed(SeriesForecaster(SeriesSettings(step_s=1.0, memory_steps=500)), drifting())
        return self._said


_DRIFT = _Drift()


def test_a_constant_is_forecast_to_stay_and_then_lets_go() -> None:
    forecaster = SeriesForecaster(SECONDS)
    said = fed(forecaster, np.full(600, 21.5))
    assert said[-1] is not None
    assert said[-1].values == ((21.5,), (21.5,), (21.5,))
    assert max(map(max, said[-1].sigma)) < 1e-3
    after = fed(forecaster, wave(1000, 40, 0.1), 600)
    assert finite([*said, *after])
    error, _ = errors(after[700:], wave(1000, 40, 0.1)[700:], 4, 1)
    assert np.sqrt((error**2).mean()) < 0.5


def test_bad_readings_do_no_harm() -> None:
    values = wave(600, 40, 0.1)
    forecaster = SeriesForecaster(SECONDS)
    said: list[SeriesForecast | None] = []
    for index, value in enumerate(values.tolist()):
        bad = {100: float("nan"), 200: float("inf"), 300: 1e300, 400: -1e200, 500: 1e30}
        said.append(forecaster.step(reading(index, bad.get(index, value))))
        said.append(forecaster.step(reading(index - 3, 7.0)))  # late
        said.append(forecaster.step(reading(index, 8.0)))  # once more
    assert finite(said)
    assert said[3 * 150 + 1 :: 3] == [None] * len(said[3 * 150 + 1 :: 3])
    error, _ = errors(said[3 * 450 : 3 * 490 : 3], values[450:490], 1, 0)
    assert np.abs(error).max() < 1.5


def test_the_clock_may_be_set_and_the_sensor_may_be_silent() -> None:
    forecaster = SeriesForecaster(SECONDS)
    values = wave(300, 40, 0.1)
    said = fed(forecaster, values) + fed(forecaster, values, 100_000) + fed(forecaster, values, 500)
    assert finite(said)
    assert said[-1] is not None


def test_ten_thousand_readings_at_once_are_one_step() -> None:
    forecaster = SeriesForecaster(SECONDS)
    fed(forecaster, wave(50, 40, 0.1))
    assert [forecaster.step(reading(50, 20.0)) is None for _ in range(10_000)].count(False) == 1


def test_another_number_of_values_is_refused() -> None:
    forecaster = SeriesForecaster(SECONDS)
    forecaster.step(reading(0, 1.0))
    with pytest.raises(MessageError, match="gave 2 values where 1 are expected"):
        forecaster.step(reading(1, 1.0, 2.0))


def test_the_step_is_taken_from_the_readings_and_horizons_follow() -> None:
    forecaster = SeriesForecaster(SeriesSettings(horizons_s=(0.5, 0.2)))
    said = [forecaster.step(reading(0.1 * index, value)) for index, value in enumerate(wave(60, 20, 0.1).tolist())]
    assert said[-1] is not None
    assert said[-1].horizon_s == (0.2, 0.5)


def test_a_horizon_beyond_reach_is_refused() -> None:
    forecaster = SeriesForecaster(SeriesSettings(step_s=0.1, horizons_s=(3600.0,)))
    with pytest.raises(ConfigError, match="36000 steps"):
        forecaster.step(reading(0, 1.0))


def test_it_goes_on_bit_for_bit_where_its_state_was_taken() -> None:
    values = np.stack([wave(400, 40, 0.2), wave(400, 23, 0.2, seed=1)], axis=1)
    one, other = SeriesForecaster(SECONDS), SeriesForecaster(SECONDS)
    fed(one, values[:250])
    other.restore(one.state())
    assert fed(one, values[250:], 250) == fed(other, values[250:], 250)
    assert one.state() == other.state()


@pytest.mark.parametrize("damage", ["nothing of ours", "cut", "other settings"])
def test_a_state_that_does_not_fit_changes_nothing(damage: str) -> None:
    values = wave(60, 40, 0.1)
    forecaster = SeriesForecaster(SECONDS)
    fed(forecaster, values)
    kept = forecaster.state()
    other = SeriesForecaster(SeriesSettings(step_s=1.0, seed=2))
    fed(other, values)
    data = {"nothing of ours": b"abc", "cut": kept[: len(kept) // 2], "other settings": other.state()}[damage]
    with pytest.raises(StateError):
        forecaster.restore(data)
    assert forecaster.state() == kept


def test_a_bad_disk_is_refused_in_words() -> None:
    forecaster = SeriesForecaster(SECONDS)
    fed(forecaster, wave(60, 40, 0.1))
    kept = forecaster.state()
    for at in range(0, len(kept), 53):
        with contextlib.suppress(StateError):
            SeriesForecaster(SECONDS).restore(kept[:at] + bytes([kept[at] ^ 0x55]) + kept[at + 1 :])


def test_without_learning_damped_persistence_serves() -> None:
    values = wave(800, 40, 0.05)
    said = fed(SeriesForecaster(SeriesSettings(step_s=1.0, learn=False)), values)
    error, _ = errors(said[400:], values[400:], 12, 2)
    assert 1.0 < np.sqrt((error**2).mean()) < 4.5


LEARNING = ("damped", "referee", "readout0", "readout1")


def kept(part: Part) -> dict[str, bytes]:
    return {name: getattr(part, name).tobytes() for name in part.KEPT}


def test_nothing_is_learnt_from_a_gap_nor_scored_by_it() -> None:
    values = wave(400, 50, 0.1)
    forecaster = SeriesForecaster(SeriesSettings(step_s=1.0, horizons_s=(1.0, 2.0, 4.0)))
    fed(forecaster, values)
    assert forecaster._running is not None
    parts = forecaster._running.parts
    before = {name: kept(parts[name]) for name in LEARNING}
    held = fed(forecaster, np.full(20, np.nan), len(values))
    forecaster.step(reading(len(values) + 20, 90.0))
    after = {name: kept(parts[name]) for name in LEARNING}
    assert all(one is not None for one in held)
    for name in ("damped", "referee"):
        assert after[name] == before[name]
    for name in (
        "readout0",
        "readout1",
    ):  # the reading after the gap is taken in, to learn from when its truth is there
        assert after[name]["weight"] == before[name]["weight"]
