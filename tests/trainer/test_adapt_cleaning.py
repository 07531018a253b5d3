"""What becomes a label, what is ignored, and what is background."""

import numpy as np
import pytest
from pydantic import ValidationError

from edge.contracts.boxes import iou
from edge.contracts.types import Detections
from tests.rigs.footage import seen, walk, walker
from trainer.adapt.cleaning import clean
from trainer.adapt.looks import Labelled, Look
from trainer.adapt.settings import CleaningSettings
from trainer.adapt.smoothing import smoothed

ASPECT = 16 / 9
USUAL = CleaningSettings()
ELSEWHERE = [0.7, 0.1, 0.76, 0.3]


def cleaned(looks: list[Look], settings: CleaningSettings = USUAL) -> tuple[Labelled, ...]:
    return clean(looks, ASPECT, settings)


def with_also(looks: list[Look], at: int, more: Detections) -> list[Look]:
    """The same with something else in one of the looks."""
    found = looks[at].found
    both = Detections(*(np.concatenate(pair) for pair in zip(columns(found), columns(more), strict=True)))
    return [Look(look.t_s, both) if n == at else look for n, look in enumerate(looks)]


def columns(found: Detections) -> tuple[np.ndarray, ...]:
    return found.box, found.score, found.label


def without(looks: list[Look], gone: range) -> list[Look]:
    return [Look(look.t_s, Detections.empty()) if n in gone else look for n, look in enumerate(looks)]


@pytest.mark.parametrize("count", [0, 1, 5])
def test_nothing_seen_is_nothing_labelled(count: int) -> None:
    frames = cleaned([Look(n / 10, Detections.empty()) for n in range(count)])
    assert [len(frame.box) + len(frame.unsure) for frame in frames] == [0] * count


def test_what_is_seen_all_along_is_labelled_where_it_was_seen_as_one_object() -> None:
    frames = cleaned(walk(20))
    assert [len(frame.box) for frame in frames] == [1] * 20
    assert {int(frame.track[0]) for frame in frames} == {0}
    assert min(float(iou(frame.box, seen([walker(frame.t_s)]).box)[0, 0]) for frame in frames) > 0.95


def test_a_flash_is_no_label_however_sure_the_teacher_is() -> None:
    frames = cleaned(with_also(walk(20), 9, seen([ELSEWHERE], 0.95)))
    assert [len(frame.box) for frame in frames] == [1] * 20
    assert [len(frame.unsure) for frame in frames] == [n == 9 for n in range(20)]


def test_a_moment_of_doubt_is_carried_by_the_sure_moments_around_it() -> None:
    looks = [Look(look.t_s, seen([walker(look.t_s)], 0.35 if n == 10 else 0.9)) for n, look in enumerate(walk(20))]
    assert [len(frame.box) for frame in cleaned(looks)] == [1] * 20


@pytest.mark.parametrize(("score", "labels", "unsure"), [(0.9, 12, 0), (0.45, 0, 12), (0.1, 0, 0)])
def test_an_object_is_labelled_ignored_or_background_by_its_scores(score: float, labels: int, unsure: int) -> None:
    frames = cleaned(walk(12, score))
    assert sum(len(frame.box) for frame in frames) == labels
    assert sum(len(frame.unsure) for frame in frames) == unsure


def test_a_short_gap_is_filled_on_the_line_and_marked_and_a_long_one_stays() -> None:
    trusting = CleaningSettings(keep_support=0.6)
    frames = cleaned(without(walk(20), range(9, 11)), trusting)
    assert [bool(frame.filled[0]) for frame in frames] == [n in {9, 10} for n in range(20)]
    assert float(iou(frames[10].box, seen([walker(1.0)]).box)[0, 0]) > 0.95
    assert [len(frame.box) for frame in cleaned(without(walk(30), range(9, 19)), trusting)][9:19] == [0] * 10


def test_nothing_is_filled_before_the_first_or_after_the_last_sighting() -> None:
    frames = cleaned(without(without(walk(20), range(5)), range(15, 20)))
    assert [n for n, frame in enumerate(frames) if len(frame.box)] == list(range(5, 15))
    assert all(not len(frame.unsure) for frame in frames)


def test_the_label_is_the_one_that_most_of_the_scores_vote_for() -> None:
    looks = [Look(look.t_s, seen([walker(look.t_s)], 0.9, int(n == 10))) for n, look in enumerate(walk(20))]
    assert {int(label) for frame in cleaned(looks) for label in frame.label} == {0}


def test_a_filled_box_behind_another_is_ignored() -> None:
    standing = [0.3, 0.4, 0.36, 0.6]
    looks = []
    for n in range(21):
        passing = [0.09 + 0.02 * n, 0.38, 0.17 + 0.02 * n, 0.65]
        looks.append(Look(n / 10, seen([passing] if 9 <= n <= 11 else [passing, standing])))
    settings = CleaningSettings(keep_support=0.3, hidden_share=0.6)
    frames = cleaned(looks, settings)
    assert [len(frame.box) for frame in frames] == [1 if 9 <= n <= 11 else 2 for n in range(21)]
    everything = cleaned(looks, settings.model_copy(update={"hidden_share": 1.0}))
    assert [len(frame.box) for frame in everything] == [2 - (n == 10) for n in range(21)]


def test_what_was_given_is_left_as_it_was() -> None:
    looks = walk(20)
    before = [look.found.box.copy() for look in looks]
    cleaned(looks)
    assert all(np.array_equal(a, look.found.box) for a, look in zip(before, looks, strict=True))


def test_smoothing_takes_jitter_away_and_leaves_turns() -> None:
    rng = np.random.default_rng(0)
    t_s = np.arange(40) / 20
    true = np.array([walker(t) for t in t_s], np.float32)
    jittery = (true + rng.normal(0, 0.001, true.shape)).astype(np.float32)
    assert np.abs(smoothed(t_s, jittery, 0.25) - true).mean() < 0.6 * np.abs(jittery - true).mean()
    jump = true.copy()
    jump[20:] += np.float32(0.2)
    assert np.array_equal(smoothed(t_s, jump, 0.25)[18:22], jump[18:22])
    assert np.array_equal(smoothed(t_s, jittery, 0), jittery)
    assert smoothed(t_s[:0], true[:0], 0.25).shape == (0, 4)


def test_another_scale_of_scores_moves_all_thresholds() -> None:
    ssd = USUAL.trusting(0.4)
    assert ssd.keep_support < USUAL.keep_support
    assert ssd.start_score < USUAL.start_score
    assert USUAL.trusting(0.6).keep_support == pytest.approx(USUAL.keep_support)
    with pytest.raises(ValidationError, match="must not be above"):
        CleaningSettings(keep_support=0.2, unsure_support=0.3)
