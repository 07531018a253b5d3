"""The rules of the Numenta benchmark, on cases worked out by hand and on scores that others published."""

import json

import numpy as np
import pytest

from edge.contracts.types import F64
from tests.bench.numenta import corpus, scoring
from tests.bench.numenta.corpus import Series
from tests.bench.numenta.made import BASES, EACH, made
from tests.paths import data

PUBLISHED = {"standard": "standard", "low_fp": "reward_low_FP_rate", "low_fn": "reward_low_FN_rate"}


def series(n: int, *windows: tuple[int, int]) -> Series:
    return Series("folder/a.csv", np.arange(n, dtype=np.float64), np.zeros(n), windows)


def standard(one: Series, detections: dict[int, float]) -> scoring.Result:
    scores: F64 = np.zeros(len(one.value))
    scores[list(detections)] = list(detections.values())
    return scoring.results([one], {one.name: scores})["standard"]


def test_no_series_no_score() -> None:
    assert scoring.results([], {})["standard"].score == 0


@pytest.mark.parametrize(
    ("detections", "score"),
    [
        ({}, 0.0),
        ({400: 1.0}, 100.0),  # the left edge
        ({400: 1.0, 410: 1.0, 440: 1.0}, 100.0),  # only the earliest counts
        ({100: 1.0}, 0.0),  # in the first 15 %
        ({400: 1.0, 300: 0.5}, 100.0),  # the threshold leaves the false one out
        ({400: 0.5, 300: 1.0}, 100 - 100 * 0.11 / 2),  # and cannot here
    ],
)
def test_detections_by_hand(detections: dict[int, float], score: float) -> None:
    assert standard(series(1000, (400, 499)), detections).score == pytest.approx(score)


def test_scores_must_fit_their_series() -> None:
    with pytest.raises(ValueError, match="9 scores for 10 readings"):
        scoring.results([series(10)], {"folder/a.csv": np.zeros(9)})


@pytest.mark.parametrize("detector", ["windowedGaussian", "knncad"])
def test_published_scores_are_reproduced(detector: str) -> None:
    folder = data("nab")
    results = scoring.results(corpus.load(folder), corpus.published(folder, detector))
    expected = json.loads((folder / "final_results.json").read_text())[detector]
    for profile, theirs in PUBLISHED.items():
        assert round(results[profile].score, 4) == round(expected[theirs], 4)


def test_made_series_are_the_same_for_a_seed_and_have_windows_of_a_tenth() -> None:
    ones, again = made(0), made(0)
    assert len(ones) == EACH * len(BASES)
    assert sum(len(one.windows) for one in ones) > 100
    for one, same in zip(ones, again, strict=True):
        assert one.value.tolist() == same.value.tolist()
        assert np.isfinite(one.value).all()
        assert sum(last - first for first, last in one.windows) <= 0.1 * len(one.value)
