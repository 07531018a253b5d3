import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.paths import data
from tests.rigs.coco128 import coco128
from trainer.gate.apart import Apart
from trainer.gate.fingerprints import alike, fingerprints
from trainer.gate.verdict import Answer, Check, Question


def asked(held_out: list[Path], used: list[Path]) -> Check:
    return Apart(held_out).from_set(Question.TRAINING, used, "training")


def photographs(most: int = 3) -> list[Path]:
    return [picture.path for picture in coco128(most=most).pictures]


def saved_again(path: Path, out: Path, quality: int, scale: float) -> Path:
    pixels = cv2.imread(str(path))
    assert pixels is not None
    smaller = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(out), smaller, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return out


def test_nothing_is_apart_from_nothing() -> None:
    one = photographs(1)
    for held_out, used in (([], []), (one, []), ([], one)):
        assert asked(held_out, used).answer is Answer.PASSED
    assert "no picture was used" in asked(one, []).words


def test_finds_the_same_picture_under_any_name(tmp_path: Path) -> None:
    first, other, third = photographs()
    link, copy, dots = (
        tmp_path / "link.jpg",
        tmp_path / "copy.jpg",
        first.parent / ".." / first.parent.name / first.name,
    )
    link.symlink_to(first)
    copy.write_bytes(first.read_bytes())
    assert asked([first], [other, third]).answer is Answer.PASSED
    for used in (first, link, dots, copy):
        check = asked([third, first], [other, used])
        assert check.answer is Answer.FAILED
        assert "1 of 2 held-out pictures were used for training" in check.words
        assert str(first) in check.words
        assert str(third) not in check.words


@pytest.mark.parametrize(("quality", "scale"), [(95, 1.0), (50, 1.0), (80, 0.5)])
def test_finds_pictures_that_were_saved_again(tmp_path: Path, quality: int, scale: float) -> None:
    originals = photographs(12)
    copies = [saved_again(path, tmp_path / path.name, quality, scale) for path in originals]
    check = asked(originals, copies)
    assert check.answer is Answer.FAILED
    assert check.words.startswith("12 of 12")
    assert "looks like" in check.words


def test_takes_no_photographs_for_copies_of_others() -> None:
    held_out = [picture.path for picture in coco128("val2017").pictures]
    used = [picture.path for picture in coco128("train2017").pictures]
    people = sorted(data("penn_fudan", "images").glob("*.jpg"))
    assert asked(held_out, [*used, *people]).answer is Answer.PASSED
    prints = fingerprints(people)
    assert [pair for pair in alike(prints, prints) if pair[0] != pair[1]] == []


def test_finds_the_copies_that_a_real_set_has() -> None:
    names = ("11", "116", "65", "98", "1", "2")
    prints = fingerprints([data("raccoon", "images", f"raccoon-{name}.jpg") for name in names])
    assert {frozenset(pair) for pair in alike(prints, prints) if len(set(pair)) == 2} == {
        frozenset({0, 1}),
        frozenset({2, 3}),
    }


def test_does_not_refuse_a_camera_that_stands_still(tmp_path: Path) -> None:
    """An empty scene looks the same at any time: that proves nothing."""
    random, scene = np.random.default_rng(1), cv2.imread(str(photographs(1)[0]))
    assert scene is not None
    paths = [tmp_path / f"{number}.png" for number in range(10)]
    for path in paths:
        noise = random.normal(0, 3, scene.shape)
        cv2.imwrite(str(path), np.clip(scene + noise, 0, 255).astype(np.uint8))
    check = asked(paths[:5], paths[5:])
    assert check.answer is Answer.UNKNOWN
    assert "a camera that does not move" in check.words
    assert asked(paths[:5], paths[4:]).answer is Answer.FAILED  # the very same file is no accident


def test_passes_over_what_cannot_be_read(tmp_path: Path) -> None:
    broken, empty, absent = tmp_path / "broken.jpg", tmp_path / "empty.jpg", tmp_path / "absent.jpg"
    broken.write_bytes(b"no picture")
    empty.touch()
    assert asked([broken, empty, absent], photographs(2)).answer is Answer.PASSED
    assert asked([absent], [absent]).answer is Answer.FAILED
    assert asked([broken], [Path(os.path.relpath(broken))]).answer is Answer.FAILED
