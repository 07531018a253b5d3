"""Live scores: of the newest comparisons, of the shadow, and how sure they are."""

import numpy as np
import pytest

from edge.contracts.types import F64
from edge.learning.live import BINS, LiveScores
from edge.learning.promotion import Score


def errors(count: int, exported: float, serving: float, candidate: float) -> tuple[F64, F64, F64]:
    return np.full(count, exported), np.full(count, serving), np.full(count, candidate)


def tracks(count: int, each: int) -> list[str]:
    return [f"track{number // each}" for number in range(count)]


def test_live_scores_are_of_the_newest_comparisons() -> None:
    live = LiveScores(3)
    assert live.told(5).newest == Score(0, 0.0, 0.0, 0.0) == live.told(5).shadow
    live.add(np.array([9.0, 1.0, 1.0, 1.0]), np.array([9.0, 2.0, 2.0, 2.0]), np.array([9.0, 3.0, 3.0, 3.0]), ["a"] * 4)
    assert live.told(5).newest == Score(3, 1.0, 2.0, 3.0)
    assert live.told(5).shadow == Score(4, 3.0, 3.75, 4.5)
    live.candidate_is_new()
    assert (live.told(5).newest.count, live.told(5).shadow.count) == (3, 0)
    live.server_is_new()
    assert live.told(5).newest.count == 0


@pytest.mark.parametrize(
    ("each", "candidate", "sure"),
    [
        (128, 0.5, -np.inf),  # all of one track
        (64, 0.5, -np.inf),
        (8, 0.5, 0.5),
        (8, 1.5, -0.5),
        (8, np.nan, -np.inf),
        (8, np.inf, -np.inf),
    ],
)
def test_many_comparisons_of_few_tracks_prove_nothing(each: int, candidate: float, sure: float) -> None:
    live = LiveScores(128)
    live.add(*errors(128, 1.0, 1.0, candidate), tracks(128, each))
    assert live.told(0).sure == pytest.approx(sure)


def test_a_gain_over_what_serves_that_one_track_alone_brings_is_not_sure() -> None:
    live = LiveScores(128)
    live.add(*errors(120, 1.0, 1.0, 1.0), tracks(120, 10))
    live.add(*errors(8, 1.0, 1.0, 0.1), ["lucky"] * 8)
    told = live.told(0)
    assert told.shadow.candidate < 0.95 * told.shadow.serving
    assert told.sure <= 0


def test_memory_is_bounded_however_many_tracks_there_are() -> None:
    live = LiveScores(8)
    live.add(*errors(5000, 1.0, 1.0, 0.5), tracks(5000, 1))
    assert live.bins.shape == (BINS, 4)
    assert live.told(0).shadow == Score(5000, 1.0, 1.0, 0.5)
    assert live.told(0).sure == pytest.approx(0.5)
