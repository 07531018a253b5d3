"""Who serves by the score, and what is kept of it."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from edge.contracts.forecast_scores import Serving
from edge.contracts.stored import Json
from edge.forecast.judging import Verdict
from edge.forecast.scoreboard import Scoreboard
from edge.forecast.settings import GuardSettings
from edge.forecast.tally import Tally

HORIZONS_S = (1.0, 2.0)
SETTINGS = GuardSettings(margin=0.1, samples=20, memory=100)


def board(model: str = "turner") -> Scoreboard:
    return Scoreboard(SETTINGS, HORIZONS_S, model, "a" * 64 if model else "")


def off(straight: float, learned: float, count: int = 25, horizons: tuple[int, ...] = (0, 1)) -> list[Verdict]:
    """So many comparisons at each horizon, all with the same errors."""
    error = np.repeat([[straight], [learned]], count, axis=1)
    return [Verdict(horizon, error, np.ones_like(error)) for horizon in horizons]


def test_nothing_compared_yet() -> None:
    score = Tally.empty(2).score(HORIZONS_S)
    assert np.isnan([score.ade, score.fde]).all()
    assert [one.samples for one in score.horizons] == [0, 0]
    assert board().standing.serving is Serving.STRAIGHT


def test_a_tally_is_a_mean_that_forgets() -> None:
    tally = Tally.empty(1)
    for error in (1.0, 2.0, 3.0):
        tally.add(0, np.array([error]), np.array([1.0]), memory=1000)
    assert tally.error[0] == pytest.approx(2.0, abs=0.01)
    for _ in range(10):
        tally.add(0, np.full(1000, 5.0), np.zeros(1000), memory=1000)
    assert tally.error[0] == pytest.approx(5.0, abs=0.001)
    assert tally.cover[0] == pytest.approx(0.0, abs=0.001)
    assert tally.count[0] == 1000


@pytest.mark.parametrize("told", [0.3, 1.0, 3.0])
def test_the_stretch_makes_a_sigma_right(told: float) -> None:
    """`told` is how many times too wide the network believes its ways to be."""
    scores, random = board(), np.random.default_rng(4)
    inside = []
    for _ in range(400):
        off = np.abs(random.normal(0, 1, (2, 5, 2)))
        cover = (off < told * scores.stretch[0]).mean(axis=-1)
        scores.take([Verdict(0, np.ones((2, 5)), cover)])
        inside.append(cover[1].mean())
    assert np.mean(inside[-200:]) == pytest.approx(0.683, abs=0.04)
    assert told * scores.stretch[0] == pytest.approx(1.0, abs=0.25)
    assert scores.stretch[1] == 1


@pytest.mark.parametrize(
    ("verdicts", "serving"),
    [
        ([], Serving.STRAIGHT),
        (off(1.0, 0.5), Serving.LEARNED),
        (off(1.0, 0.95), Serving.STRAIGHT),  # not by the margin
        (off(1.0, 0.5, count=19), Serving.STRAIGHT),  # too few
        (off(1.0, 0.5, horizons=(0,)), Serving.LEARNED),  # nothing lives as long as the other horizon
        (off(1.0, 0.5) + off(0.1, 0.4, count=60), Serving.STRAIGHT),  # mostly worse, if by little
        (off(0.1, 0.01, count=60) + off(1.0, 1.5), Serving.STRAIGHT),  # mostly better, and worse where it matters
    ],
)
def test_who_serves(verdicts: list[Verdict], serving: Serving) -> None:
    scores = board()
    scores.take(verdicts)
    assert scores.standing.serving is serving


def test_who_serves_goes_on_until_it_is_no_better_any_more() -> None:
    scores = board()
    told = []
    for learned in (0.95, 0.5, 0.95, 0.95, 1.2, 1.2, 0.95, 0.5):
        scores.take(off(1.0, learned, count=400))
        told.append(scores.standing.serving is Serving.LEARNED)
    assert told == [False, True, True, True, False, False, False, True]


def test_a_model_that_was_given_up_does_not_come_back() -> None:
    scores = board()
    scores.take(off(1.0, 0.5))
    scores.give_up("it failed")
    scores.take(off(1.0, 0.5))
    assert (scores.standing.serving, scores.standing.trouble) == (Serving.STRAIGHT, "it failed")


def test_what_is_kept_passes_through_json() -> None:
    scores = board()
    scores.take(off(1.0, 0.5))
    scores.take(off(1.0, 0.97, count=400))
    again = board()
    again.restore(json.loads(json.dumps(scores.kept())))
    assert again.standing == scores.standing
    assert again.stretch.tolist() == scores.stretch.tolist()
    assert again.standing.serving is Serving.LEARNED  # within the margin: it is remembered who served


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "b" * 64},
        {"horizons_s": [1.0, 3.0]},
        {"learned": None},
        {"learned": "x"},
        {"stretch": [10**400, 1]},
        {"learned": [[1, 2]]},
        {"learned": [[1, 2], [1, float("nan")], [0, 0]]},
        {"straight": [[-1, 2], [1, 1], [0, 0]]},
        {"ratio": [[1, [2]], 3]},
        {"stretch": [1.0]},
        {"stretch": [float("inf"), 1.0]},
    ],
)
def test_what_was_kept_of_something_else_or_is_damaged_begins_anew(change: Mapping[str, Any]) -> None:
    scores = board()
    scores.take(off(1.0, 0.5))
    kept = scores.kept()
    assert isinstance(kept, Mapping)
    again = board()
    again.restore({**kept, **change})
    nothing: list[Json] = [None, [], "x", 3]
    for one in nothing:
        again.restore(one)
    assert again.standing.serving is Serving.STRAIGHT
    assert again.standing.straight.horizons[0].samples == 0
