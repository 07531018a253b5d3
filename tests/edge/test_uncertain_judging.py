"""Which looks are doubtful, and why."""

from collections.abc import Sequence

import numpy as np
import pytest

from edge.contracts.types import Detections, Opinion, SubLabel, Tracks
from edge.uncertain.judging import Judge, Judged
from edge.uncertain.look import Look
from edge.uncertain.record import Reason
from tests.rigs.doubts import HERE, THERE, look
from tests.rigs.labelled import found
from tests.rigs.tracks import tracks

NEAR = 0.1
SURE = (0, 0.9, HERE)


def judged(*looks: Look) -> list[Judged | None]:
    judge = Judge(NEAR)
    return [judge.step(one) for one in looks]


def reasons(middle: Look, before: Look | None = None, after: Look | None = None) -> list[tuple[str, str, int]]:
    """Of the middle one of three looks; those around it are as it is where nothing is said."""
    around = [look(1, middle.detections, middle.tracks), look(3, middle.detections, middle.tracks)]
    said = judged(before or around[0], middle, after or around[1])[-1]
    return [(one.reason.value, one.label, one.track) for one in said.doubts] if said else []


def here(lost_s: float = 0.0, label: int = 0) -> Tracks:
    return tracks([HERE], ids=[7], label=label, lost_s=lost_s)


def test_nothing_is_doubtful_about_nothing() -> None:
    assert judged() == []
    assert judged(*(look(number) for number in range(1, 5))) == [None] * 4


def test_a_sure_finding_that_is_followed_is_not_doubtful() -> None:
    assert reasons(look(2, found(SURE), here())) == []


@pytest.mark.parametrize(
    ("score", "doubtful"), [(0.39, False), (0.41, True), (0.5, True), (0.59, True), (0.61, False), (0.02, False)]
)
def test_scores_near_the_threshold(score: float, doubtful: bool) -> None:
    assert reasons(look(2, found((0, score, HERE)), here())) == ([("score", "car", 7)] if doubtful else [])


def test_the_nearer_to_the_threshold_the_more_it_tells() -> None:
    said = judged(*(look(number, found((0, 0.5, HERE), (0, 0.58, THERE))) for number in (1, 2, 3)))[-1]
    assert said is not None
    first, second = said.doubts
    assert first.weight == pytest.approx(0.5)
    assert second.weight == pytest.approx(0.1, abs=1e-3)


def test_a_label_that_flips_along_a_track() -> None:
    assert reasons(look(2, found((1, 0.8, HERE)), here()), look(1, found(SURE), here())) == [("label", "van", 7)]


def test_two_labels_on_one_object_are_no_flip() -> None:
    assert reasons(look(2, found(SURE, (1, 0.7, HERE)), here())) == []


def test_what_appears_for_one_look() -> None:
    empty = [look(1), look(3)]
    assert reasons(look(2, found(SURE)), *empty) == [("appeared", "car", -1)]


@pytest.mark.parametrize(
    "detections",
    [
        found((0, 0.3, HERE)),  # too weak to be an object
        found((0, 0.9, (0.0, 0.25, 0.25, 0.5))),  # comes and goes at the edge
        found((0, 0.9, (0.75, 0.25, 1.0, 0.5))),
    ],
)
def test_what_does_not_count_as_appearing(detections: Detections) -> None:
    assert reasons(look(2, detections), look(1), look(3)) == []


@pytest.mark.parametrize("other", [found(SURE), found((1, 0.3, (0.4, 0.25, 0.65, 0.5)))])
def test_what_is_seen_again_near_by_has_not_appeared_for_one_look(other: Detections) -> None:
    assert reasons(look(2, found(SURE)), look(1, other), look(3)) == []
    assert reasons(look(2, found(SURE)), look(1), look(3, other)) == []


def test_a_track_that_is_missed_once() -> None:
    seen = [look(1, found(SURE), here()), look(3, found(SURE), here())]
    assert reasons(look(2, tracks=here(0.1)), *seen) == [("missed", "car", 7)]


def test_a_track_that_stays_away_has_gone_and_was_not_missed() -> None:
    assert reasons(look(2, tracks=here(0.1)), look(1, found(SURE), here()), look(3, tracks=here(0.2))) == []


def test_looks_that_are_far_apart_say_nothing_about_each_other() -> None:
    far = [look(1, t_s=0.0), look(2, found(SURE), t_s=2.0), look(3, t_s=4.0)]
    assert judged(*far) == [None] * 3
    near = [look(1, t_s=0.0), look(2, found(SURE), t_s=0.5), look(3, t_s=1.0)]
    assert judged(*near)[-1] is not None


def test_after_a_dropped_look_judging_begins_anew() -> None:
    assert judged(look(1), look(2, found(SURE)), look(4)) == [None] * 3
    assert judged(look(4), look(5, found(SURE)), look(6))[-1] is not None


def opinion(*objects: tuple[int, float, tuple[float, float, float, float]], knows: Sequence[int] = (0, 1)) -> Opinion:
    return Opinion(found(*objects), np.array(knows, np.int64))


@pytest.mark.parametrize(
    ("opinions", "disputed"),
    [
        ([], []),
        ([opinion(SURE)], []),
        ([opinion(SURE), opinion((0, 0.45, HERE))], []),  # the second one nearly sees it
        ([opinion(SURE), opinion()], [("models", "car", 7)]),
        ([opinion(SURE), opinion(knows=[1])], []),  # the second one knows no cars
        ([opinion(SURE), opinion((1, 0.9, HERE))], [("models", "car", 7), ("models", "van", 7)]),
        ([opinion(SURE), opinion((0, 0.9, THERE))], [("models", "car", 7), ("models", "car", -1)]),
    ],
)
def test_models_that_disagree(opinions: list[Opinion], disputed: list[tuple[str, str, int]]) -> None:
    assert reasons(look(2, found(SURE), here(), opinions=opinions)) == disputed


@pytest.mark.parametrize(("score", "doubtful"), [(0.45, False), (0.55, True), (0.65, True), (0.75, False)])
def test_a_second_stage_that_is_nearly_sure(score: float, doubtful: bool) -> None:
    said = reasons(look(2, found(SURE), here(), closest={7: SubLabel("rex", score), 9: SubLabel("rex", 0.6)}))
    assert said == ([("sub_label", "car", 7)] if doubtful else [])


def test_a_label_without_a_name_is_called_by_its_number() -> None:
    assert reasons(look(2, found((2, 0.5, HERE)))) == [("score", "2", -1)]


def test_every_reason_can_be_given() -> None:
    told = {Reason.SCORE, Reason.LABEL, Reason.APPEARED, Reason.MISSED, Reason.MODELS, Reason.SUB_LABEL}
    assert told == set(Reason)


def test_a_judge_keeps_one_picture_beside_the_newest() -> None:
    judge, pictures = Judge(NEAR), [np.zeros((48, 64, 3), np.uint8) for _ in range(4)]
    said = [judge.step(look(number, found((0, 0.5, HERE)), pixels=pixels)) for number, pixels in enumerate(pictures)]
    assert [one.look.pixels is pictures[number] for number, one in enumerate(said, -1) if one] == [True, True]
    assert sum(one.pixels.size > 0 for one in judge._looks) == 2
