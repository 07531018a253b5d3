from dataclasses import astuple

import numpy as np
import pytest

from tests.paths import data
from tests.rigs.golden import coco_case, pascal_case
from trainer.evaluate.coco import evaluate_coco
from trainer.evaluate.matches import mean_ap, once_each
from trainer.evaluate.pascal import evaluate_pascal

COCO = (
    *(0.503647, 0.696973, 0.571667, 0.593252, 0.557991, 0.489363),
    *(0.386813, 0.593680, 0.595353, 0.654764, 0.603130, 0.553744),
)


def test_equals_the_coco_figures() -> None:
    dataset, found = coco_case(data("map_golden", "tests", "test_coco_eval"))
    assert astuple(evaluate_coco(dataset, found).scores) == pytest.approx(COCO, abs=1e-6)


def test_counts_ap_from_the_matches_as_coco_does() -> None:
    dataset, found = coco_case(data("map_golden", "tests", "test_coco_eval"))
    result = evaluate_coco(dataset, found)
    assert mean_ap(result.matches, once_each(len(dataset))) == pytest.approx(result.scores.ap50, abs=1e-9)
    flat = [one for row in result.at_ious for one in row]
    assert mean_ap(flat, once_each(len(dataset))) == pytest.approx(result.scores.ap, abs=1e-9)
    assert np.nanmean(result.class_ap) == pytest.approx(result.scores.ap, abs=1e-9)


@pytest.mark.parametrize(
    ("iou", "eleven", "every"),
    [
        (0.1, 0.3333333333, 0.3371980676),
        (0.3, 0.2683982683, 0.2456866804),
        (0.5, 0.0303030303, 0.0222222222),
        (0.75, 0.0, 0.0),
    ],
)
def test_equals_the_pascal_figures(iou: float, eleven: float, every: float) -> None:
    dataset, found = pascal_case(data("map_golden", "tests", "test_case_1"))
    scores = evaluate_pascal(dataset, found, 0, iou)
    assert (scores.eleven_point, scores.every_point) == pytest.approx((eleven, every), abs=1e-6)
