import numpy as np
import pytest

from edge.contracts.types import F32, I64
from edge.detection.detector import ModelDetector
from edge.detection.ensemble import Ensemble, union
from edge.detection.settings import DetectionSettings
from edge.imaging import OpenCv
from tests.rigs.bundles import Prepared, ssd_bundle, ssd_outputs
from tests.rigs.frames import frame

NOWHERE: F32 = np.zeros((0, 4), np.float32)
FRAME = np.zeros((48, 64, 3), np.uint8)
BOX = (0.25, 0.25, 0.75, 0.75)


def detector(labels: tuple[str, ...], *rows: tuple[tuple[float, float, float, float], float, float]) -> ModelDetector:
    return ModelDetector(Prepared(ssd_bundle(labels=labels), [ssd_outputs(rows)]), DetectionSettings(), OpenCv())


@pytest.mark.parametrize(
    ("tables", "joined", "places"),
    [
        ([], (), []),
        ([("a", "", "b")], ("a", "", "b"), [[0, 1, 2]]),
        ([("a", "b"), ("c",)], ("a", "b", "c"), [[0, 1], [2]]),
        ([("a", "b"), ("", "b", "c", "a")], ("a", "b", "c"), [[0, 1], [-1, 1, 2, 0]]),
        ([("a", "a"), ("a",)], ("a", "a"), [[0, 0], [0]]),
    ],
)
def test_union(tables: list[tuple[str, ...]], joined: tuple[str, ...], places: list[I64]) -> None:
    labels, where = union(tables)
    assert labels == joined
    assert [place.tolist() for place in where] == places


def test_nothing_seen() -> None:
    assert len(Ensemble([], DetectionSettings()).detect(frame(FRAME), NOWHERE)) == 0
    assert (
        len(Ensemble([detector(("cat",)), detector(("dog",))], DetectionSettings()).detect(frame(FRAME), NOWHERE)) == 0
    )


def test_one_object_seen_by_two_models_is_one() -> None:
    pair = [detector(("cat", "person"), (BOX, 1, 0.6)), detector(("", "face", "person"), (BOX, 2, 0.8), (BOX, 1, 0.5))]
    both = Ensemble(pair, DetectionSettings())
    found = both.detect(frame(FRAME), NOWHERE)
    assert [both.labels[label] for label in found.label] == ["person", "face"]
    assert np.allclose(found.score, [0.8, 0.5])


def test_what_each_model_found_is_told_before_it_is_merged() -> None:
    pair = [detector(("cat", "person"), (BOX, 1, 0.6)), detector(("", "face", "person"), (BOX, 1, 0.5))]
    both = Ensemble(pair, DetectionSettings())
    both.detect(frame(FRAME), NOWHERE)
    found = [[both.labels[label] for label in opinion.found.label.tolist()] for opinion in both.opinions]
    known = [[both.labels[label] for label in opinion.knows.tolist()] for opinion in both.opinions]
    assert (found, known) == ([["person"], ["face"]], [["cat", "person"], ["person", "face"]])
