"""The demo's score against the exact truth."""

import numpy as np

from edge.contracts.types import F32, Forecasts, Tracks
from edge.demo.score import Moment, forecast_errors, matches, right_kind, score
from edge.demo.truth import Truth

HORIZON_S = np.array([1.0, 2.0], np.float32)


def box(left: float) -> list[float]:
    return [left, 0.4, left + 0.1, 0.6]


def boxes(*left: float) -> F32:
    return np.array([box(x) for x in left], np.float32).reshape(-1, 4)


def tracks(ids: list[int], box: F32) -> Tracks:
    row = np.zeros(len(ids), np.float32)
    past, age = np.zeros((len(ids), 0, 4), np.float32), np.zeros((len(ids), 0), np.float32)
    identity = np.array(ids, np.int64)
    return Tracks(identity, box, np.zeros_like(box), row, identity, row, row, row, row, past, age)


def moment(t_s: float, truth: dict[int, float], said: dict[int, float], ahead_m: float = 0.0) -> Moment:
    """Objects and tracks by id and left edge; forecasts go on by `ahead_m` a second."""
    found = boxes(*said.values())
    coming = found[:, None] + HORIZON_S[None, :, None] * np.array([ahead_m, 0, ahead_m, 0], np.float32)
    ids = np.array(list(truth), np.int64)
    true = Truth(ids, np.zeros_like(ids), boxes(*truth.values()), np.ones(len(ids), np.float32))
    sigma = np.zeros((len(said), 2), np.float32)
    future = Forecasts.single(np.array(list(said), np.int64), HORIZON_S, coming.astype(np.float32), sigma)
    return Moment(t_s, true, tracks(list(said), found), future)


def test_nothing_to_score() -> None:
    nothing = score([], 0.5, 0.5)
    assert (nothing.objects, nothing.recall, nothing.precision, nothing.switches) == (0, 1.0, 1.0, 0)
    assert forecast_errors([], 0.5).shape == (0,)
    assert matches(boxes(), boxes(), 0.5) == []


def test_each_row_is_matched_once_best_first() -> None:
    assert matches(boxes(0.1, 0.12), boxes(0.12), 0.3) == [(1, 0)]


def test_recall_precision_and_switches() -> None:
    result = score([moment(0, {1: 0.1, 2: 0.5}, {7: 0.1}), moment(1, {1: 0.1}, {8: 0.1, 9: 0.8})], 0.5, 0.5)
    assert (result.objects, result.found, result.tracked, result.right, result.switches) == (3, 2, 3, 2, 1)
    assert result.mota == 1 - (1 + 1 + 1) / 3


def test_tracks_of_the_right_kind() -> None:
    clip = [moment(0, {1: 0.1, 2: 0.5}, {0: 0.1, 1: 0.5})]  # both are persons; a track's label is its id here
    assert right_kind([], 0.5, ("person",)) == 1.0
    assert right_kind(clip, 0.5, ("person", "car")) == 0.5
    assert right_kind(clip, 0.5, ("person", "person")) == 1.0


def test_an_object_that_goes_on_is_forecast_without_error() -> None:
    clip = [moment(t, {1: 0.1 + 0.1 * t}, {7: 0.1 + 0.1 * t}, 0.1) for t in range(4)]
    assert np.allclose(forecast_errors(clip, 0.5), [0, 0], atol=1e-5)


def test_a_forecast_that_stands_errs_by_the_way_gone() -> None:
    clip = [moment(t, {1: 0.1 + 0.1 * t}, {7: 0.1 + 0.1 * t}) for t in range(4)]
    assert np.allclose(forecast_errors(clip, 0.5), [0.5, 1.0], atol=1e-5)


def test_horizons_beyond_the_clip_have_no_error() -> None:
    assert np.isnan(forecast_errors([moment(0, {1: 0.1}, {7: 0.1})], 0.5)).all()
