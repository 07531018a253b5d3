from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from edge.anomaly import Anomaly, AnomalySettings, AnomalyStateError, Residual
from edge.anomaly.history import History
from edge.anomaly.novelty import novelty
from edge.contracts.types import F64

SMALL = AnomalySettings(memory=200, quiet=50)
SURE = 0.6  # of what is plain to see


def scores(values: F64, anomaly: Anomaly | None = None, every_s: float = 300.0, start: int = 0) -> F64:
    """Scores (n,) of readings (n, C)."""
    anomaly = anomaly or Anomaly(SMALL)
    return np.array([anomaly.step((start + i) * every_s, row, None) for i, row in enumerate(values)])


def noise(n: int, channels: int = 1, seed: int = 0) -> F64:
    return np.random.default_rng(seed).normal(20, 1, (n, channels))


def test_no_readings_and_no_channels() -> None:
    assert Anomaly(SMALL).unmuted == 0.0
    assert scores(np.zeros((3, 0))).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("settings", [{"memory": 10}, {"quiet": 0}, {"rhythm_s": 0}, {"window": 3}])
def test_settings_that_make_no_sense(settings: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        AnomalySettings.model_validate(settings)


def spike(values: F64) -> None:
    values[600] += 12


def level(values: F64) -> None:
    values[600:] += 12


def frozen_then_moved(values: F64) -> None:
    values[:600] = 7.0
    values[600:] = 7.5


@pytest.mark.parametrize("change", [spike, level, frozen_then_moved])
def test_what_never_was_is_told_once_and_at_once(change: Callable[[F64], None]) -> None:
    values = noise(700)
    change(values)
    assert np.flatnonzero(scores(values) >= SURE).tolist() == [600]


def test_a_rhythm_that_fails_is_told() -> None:
    hours = np.arange(24 * 20)
    values = np.where(hours % 24 < 8, 5.0, 15.0)[:, None] + noise(len(hours))[:, :1] * 0.1
    values[24 * 15 + 10 : 24 * 15 + 20] -= 10  # a night at noon: each value is usual, its hour is not
    told = scores(values, Anomaly(AnomalySettings()), every_s=3600)
    assert 24 * 15 + 10 <= int(np.argmax(told[200:])) + 200 < 24 * 15 + 20


@pytest.mark.parametrize("values", [np.full((900, 1), 3.0), np.zeros((900, 1)), np.tile([1.0, 2, 3, 9], 225)[:, None]])
def test_what_repeats_is_no_anomaly(values: F64) -> None:
    assert scores(values).max() == 0.0


def test_a_sensor_that_is_stuck_is_told() -> None:
    values = noise(700)
    values[600:] = values[599]  # nothing of it was not read before
    told = scores(values)
    assert 600 < int(np.argmax(told)) < 630
    assert told.max() >= 0.5


@pytest.mark.parametrize(("value", "new"), [(20.0, False), (50.0, True), (80.0, False), (99.0, False), (500.0, True)])
def test_a_reading_is_new_by_how_much_more_alone_it_is_than_its_neighbour_was(value: float, new: bool) -> None:
    history = History(200, 86400.0)
    values = noise(150)[:, 0]
    values[100] = 85.0  # 60 above all before
    for t_s, one in enumerate([*values.tolist(), value]):
        history.push(float(t_s), one)
        found = novelty(history)
    assert bool(found[0] > 1) == new


def test_noise_is_nothing_sure() -> None:
    told = scores(noise(2000))
    assert told.max() < SURE
    assert np.sum(told >= 0.5) <= 4


def test_scores_are_probabilities_whatever_comes() -> None:
    values = np.array([0, 1e300, -1e300, np.nan, np.inf, -np.inf, 1e-300, 5e-324] * 50)[:, None]
    told = scores(values)
    assert np.isfinite(told).all()
    assert told.min() >= 0
    assert told.max() <= 1


def test_what_is_no_number_teaches_nothing() -> None:
    values = noise(400)
    values[300] += 12
    gaps = np.repeat(values, 2, axis=0)
    gaps[1::2] = np.nan
    assert scores(gaps, every_s=150)[::2].tolist() == scores(values).tolist()
    assert scores(gaps, every_s=150)[1::2].max() == 0


@pytest.mark.parametrize("glitch", [65535.0, -1e9, 1e29, 1e300])
def test_a_glitch_does_not_blind(glitch: float) -> None:
    values = noise(400)
    values[250] = glitch
    values[330] += 12
    assert scores(values)[330] >= 0.5


def test_one_channel_of_several_is_enough_and_the_others_may_be_silent() -> None:
    values = noise(400, channels=3)
    values[:, 1] = np.nan
    values[300, 2] += 12
    assert np.flatnonzero(scores(values) >= SURE).tolist() == [300]


def test_while_an_event_goes_on_it_is_muted_but_not_forgotten() -> None:
    values = noise(402)
    values[400] += 12
    values[401] += 11.9
    anomaly = Anomaly(SMALL)
    told = scores(values, anomaly)
    assert told[400] >= SURE
    assert told[401] == 0
    assert anomaly.unmuted > 0


def test_the_error_of_a_forecast_counts() -> None:
    values = noise(400)
    error = np.random.default_rng(1).normal(0, 1, 400)
    error[300] = 60.0
    anomaly, alone = Anomaly(SMALL), Anomaly(SMALL)
    one = np.ones(1)
    told = [anomaly.step(i * 1.0, row, Residual(error[i : i + 1], one)) for i, row in enumerate(values)]
    without = scores(values, alone, every_s=1.0)
    assert told[300] >= 0.5
    assert without[300] < 0.5


def test_another_number_of_channels_is_refused() -> None:
    anomaly = Anomaly(SMALL)
    anomaly.step(0.0, np.zeros(2), None)
    with pytest.raises(ValueError, match=r"2 channels.*\(3,\)"):
        anomaly.step(1.0, np.zeros(3), None)


def test_time_may_jump_or_run_backwards() -> None:
    anomaly = Anomaly(SMALL)
    told = [anomaly.step(t_s, row, None) for t_s, row in zip([1e9, 0.0, -5.0, 3.0] * 100, noise(400), strict=True)]
    assert np.isfinite(told).all()


def test_a_step_writes_into_nothing_it_was_given() -> None:
    values = noise(1, 3)[0]
    before = values.copy()
    Anomaly(SMALL).step(0.0, values, Residual(values, values))
    assert values.tolist() == before.tolist()


@pytest.mark.parametrize("split", [0, 1, 60, 199, 200, 201, 399, 401])
def test_a_restored_state_goes_on_exactly(split: int) -> None:
    values = noise(420, channels=2)
    values[405:, 1] += 9
    whole, first, second = Anomaly(SMALL), Anomaly(SMALL), Anomaly(SMALL)
    scores(values[:split], first)
    second.restore(first.state())
    assert scores(values, whole)[split:].tolist() == scores(values[split:], second, start=split).tolist()
    assert second.state() == whole.state()


def flipped(state: bytes) -> bytes:
    return state[:-9] + bytes([state[-9] ^ 1]) + state[-8:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state[:0],
        lambda state: state[:4],
        lambda state: state[:-1],
        lambda state: state + b"x",
        lambda state: b"X" + state[1:],
        lambda state: state[:4] + b"\x63" + state[5:],
        flipped,
    ],
)
def test_a_damaged_state_is_refused_and_changes_nothing(damage: Callable[[bytes], bytes]) -> None:
    anomaly = Anomaly(SMALL)
    scores(noise(100), anomaly)
    before = anomaly.state()
    with pytest.raises(AnomalyStateError, match="start the score anew"):
        anomaly.restore(damage(before))
    assert anomaly.state() == before


def test_a_state_of_other_settings_is_refused() -> None:
    with pytest.raises(AnomalyStateError, match="other settings"):
        Anomaly(AnomalySettings()).restore(Anomaly(SMALL).state())


def test_memory_is_bounded() -> None:
    anomaly = Anomaly(SMALL)
    scores(noise(250), anomaly)
    sizes = {sum(array.nbytes for array in anomaly._arrays(anomaly._channels))}
    scores(noise(250, seed=1), anomaly)
    sizes.add(sum(array.nbytes for array in anomaly._arrays(anomaly._channels)))
    assert len(sizes) == 1
