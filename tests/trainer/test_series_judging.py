from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.types import F32, I64
from trainer.series.judging import Forecasts, judge
from trainer.series.scoring import persistence, score, season_of, seasonal_naive
from trainer.series.windows import Windows

ROWS: I64 = np.arange(500)


def found(own: float, naive: float, sigma: float, swing: float = 3.0) -> tuple[Forecasts, F32]:
    """Truth up and down by a swing, with noise of 1; a file, and a naive forecast, that are off by so much beside."""
    noise = np.random.default_rng(1).normal(size=(500, 2, 1)).astype(np.float32)
    known = np.ones(noise.shape, np.bool_)
    level: F32 = np.where(ROWS % 2, swing, -swing).astype(np.float32)[:, None, None] + np.zeros_like(noise)
    future, mean, plain = level + noise, level + np.float32(own), level + np.float32(naive)
    return Forecasts(ROWS, mean, np.full_like(future, np.log(sigma)), plain, plain, future, known), mean


@pytest.mark.parametrize(
    ("own", "naive", "sigma", "lost", "failed"),
    [
        (0.0, 1.0, 1.0, 0.0, []),
        (0.0, 1.0, 0.3, 0.0, ["sigma is honest"]),
        (0.0, 1.0, 3.0, 0.0, ["sigma is honest"]),
        (0.3, 1.0, 1.0, 0.3, ["accuracy kept"]),
        (1.0, 1.0, 1.4, 0.0, ["better than persistence", "better than the seasonal naive forecast"]),
    ],
)
def test_the_gate_tells_what_is_wrong(own: float, naive: float, sigma: float, lost: float, failed: list[str]) -> None:
    forecasts, mean = found(own, naive, sigma)
    judged = judge(Path("a.tflite"), (mean - np.float32(lost), forecasts.log_sigma), forecasts, 2.0)
    assert [check.question for check in judged.failed] == failed
    assert judged.forgivable
    assert judged.may_go("") is not bool(failed)
    assert judged.may_go("a reason")


def test_who_says_the_mean_of_noise_is_no_forecaster() -> None:
    forecasts, mean = found(0.0, 1.0, 1.0, swing=0.0)
    judged = judge(Path("a.tflite"), (mean, forecasts.log_sigma), forecasts, 2.0)
    assert [check.question for check in judged.failed] == ["better than the mean of what was learnt from"]


def test_what_repeats_itself_exactly_leaves_nothing_to_gain() -> None:
    forecasts, mean = found(0.0, 0.0, 1.0)
    exact = replace(forecasts, future=forecasts.persistence)
    judged = judge(Path("a.tflite"), (mean, forecasts.log_sigma), exact, 2.0)
    assert "better than persistence" in [check.question for check in judged.failed]


def test_scores_of_nothing_are_no_numbers() -> None:
    empty = np.zeros((0, 2, 1), np.float32)
    assert score(empty, empty, empty, empty.astype(np.bool_)).figures() == {}


def test_scores_by_hand() -> None:
    future = np.array([[[1.0], [3.0]]], np.float32)
    one = score(np.zeros_like(future), np.zeros_like(future), future, np.array([[[True], [False]]]))
    assert (one.mse, one.mae, one.coverage) == (1.0, 1.0, 1.0)
    assert one.nll == pytest.approx(0.5 + 0.5 * np.log(2 * np.pi))


def test_naive_forecasts_by_hand() -> None:
    values = np.arange(20, dtype=np.float32)[:, None]
    windows = Windows(values, np.ones((20, 1), np.bool_), 4, np.array([1, 5]))
    assert persistence(windows, np.array([10])).ravel().tolist() == [10, 10]
    assert seasonal_naive(windows, np.array([10]), 4).ravel().tolist() == [7, 7]  # 11 - 4, 15 - 8


@pytest.mark.parametrize(("period", "season"), [(24.0, 24), (7.0, 7)])
def test_seasons_are_found(period: float, season: int) -> None:
    at, chance = np.arange(1000), np.random.default_rng(1)
    values = np.sin(2 * np.pi * at / period)[:, None] + 0.3 * chance.normal(size=(1000, 1))
    assert season_of(values) == season
    assert season_of(chance.normal(size=(1000, 1))) == 0
