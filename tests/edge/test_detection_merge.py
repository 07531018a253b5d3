import numpy as np
import pytest

from edge.contracts.types import Detections
from edge.detection.merge import cut_off, join, merge

Row = tuple[tuple[float, float, float, float], float, int]
CROP = (0.2, 0.2, 0.6, 0.6)


def found(*rows: Row) -> Detections:
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int64),
    )


def scores(parts: list[Detections]) -> list[float]:
    return np.round(merge(parts, 0.6, 0.75).score, 3).tolist()


WHOLE: Row = ((0.1, 0.1, 0.3, 0.3), 0.8, 0)


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ((0.3, 0.3, 0.4, 0.4), False),
        ((0.2, 0.3, 0.4, 0.4), True),
        ((0.203, 0.3, 0.4, 0.4), True),  # within the slack
        ((0.21, 0.3, 0.4, 0.4), False),
        ((0.3, 0.3, 0.4, 0.6), True),
        ((0.1, 0.3, 0.4, 0.4), True),  # beyond the crop
    ],
)
def test_cut_off(box: tuple[float, float, float, float], cut: bool) -> None:
    assert cut_off(np.array([box], np.float32), CROP).tolist() == [cut]


def test_the_edge_of_the_frame_cuts_nothing() -> None:
    corner = (0.0, 0.0, 0.4, 0.4)
    boxes = np.array([[0, 0, 0.1, 0.1], [0.3, 0.0, 0.4, 0.1], [0, 0.1, 0.1, 0.39]], np.float32)
    assert cut_off(boxes, corner).tolist() == [False, True, False]
    assert cut_off(boxes[:0], corner).tolist() == []


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], []),
        ([found(), found()], []),
        ([found(WHOLE), found()], [0.8]),
        ([found(WHOLE), found(((0.11, 0.1, 0.3, 0.3), 0.9, 0))], [0.9]),  # the same object, better in the crop
        ([found(WHOLE), found(((0.11, 0.1, 0.3, 0.3), 0.9, 1))], [0.9, 0.8]),  # another label
        ([found(WHOLE), found(((0.5, 0.5, 0.6, 0.6), 0.9, 0))], [0.9, 0.8]),  # elsewhere
        ([found(WHOLE), found(((0.12, 0.12, 0.2, 0.2), 0.5, 0))], [0.8]),  # a part beside the whole
        ([found(WHOLE), found(((0.1, 0.1, 0.19, 0.3), 0.9, 0), ((0.21, 0.1, 0.3, 0.3), 0.85, 0))], [0.9, 0.85]),
        ([found(WHOLE, ((0.11, 0.1, 0.3, 0.3), 0.7, 0)), found(((0.9, 0.9, 1, 1), 0.1, 0))], [0.8, 0.7, 0.1]),
        ([found(((0.1, 0.1, 0.3, 0.3), 0.2, 0), WHOLE)], [0.8, 0.2]),  # one part: only sorted
    ],
)
def test_merge(parts: list[Detections], expected: list[float]) -> None:
    assert scores(parts) == pytest.approx(expected)


def test_merge_leaves_its_arguments_alone() -> None:
    first, second = found(WHOLE), found(((0.11, 0.1, 0.3, 0.3), 0.9, 0))
    box, score = first.box.copy(), second.score.copy()
    merge([first, second], 0.6, 0.75)
    assert np.array_equal(first.box, box)
    assert np.array_equal(second.score, score)


def test_join() -> None:
    assert len(join([])) == 0
    assert join([found(WHOLE), found(), found(WHOLE)]).label.tolist() == [0, 0]
