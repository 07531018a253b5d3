"""What is shipped with the demonstration: small, and its truth is the street's own."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import SourceError
from edge.contracts.types import U8
from edge.demo.clip import CLIP, CLIP_FPS, CLIP_S, CLIP_SEED, CLIP_SIZE, CLIP_TRUTH, MODEL, ClipTruth, write_clip
from edge.demo.street import Street
from edge.demo.truth import LABELS


def pictures(path: Path) -> list[U8]:
    clip, found = cv2.VideoCapture(str(path)), []
    while (read := clip.read())[0]:
        found.append(read[1])
    clip.release()
    return found


def test_what_is_shipped_is_small() -> None:
    assert MODEL.stat().st_size <= 1.5e6
    assert CLIP.stat().st_size + CLIP_TRUTH.stat().st_size < 1e6


def test_the_shipped_model_is_int8_and_knows_the_streets_kinds() -> None:
    bundle = read_bundle(MODEL)
    assert bundle.labels == LABELS
    assert bundle.input.tensor.dtype in {"int8", "uint8"}


def test_nothing_is_in_a_picture_that_is_not_there() -> None:
    assert len(ClipTruth().truth(100_000)) == 0


def test_the_shipped_truth_is_that_of_the_street() -> None:
    truths, street = ClipTruth(), Street(CLIP_SEED, CLIP_SIZE, parked=True)
    for number in range(0, round(CLIP_S * CLIP_FPS), 20):
        there, told = street.at(number / CLIP_FPS)[1], truths.truth(number)
        assert len(told) > 0
        assert np.array_equal(there.id, told.id)
        assert np.array_equal(there.label, told.label)
        assert np.allclose(there.box, told.box, atol=1e-5)
        assert np.allclose(there.visible, told.visible, atol=1e-4)


def test_a_clip_shows_what_its_truth_tells_of(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", tmp_path / "a.csv", seconds=0.5)
    fresh, shipped = pictures(tmp_path / "a.mp4"), pictures(CLIP)
    assert (len(fresh), len(shipped)) == (5, round(CLIP_S * CLIP_FPS))
    assert all(np.abs(a.astype(int) - b).mean() < 3 for a, b in zip(fresh, shipped, strict=False))
    assert CLIP_TRUTH.read_text().startswith((tmp_path / "a.csv").read_text())


@pytest.mark.parametrize("text", [None, "picture,id,label,x1,y1,x2,y2,visible\n0,1,ghost,0,0,1,1,1\n", "a,b\n1,2\n"])
def test_a_damaged_truth_is_told(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SourceError, match="not the truth about a clip"):
        ClipTruth(path)


def test_a_clip_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be written"):
        write_clip(tmp_path / "absent" / "a.mp4", tmp_path / "a.csv", seconds=0.1)
