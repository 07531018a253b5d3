from pathlib import Path

import numpy as np
import pytest

from trainer.errors import TrainError
from trainer.series.choosing import choose, in_steps, refuse_still, spread
from trainer.series.division import borders, divide
from trainer.series.regular import Series
from trainer.series.settings import SeriesRecipe
from trainer.series.windows import measured_window, windows_of
from trainer.settling import settle


def series(rows: int, gap_at: int = -1, period: float = 24.0) -> Series:
    at = np.arange(rows)
    values = np.stack([np.sin(2 * np.pi * at / period), at.astype(float)], axis=1)
    return Series(
        ("a", "b"), 60.0, values, np.ones((rows, 2), np.bool_), (at >= gap_at).astype(np.int64) * (gap_at > 0)
    )


def test_parts_follow_in_time_and_never_share_what_is_forecast() -> None:
    divided = divide(series(1000), 20, (1, 5), borders(1000))
    targets = [
        {int(origin) + ahead for origin in part for ahead in (1, 5)}
        for part in (divided.train, divided.validation, divided.test)
    ]
    assert borders(1000) == (700, 800, 1000)
    assert (min(targets[0]), max(targets[0])) == (20, 699)
    assert (min(targets[1]), max(targets[1])) == (700, 799)
    assert (min(targets[2]), max(targets[2])) == (800, 999)
    assert not targets[0] & targets[1]


def test_the_published_windows_of_ett_are_found() -> None:
    month = 30 * 24
    divided = divide(series(20 * month), 336, tuple(range(1, 97)), (12 * month, 16 * month, 20 * month))
    assert (len(divided.train), len(divided.validation), len(divided.test)) == (8640 - 336 - 96 + 1, 2785, 2785)


def test_no_window_crosses_a_gap() -> None:
    divided = divide(series(1000, gap_at=300), 20, (1, 5), borders(1000))
    crossing = (divided.train - 19 < 300) & (divided.train + 5 >= 300)
    assert not crossing.any()
    assert len(divided.train) == 700 - 24 - 24


def test_a_part_without_a_window_is_refused() -> None:
    with pytest.raises(TrainError, match="validation part has no 105 steps"):
        divide(series(500), 100, (1, 5), (400, 404, 500))


def test_windows_are_scaled_by_the_training_part_alone() -> None:
    whole = series(1000)
    window = measured_window(whole, np.arange(700), 20, (1, 5))
    windows = windows_of(whole, window)
    assert window.mean[1] == pytest.approx(349.5)
    assert windows.past(np.array([19]))[0, :, 1].tolist() == pytest.approx(
        ((np.arange(20) - 349.5) / np.arange(700).std()).tolist(), abs=1e-5
    )
    future, known = windows.future(np.array([19]))
    assert future.shape == known.shape == (1, 2, 2)
    assert future[0, :, 1] * window.std[1] + window.mean[1] == pytest.approx([20, 24], abs=1e-3)


def test_settings_suit_the_data() -> None:
    choice = choose(series(2000), 1400, ())
    assert choice.recipe.season_steps == 24
    assert choice.recipe.network.samples == 96
    assert choice.recipe.network.horizons[-1] == 24
    assert choose(series(2000), 1400, (3, 9)).recipe.network.horizons == (3, 9)
    with pytest.raises(TrainError, match="200 are the least"):
        choose(series(200), 140, ())


@pytest.mark.parametrize(("longest", "count"), [(1, 1), (12, 12), (13, 13), (96, 20)])
def test_horizons_spread_and_end_at_the_longest(longest: int, count: int) -> None:
    found = spread(longest)
    assert found[-1] == longest
    assert list(found) == sorted(set(found))
    assert len(found) == count


def test_horizons_in_steps() -> None:
    assert in_steps((), 60.0) == ()
    assert in_steps((3600.0, 60.0, 59.0, 62.0), 60.0) == (1, 60)
    assert in_steps((3600.0,), 59.93) == (60,)


@pytest.mark.parametrize(("asked_s", "nearest"), [(1.0, "60 s"), (10.0, "60 s"), (90.0, "120 s"), (130.0, "120 s")])
def test_horizons_between_two_steps_are_refused(asked_s: float, nearest: str) -> None:
    with pytest.raises(TrainError, match=f"asks for {asked_s:g} s, and readings are 60 s apart: {nearest} is the near"):
        in_steps((3600.0, asked_s), 60.0)


@pytest.mark.parametrize(
    "network", [{"samples": 10, "segment": 4}, {"samples": 1000, "segment": 4}, {"horizons": (3, 2)}, {"cell": "rnn"}]
)
def test_settings_that_do_not_fit_are_refused(network: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="network"):
        SeriesRecipe.model_validate({"network": network})


@pytest.mark.parametrize("horizons_s", [(1e8,), tuple(60.0 * step for step in range(1, 1000))])
def test_horizons_that_no_model_has_are_told(horizons_s: tuple[float, ...]) -> None:
    with pytest.raises(TrainError, match="--horizons-s asks for"):
        in_steps(horizons_s, 60.0)


def test_a_channel_that_never_moves_is_told() -> None:
    given = series(1000)
    refuse_still(given, 700)
    given.values[:700, 1] = 5.0
    with pytest.raises(TrainError, match=r"^b never changes in the first 700 steps"):
        refuse_still(given, 700)


@pytest.mark.parametrize("step_s", [float("nan"), float("inf"), -1.0, 1e10])
def test_steps_that_are_none_are_told(step_s: float) -> None:
    with pytest.raises(TrainError, match=r"^step_s "):
        settle(SeriesRecipe(), None, {"step_s": step_s})


def test_settings_that_do_not_fit_are_told_without_all_of_them() -> None:
    with pytest.raises(TrainError, match=r"^network: samples 31 must be a multiple of segment 4"):
        settle(SeriesRecipe(), None, {"network.samples": 31})


def test_a_recipe_that_fits_alone_but_not_with_what_was_picked_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("network: {samples: 32}\n")
    with pytest.raises(TrainError, match=r"correct the recipe .*mine\.yaml or the option"):
        settle(SeriesRecipe(), recipe, {"network.segment": 5})
