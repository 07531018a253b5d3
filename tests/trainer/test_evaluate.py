from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.errors import ModelError
from edge.contracts.types import Detections
from tests.paths import data
from tests.rigs.labelled import dataset, found, picture
from trainer.evaluate.bootstrap import compare, compare_map
from trainer.evaluate.coco import evaluate_coco
from trainer.evaluate.evaluation import evaluate
from trainer.evaluate.matches import ClassMatches, average_precisions, mean_ap
from trainer.evaluate.relabel import label_map, relabel
from trainer.evaluate.running import read_detector, read_pixels, run_model
from trainer.evaluate.thresholds import best_cut, reliability

LEFT, RIGHT, CORNER = (0.1, 0.1, 0.5, 0.9), (0.6, 0.1, 0.9, 0.9), (0.0, 0.9, 0.1, 1.0)


def matched(scores: list[float], right: list[int], pictures: list[int], truths: list[int]) -> ClassMatches:
    return ClassMatches(np.array(pictures, np.int64), np.array(scores), np.array(right, bool), np.array(truths))


def test_nothing_to_find_and_nothing_found() -> None:
    for empty in (dataset(), dataset(picture()), dataset(picture(), labels=())):
        result = evaluate(empty, [Detections.empty()] * len(empty))
        assert result.coco.scores.ap50 == -1
        assert result.boxes == result.confusion.sum() == 0
        assert np.isnan(mean_ap(result.coco.matches, np.ones((1, len(empty)))))


def test_perfect_and_blind() -> None:
    truth = dataset(picture((0, LEFT), (1, RIGHT)), picture((1, LEFT)))
    perfect = [found((0, 0.9, LEFT), (1, 0.8, RIGHT)), found((1, 0.7, LEFT))]
    assert evaluate_coco(truth, perfect).scores.ap == pytest.approx(1)
    assert evaluate_coco(truth, [Detections.empty()] * 2).scores.ap == 0
    assert evaluate_coco(truth, perfect).class_ap50.tolist() == pytest.approx([1, 1])


def test_refuses_results_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="0 results for 1 pictures"):
        evaluate_coco(dataset(picture()), [])
    with pytest.raises(ValueError, match="label 2"):
        evaluate_coco(dataset(picture()), [found((2, 0.5, LEFT))])


def test_cuts_where_f1_is_best() -> None:
    matches = matched([0.9, 0.8, 0.7, 0.2], [1, 1, 0, 0], [0, 0, 0, 0], [2])
    assert astuple(best_cut(matches)) == (0.8, 1.0, 1.0, 1.0)
    assert astuple(best_cut(matched([0.9], [0], [0], [1]))) == (1.0, 0.0, 0.0, 0.0)
    assert best_cut(matched([], [], [], [1])).score == 1.0
    equal = matched([0.5, 0.5, 0.5], [1, 0, 0], [0, 0, 0], [1])
    assert best_cut(equal).precision == pytest.approx(1 / 3)  # one threshold cannot part equal scores


def test_tells_honest_scores_from_boasting() -> None:
    none = reliability([])
    assert none.count.sum() == 0
    assert np.isnan(none.error)
    honest = matched([0.75] * 4, [1, 1, 1, 0], [0] * 4, [3])
    assert reliability([honest]).error == pytest.approx(0)
    assert reliability([matched([0.95] * 4, [0] * 4, [0] * 4, [3])]).error == pytest.approx(0.95)


def test_counts_what_was_taken_for_what() -> None:
    truth = dataset(picture((0, LEFT), (1, RIGHT), (1, CORNER)), picture((0, LEFT)))
    seen = [found((0, 0.9, LEFT), (0, 0.8, RIGHT), (1, 0.7, CORNER)), found((1, 0.75, RIGHT), (0, 0.95, LEFT))]
    result = evaluate(truth, seen)
    assert [cut.score for cut in result.cuts] == pytest.approx([0.9, 0.7])
    assert result.confusion.tolist() == [[2, 0, 0], [0, 1, 1], [0, 1, 0]]
    loose = evaluate(truth, [found((0, 0.9, LEFT), (1, 0.99, LEFT), (1, 0.98, CORNER)), found()])
    assert loose.confusion.tolist() == [[1, 0, 1], [0, 1, 1], [0, 1, 0]]  # a duplicate steals nothing


def test_counts_sizes_in_pixels() -> None:
    objects = ((0, (0.0, 0.0, 0.1, 0.1)), (0, LEFT))
    sizes = [evaluate(dataset(picture(*objects, size=(n, n))), [found()]).sizes for n in (50, 200, 2000)]
    assert [[row.boxes for row in rows] for rows in sizes] == [[2, 0, 0], [1, 0, 1], [0, 0, 2]]
    assert sizes[0][2].ap == -1


def test_weights_pictures_as_if_they_were_there_so_often() -> None:
    once = matched([0.9, 0.8, 0.6, 0.3], [1, 0, 1, 1], [0, 1, 1, 0], [2, 2])
    twice = matched([0.9, 0.9, 0.8, 0.6, 0.3, 0.3], [1, 1, 0, 1, 1, 1], [0, 2, 1, 1, 0, 2], [2, 2, 2])
    expected = average_precisions(twice, np.ones((1, 3)))[0]
    weights = np.array([[2.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    assert average_precisions(once, weights)[:2] == pytest.approx([expected, np.nan], nan_ok=True)
    assert average_precisions(once, weights)[2] == pytest.approx(1.0)


def test_compares_two_models_on_the_same_pictures() -> None:
    count = 250
    right = np.ones(count, bool)
    good = matched([0.9] * count, right.tolist(), list(range(count)), [1] * count)
    right[:25] = False
    worse = matched([0.9] * count, right.tolist(), list(range(count)), [1] * count)
    same, lost = compare([good], [good]), compare([good], [worse])
    assert (same.change, same.low, same.high, same.certain) == (0, 0, 0, False)
    assert lost.certain
    assert lost.low < lost.change < lost.high < 0
    assert lost == compare([good], [worse])  # the draws are repeatable
    assert "a real difference" in lost.words()
    assert compare([worse], [good]).change == -lost.change


def test_compares_over_all_ious_too() -> None:
    truth = dataset(*(picture((0, LEFT), (1, RIGHT)) for _ in range(100)))
    exact = [found((0, 0.9, LEFT), (1, 0.8, RIGHT))] * 100
    loose = [found((0, 0.9, (0.1, 0.1, 0.5, 0.7)), (1, 0.8, RIGHT))] * 50 + exact[50:]  # IoU 0.75
    before, after = evaluate_coco(truth, exact), evaluate_coco(truth, loose)
    lost = compare_map(before, after)
    assert (lost.first, lost.second) == pytest.approx((before.scores.ap, after.scores.ap), abs=1e-9)
    assert lost.boxes == 200
    assert lost.low < lost.change < lost.high < 0
    assert "points of mAP" in lost.words()
    assert compare(before.matches, after.matches).change == 0  # at IoU 0.5 all of them count


def test_says_when_there_are_too_few_boxes() -> None:
    few = compare([matched([0.9], [1], [0], [199])], [matched([0.9], [0], [0], [199])])
    assert "too few boxes to tell" in few.words()
    assert not few.certain
    assert compare([matched([], [], [], [200])], [matched([], [], [], [200])]).enough
    assert not compare([matched([], [], [], [0])], [matched([], [], [], [0])]).certain


def test_compares_nothing_that_was_matched_elsewhere() -> None:
    with pytest.raises(ValueError, match="different pictures"):
        compare([matched([], [], [], [1])], [matched([], [], [], [2])])
    with pytest.raises(ValueError, match="0 and 0 classes"):
        compare([], [])


def test_brings_labels_together_by_name() -> None:
    rows = label_map(("Dog", "", "traffic_light"), ("traffic light", "cat", "dog"))
    assert rows.tolist() == [2, -1, 0]
    kept = relabel(found((0, 0.5, LEFT), (1, 0.4, RIGHT), (2, 0.3, LEFT)), rows)
    assert (kept.label.tolist(), kept.score.tolist()) == ([2, 0], pytest.approx([0.5, 0.3]))
    assert len(relabel(Detections.empty(), rows)) == 0
    with pytest.raises(ModelError, match="no label in common"):
        label_map(("a", ""), ("b",))


def test_runs_a_model_as_the_daemon_does(tmp_path: Path) -> None:
    path = data("images", "cats_and_dogs.jpg")
    pixels = read_pixels(path)
    assert pixels is not None
    size = (pixels.shape[1], pixels.shape[0])
    broken, absent = tmp_path / "broken.jpg", tmp_path / "absent.jpg"
    broken.write_bytes(path.read_bytes()[:100])
    pictures = (picture(path=broken), picture((0, LEFT), path=path, size=size), picture(path=absent))
    bundle = read_detector(data("models", "ssd_mobilenet_v1_coco_quant.tflite"))
    told: list[int] = []
    run = run_model(bundle, dataset(*pictures, labels=("cat", "dog", "unicorn")), moved=told.append)
    assert told == [1, 2, 3]
    assert run.unreadable == (broken, absent)
    assert [one.path for one in run.dataset.pictures] == [path]
    assert run.unknown == ("unicorn",)
    sure = run.found[0][run.found[0].score > 0.5]
    assert set(sure.label.tolist()) == {0, 1}
    assert 0 < run.latency.p50_ms <= run.latency.p95_ms


def test_asks_for_the_labels_of_a_file_that_carries_none() -> None:
    path = data("models", "yolox_nano_416_float.tflite")
    with pytest.raises(ModelError, match="carries no labels"):
        read_detector(path)
