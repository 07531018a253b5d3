from itertools import permutations

import numpy as np
import pytest

from edge.contracts.decode import decoder
from edge.contracts.decode_common import DecodeLimits
from edge.contracts.errors import ModelError
from tests.rigs.bundles import ssd_bundle, ssd_outputs

LIMITS = DecodeLimits(min_score=0.3, nms_iou=0.5, max_detections=100)
SEEN = ssd_outputs([((0.1, 0.2, 0.5, 0.6), 2, 0.9), ((0.3, 0.3, 0.4, 0.9), 0, 0.5), ((0, 0, 1, 1), 3, 0.2)])
TF1, TF2 = (0, 1, 2, 3), (2, 0, 3, 1)  # boxes, classes, scores, count; scores, boxes, count, classes
SIGNATURE = (3, 2, 1, 0)


def test_nothing_seen() -> None:
    for order in (TF1, TF2):
        outputs = ssd_outputs([])
        assert len(decoder(ssd_bundle(), LIMITS)(tuple(outputs[i] for i in order))) == 0


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_every_order_is_told_apart_by_shape_and_whole_numbers(order: tuple[int, ...]) -> None:
    found = decoder(ssd_bundle(), LIMITS)(tuple(SEEN[i] for i in order))
    assert np.allclose(found.box, [[0.1, 0.2, 0.5, 0.6], [0.3, 0.3, 0.4, 0.9]])
    assert np.allclose(found.score, [0.9, 0.5])
    assert found.label.tolist() == [2, 0]


@pytest.mark.parametrize("order", [TF1, TF2])
def test_positions_decide_where_all_scores_are_whole_too(order: tuple[int, ...]) -> None:
    outputs = ssd_outputs([((0.1, 0.2, 0.5, 0.6), 0, 1.0)])
    found = decoder(ssd_bundle(), LIMITS)(tuple(outputs[i] for i in order))
    assert (found.score.tolist(), found.label.tolist()) == ([1.0], [0])


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (TF1, ["TFLite_Detection_PostProcess" + tail for tail in ("", ":1", ":2", ":3")]),
        (SIGNATURE, ["output_0", "output_1", "output_2", "output_3"]),
        ((2, 0, 3, 1), ["detection_scores", "detection_boxes", "num_detections", "detection_classes"]),
        ((1, 2, 0, 3), ["head/category", "head/score", "head/location", "head/number of detections"]),
    ],
)
def test_names_decide_where_values_cannot(order: tuple[int, ...], names: list[str]) -> None:
    outputs = ssd_outputs([((0.1, 0.2, 0.5, 0.6), 0, 1.0), ((0.5, 0.5, 0.6, 0.6), 0, 1.0)])
    found = decoder(ssd_bundle(names), LIMITS)(tuple(outputs[i] for i in order))
    assert (found.score.tolist(), found.label.tolist()) == ([1.0, 1.0], [0, 0])


def test_names_that_lie_are_not_believed() -> None:
    names = ["output_0", "output_1", "output_2", "output_3"]
    assert decoder(ssd_bundle(names), LIMITS)(SEEN).label.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("row", "label", "score"),
    [
        ((np.nan, 0.1, 0.2, 0.3), 0, 0.9),
        ((0.1, 0.1, np.inf, 0.3), 0, 0.9),
        ((0.4, 0.1, 0.2, 0.3), 0, 0.9),  # inside out
        ((0.1, 0.1, 0.2, 0.3), 1, 0.9),  # a hole of the label file
        ((0.1, 0.1, 0.2, 0.3), 4, 0.9),  # beyond the labels
        ((0.1, 0.1, 0.2, 0.3), -1, 0.9),
        ((0.1, 0.1, 0.2, 0.3), np.nan, 0.9),
        ((0.1, 0.1, 0.2, 0.3), 1e30, 0.9),
        ((0.1, 0.1, 0.2, 0.3), 0, np.nan),
    ],
)
def test_rows_that_cannot_be_are_dropped(row: tuple[float, ...], label: float, score: float) -> None:
    outputs = ssd_outputs([(row, label, score), ((0.1, 0.1, 0.2, 0.3), 3, 0.8)])
    names = ["boxes", "classes", "scores", "count"]
    assert decoder(ssd_bundle(names), LIMITS)(outputs).label.tolist() == [3]


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (2, 2), (1000, 3), (-5, 0), (np.nan, 0)])
def test_the_count_says_how_many_rows_are_filled(count: float, expected: int) -> None:
    boxes, classes, scores, _ = ssd_outputs([((0.1, 0.1, 0.2, 0.3), 0, 0.9)] * 3, padding=3)
    outputs = (boxes, classes, scores, np.array([count], np.float32))
    assert len(decoder(ssd_bundle(), LIMITS)(outputs)) == expected


@pytest.mark.parametrize("outputs", [(), SEEN[:3], (SEEN[0],) * 4, (np.zeros((1, 5, 4)), *SEEN[1:3], np.zeros((1, 9)))])
def test_outputs_of_another_head_are_refused(outputs: tuple[np.ndarray, ...]) -> None:
    with pytest.raises(ModelError, match=r"made\.tflite: .* head"):
        decoder(ssd_bundle(), LIMITS)(outputs)


def test_the_best_come_first_and_are_bounded() -> None:
    outputs = ssd_outputs([((0.1, 0.1, 0.2, 0.3), 0, score) for score in (0.4, 0.9, 0.6)])
    found = decoder(ssd_bundle(), DecodeLimits(0.3, 0.5, 2))(outputs)
    assert np.allclose(found.score, [0.9, 0.6])


def test_detections_outlive_the_outputs() -> None:
    outputs = tuple(part.copy() for part in SEEN)
    found = decoder(ssd_bundle(), LIMITS)(outputs)
    for part in outputs:
        part[...] = 0
    assert np.allclose(found.score, [0.9, 0.5])
    assert np.allclose(found.box[0], [0.1, 0.2, 0.5, 0.6])


def test_a_detector_without_labels_is_refused() -> None:
    with pytest.raises(ModelError, match="no labels"):
        decoder(ssd_bundle(labels=()), LIMITS)
