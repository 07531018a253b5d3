"""Names by example: what is kept, what is known of it, what is left unknown."""

import numpy as np
import pytest

from edge.contracts.types import F32, F64, I64
from edge.teaching.examples import Examples, forgotten, taught
from edge.teaching.fitting import imprinted, scale, softmax, tuned, unit
from edge.teaching.judging import leave_out
from edge.teaching.knowledge import know
from edge.teaching.others import Others
from edge.teaching.rejecting import STRICT, limit
from edge.teaching.settings import TeachingSettings
from tests.rigs.coco_crops import coco_crops
from tests.rigs.groups import blobs

NO_OTHERS: F32 = np.zeros((0, 32), np.float32)


def vectors(count: int, seed: int = 0) -> F32:
    return unit(np.random.default_rng(seed).normal(size=(count, 4))).astype(np.float32)


def lessons(*told: tuple[str, str, int], most: int = 9) -> Examples:
    """Name, lesson and how many looks, one after another."""
    found = Examples.none()
    for seed, (name, lesson, count) in enumerate(told):
        found = taught(found, name, lesson, vectors(count, seed), most)
    return found


def of_blobs(found: F32, true: I64) -> Examples:
    """Every look a lesson of its own."""
    names = tuple(f"name {one}" for one in range(int(true.max()) + 1))
    return Examples(names, found, true, tuple(map(str, range(len(true)))))


def kept(examples: Examples) -> list[tuple[str, str]]:
    return [
        (examples.names[label], lesson) for label, lesson in zip(examples.label.tolist(), examples.lesson, strict=True)
    ]


def test_nothing_was_taught() -> None:
    nothing = Examples.none()
    assert (len(nothing), nothing.counts(), kept(forgotten(nothing, "rex"))) == (0, (), [])
    known = know(nothing, np.zeros((0, 0), np.float32), 0.05, fine=True)
    assert (known.report.names, known.report.accuracy, known.look(vectors(2))) == ((), None, None)


def test_lessons_are_added_corrected_and_forgotten() -> None:
    both = lessons(("rex", "a", 2), ("bob", "b", 1))
    assert kept(both) == [("rex", "a"), ("rex", "a"), ("bob", "b")]
    corrected = taught(both, "bob", "a", vectors(2), 9)
    assert (corrected.names, kept(corrected)) == (("bob",), [("bob", "b"), ("bob", "a"), ("bob", "a")])
    assert kept(forgotten(both, "rex")) == [("bob", "b")]
    assert kept(both) == [("rex", "a"), ("rex", "a"), ("bob", "b")]


def test_of_a_name_with_too_many_looks_the_largest_lesson_loses_its_oldest() -> None:
    found = lessons(("rex", "a", 3), ("bob", "b", 2), ("rex", "c", 2), most=4)
    assert kept(found) == [("rex", "a"), ("rex", "a"), ("bob", "b"), ("bob", "b"), ("rex", "c"), ("rex", "c")]
    assert np.array_equal(found.vector[:2], vectors(3)[1:])
    assert lessons(("rex", "a", 8), most=4).counts() == (4,)


def test_imprinted_weights_are_the_directions_of_the_means() -> None:
    looks: F64 = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    weight = imprinted(looks, np.array([0, 0, 2]), 3)
    assert np.allclose(weight, [[0.5**0.5, 0.5**0.5], [0, 0], [0, -1]])


def test_tuned_weights_follow_the_gradient_of_the_softmax() -> None:
    """One step against differences of the loss."""
    found, true = blobs(3, 4, seed=2, spread=2.0)
    looks = found.astype(np.float64)
    begin = imprinted(looks, true, 3)

    def loss(weight: F64) -> float:
        return float(-np.log(softmax(10 * looks @ weight.T)[np.arange(len(true)), true]).mean())

    slope = np.zeros_like(begin)
    for place in np.ndindex(*begin.shape):
        step = np.zeros_like(begin)
        step[place] = 1e-6
        slope[place] = (loss(begin + step) - loss(begin - step)) / 2e-6
    after = tuned(looks, true, 3)
    assert loss(after) < loss(begin)
    moved = (unit(begin - 1e-4 * slope) - begin).ravel()
    assert moved @ (after - begin).ravel() > 0.5 * np.linalg.norm(moved) * np.linalg.norm(after - begin)


def test_numbers_that_vary_with_everything_count_less() -> None:
    seen = np.zeros((30, 3), np.float32)
    seen[:, 1] = np.linspace(-1, 1, 30)
    factors = scale(seen)
    assert factors[1] < factors[0] == factors[2]
    assert scale(seen[:19]).tolist() == [1, 1, 1]
    assert scale(np.ones((30, 3), np.float32)).tolist() == [1, 1, 1]


def test_leaving_out_hides_a_look_and_all_of_its_lesson() -> None:
    asked: list[int] = []

    def counting(looks: F64, label: I64, classes: int) -> F64:
        asked.append(len(looks))
        return imprinted(looks, label, classes)

    one_lesson = lessons(("rex", "a", 3), ("bob", "b", 1))
    trial = leave_out(one_lesson, one_lesson.vector.astype(np.float64), counting)
    assert (asked, trial.asked.tolist()) == ([3, 3, 3], [True, True, True, False])
    asked.clear()
    two = lessons(("rex", "a", 3), ("rex", "c", 2))
    leave_out(two, two.vector.astype(np.float64), counting)
    assert asked == [2, 3]


def test_left_out_cosines_are_those_of_the_whole_vectors() -> None:
    found, true = blobs(2, 3, seed=3)
    examples = of_blobs(found, true)
    looks = unit(found.astype(np.float64))
    trial = leave_out(examples, looks, imprinted)
    first = [int(np.flatnonzero(true == one)[0]) for one in (0, 1)]
    rest = np.setdiff1d(np.arange(6), first)
    assert np.allclose(trial.cosine[first], looks[first] @ imprinted(looks[rest], true[rest], 2).T)


def test_the_limit_lies_above_other_things_and_never_above_most_examples() -> None:
    found, true = blobs(1, 30, seed=4, spread=1.5)
    one = of_blobs(found, true)
    trial = leave_out(one, unit(found.astype(np.float64)), imprinted)
    lowest, median, highest = np.quantile(trial.cosine[:, 0], [0.1, 0.5, 0.8]).tolist()

    def of(nearest: float, count: int = 101) -> float:
        """Where other things are as alike as this, and less."""
        return limit(trial, true, np.linspace(nearest - 1, nearest, count)[:, None], 0.05)

    assert of(median) == pytest.approx(max(median - 0.05, (median - 0.05 + lowest) / 2))
    assert of(lowest) == pytest.approx(lowest - 0.025)
    assert of(0.3) == pytest.approx((0.25 + lowest) / 2)
    assert of(1.0) == pytest.approx(min(highest, 0.95))
    assert of(1.2) == pytest.approx(highest)
    assert of(0.3, count=5) == pytest.approx(median)
    lone = of_blobs(vectors(1), np.zeros(1, np.int64))
    assert (
        limit(leave_out(lone, lone.vector.astype(np.float64), imprinted), lone.label, np.zeros((9, 1)), 0.05) == STRICT
    )


def test_taught_things_get_their_names_and_others_none() -> None:
    found, true = blobs(4, 60, seed=1, spread=0.5)
    train, other = np.flatnonzero(true < 2)[:20], np.flatnonzero(true == 2)[:40]
    known = know(of_blobs(found[train], true[train]), found[other], 0.05, fine=True)
    assert known.report.accuracy == 1
    assert known.report.false_accepts <= 0.05
    assert sum(map(sum, known.report.confusion)) == len(train)
    for name in (0, 1):
        rest = np.setdiff1d(np.flatnonzero(true == name), train)
        called = [known.look(found[row][None]) for row in rest]
        assert {one.name for one in called if one} == {f"name {name}"}
        assert sum(one is not None for one in called) > 0.8 * len(rest)
        assert all(0 < one.score <= 1 for one in called if one)
    strangers = [known.look(found[row][None]) for row in np.flatnonzero(true == 3)]
    assert sum(one is not None for one in strangers) <= 6


def test_labels_at_random_are_seen_for_what_they_are() -> None:
    found, _ = blobs(1, 40, seed=1)
    true = np.arange(40) % 2
    known = know(of_blobs(found, true), NO_OTHERS, 0.05, fine=True)
    assert known.report.accuracy is not None
    assert known.report.accuracy < 0.8


def test_a_lone_name_is_known_and_what_is_unlike_it_is_not() -> None:
    found, true = blobs(2, 10, seed=1)
    known = know(of_blobs(found[true == 0][:5], np.zeros(5, np.int64)), NO_OTHERS, 0.05, fine=True)
    assert known.look(found[true == 0][:5]) is not None
    assert known.look(found[true == 1]) is None
    assert known.look(vectors(1)) is None


def test_the_sample_of_others_is_bounded_and_forgets() -> None:
    others = Others(8)
    for number in range(1000):
        others.add(str(number), np.full(2, number, np.float32))
    assert (len(others), others.seen, others.array(2).shape) == (8, 1000, (8, 2))
    assert min(map(int, others.lesson)) > 500
    gone = others.lesson[3]
    others.drop(gone)
    assert (len(others), gone in others.lesson) == (7, False)


def test_real_crops_of_the_half_that_settings_were_chosen_on() -> None:
    """Cats against people: five crops of each."""
    crops = coco_crops("train2017", most=40)
    values, counts = np.unique(crops.label, return_counts=True)
    common = values[np.argsort(-counts)][:2]
    rows = [np.flatnonzero(crops.label == one) for one in common]
    looks = unit(crops.vector.astype(np.float64)).astype(np.float32)
    train = np.concatenate([each[:5] for each in rows])
    others = looks[~np.isin(crops.label, common)]
    known = know(of_blobs(looks[train], np.repeat([0, 1], 5)), others, TeachingSettings().false_accepts, fine=True)
    right = [known.look(looks[row][None]) for row in rows[0][5:]]
    assert known.report.false_accepts <= 0.25
    assert sum(one is not None and one.name == "name 0" for one in right) > sum(
        one is not None and one.name == "name 1" for one in right
    )
