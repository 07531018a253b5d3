from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.rigs.data_sets import coco, coco_box, csv_row, voc, write_json, write_picture, write_text
from trainer.data.csv_tables import COLUMNS
from trainer.data.opening import Opened, open_data

GOOD = coco_box(1, 1, 8, 8, 16, 16)


def opened_with(folder: Path, *boxes: dict[str, object], size: tuple[int, int] = (64, 48)) -> Opened:
    """A COCO set of one picture of cats and dogs."""
    write_picture(folder / "1.png")
    write_json(folder / "a.json", coco(["1.png"], boxes, size=size))
    return open_data(folder)


def said(opened: Opened) -> list[tuple[str, str]]:
    return [(one.severity.value, one.what) for one in opened.problems if "classes have no box" not in one.what]


@pytest.mark.parametrize(
    ("box", "severity", "what", "kept"),
    [
        (coco_box(1, 1, 40, 8, 16, 16), "", "", 2),
        (coco_box(1, 1, 48, 8, 16.9, 16), "", "", 2),  # rounding of up to one pixel
        (coco_box(1, 1, 48, 8, 26, 16), "error", "annotation 2: the box of 'cat' (48, 8, 74, 24) reaches 10 pixels", 2),
        (coco_box(1, 1, 70, 8, 16, 16), "error", "lies outside its picture", 1),
        (coco_box(1, 1, 8, 8, 0, 16), "error", "is empty or inside out", 1),
        (coco_box(1, 1, 8, 8, -4, 16), "error", "is empty or inside out", 1),
        (coco_box(1, 9, 8, 8, 16, 16), "error", "the class 9 is not among", 1),
        (coco_box(7, 1, 8, 8, 16, 16), "error", "there is no image 7", 1),
        (coco_box(1, 1, 8, 8, 16), "error", "a list of four numbers", 1),
        (coco_box(1, 1, 8, 8, 16, float("nan")), "error", "where a number is needed", 1),
        (coco_box(1, 1, 8, 8, 16, 1e30), "error", "where a number is needed", 1),
        (coco_box(1, 1, 8, 8, 16, 16), "warning", "stands there twice", 1),
        (coco_box(1, 2, 8, 8, 16, 16), "", "", 2),
        (coco_box(1, 1, 4, 4, 9, 9, iscrowd=1), "warning", "a crowd (iscrowd) in image 1", 1),
    ],
)
def test_boxes(tmp_path: Path, box: dict[str, object], severity: str, what: str, kept: int) -> None:
    opened = opened_with(tmp_path, GOOD, box)
    picture = opened.splits["all"].pictures[0]
    assert (len(picture.box), len(picture.label)) == (kept, kept)
    assert picture.box.min() >= 0
    assert picture.box.max() <= 1
    found = said(opened)
    assert [one for one, _ in found] == ([severity] if severity else [])
    assert all(what in words for _, words in found)


def test_sizes_that_contradict_the_file(tmp_path: Path) -> None:
    right = opened_with(tmp_path / "right", GOOD).splits["all"].pictures[0].box
    scaled = opened_with(tmp_path / "scaled", coco_box(1, 1, 16, 16, 32, 32), size=(128, 96))
    assert scaled.splits["all"].pictures[0].box.tolist() == right.tolist()
    assert said(scaled) == [("warning", "it says that 1.png has 128 x 96 pixels, and it has 64 x 48")]
    for size in ((48, 64), (500, 64)):
        wrong = opened_with(tmp_path / f"wrong{size[0]}", GOOD, size=size)
        assert wrong.splits["all"].pictures[0].box.tolist() == right.tolist()
        assert wrong.splits["all"].pictures[0].size == (64, 48)
        assert [one for one, _ in said(wrong)] == ["error"]


def test_a_size_that_is_not_told_is_read_from_the_file(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "1.jpg")
    write_text(tmp_path / "Annotations" / "1.xml", voc("1.jpg", ("cat", 16, 12, 32, 36), size=(0, 0)))
    opened = open_data(tmp_path)
    assert [one for one, _ in said(opened)] == ["warning"]  # one class only
    assert opened.splits["all"].pictures[0].box.tolist() == [[0.25, 0.25, 0.5, 0.75]]


def test_pictures_that_are_missing_or_none(tmp_path: Path) -> None:
    write_picture(tmp_path / "good.jpg")
    write_text(tmp_path / "text.jpg", "no picture")
    write_text(tmp_path / "empty.jpg", "")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "good.jpg").read_bytes()[:30])
    names = ["good.jpg", "text.jpg", "empty.jpg", "cut.jpg", "absent.jpg"]
    write_json(tmp_path / "a.json", coco(names, [GOOD, coco_box(1, 2, 1, 1, 9, 9)]))
    opened = open_data(tmp_path)
    assert [one.path.name for one in opened.splits["all"].pictures] == ["good.jpg"]
    found = {one.path.name: one.what for one in opened.problems}
    assert set(found) == {"text.jpg", "empty.jpg", "cut.jpg", "a.json"}
    assert "there is no picture" in found["a.json"]
    assert "no picture, or of no format" in found["text.jpg"]
    assert "cut off" in found["cut.jpg"]


def test_the_same_picture_twice(tmp_path: Path) -> None:
    for split, seed in (("train", 1), ("val", 2)):
        write_picture(tmp_path / split / "a.png", 1)
        write_picture(tmp_path / split / f"{split}.png", seed + 1)
        write_picture(tmp_path / split / f"{split}_again.png", seed + 1)
        names = ["a.png", f"{split}.png", f"{split}_again.png"]
        write_json(tmp_path / split / "_annotations.coco.json", coco(names, [GOOD, coco_box(2, 2, 1, 1, 9, 9)]))
    opened = open_data(tmp_path)
    assert {name: len(part) for name, part in opened.splits.items()} == {"train": 3, "val": 3}
    assert [(one.path.name, one.severity.value, "leak" in one.what) for one in opened.problems] == [
        ("a.png", "error", True),
        ("train.png", "warning", False),
        ("val.png", "warning", False),
    ]


def test_a_picture_told_of_twice_has_the_boxes_of_both(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png")
    write_json(
        tmp_path / "a.json", coco(["1.png", "1.png"], [GOOD, coco_box(2, 2, 1, 1, 9, 9), {**GOOD, "image_id": 2}])
    )
    opened = open_data(tmp_path)
    assert opened.splits["all"].pictures[0].label.tolist() == [0, 1]
    assert [("second time" in words, "twice" in words) for _, words in said(opened)] == [(True, False), (False, True)]


def test_nothing_to_learn(tmp_path: Path) -> None:
    assert said(opened_with(tmp_path / "none")) == [("error", "no picture has a box")]
    write_json(tmp_path / "one" / "a.json", coco(["1.png"], [GOOD], ["cat"]))
    write_picture(tmp_path / "one" / "1.png")
    assert [(one, "one class only" in words) for one, words in said(open_data(tmp_path / "one"))] == [("warning", True)]


def test_a_class_that_train_lacks(tmp_path: Path) -> None:
    for at, split in enumerate(("train", "val")):
        write_picture(tmp_path / split / "1.png", at)
        write_json(tmp_path / split / "a.json", coco(["1.png"], [coco_box(1, 1 + at, 1, 1, 9, 9)]))
    words = said(open_data(tmp_path))
    assert words == [("warning", "val has boxes of classes that train lacks: dog")]


def test_lines_of_texts_are_told_by_number(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "1.jpg", 1)
    write_picture(tmp_path / "images" / "2.jpg", 2)
    lines = [
        "0 0.5 0.5 0.5 0.5",
        "9 0.5 0.5 0.1 0.1",
        "x 0.5 0.5 0.1 0.1",
        "1 0.5 0.5 0.1",
        "1 nan 0.5 0.1 0.1",
        "1 a b c d",
    ]
    write_text(tmp_path / "labels" / "1.txt", "\n".join(lines))
    write_text(tmp_path / "labels" / "3.txt", lines[0])
    write_text(tmp_path / "classes.txt", "cat\ndog\n")
    opened = open_data(tmp_path)
    assert [len(one.label) for one in opened.splits["all"].pictures] == [1, 0]
    found = [(one.path.name, one.what.split(":")[0]) for one in opened.problems if one.path != tmp_path]
    assert found == [
        *(("1.txt", f"line {number}") for number in (2, 3, 4, 6)),
        ("2.jpg", "it has no label file; taken as a picture without objects"),
        ("3.txt", "there is no picture for it; left out"),
        ("1.txt", "line 5"),
    ]


def test_rows_of_tables_are_told_by_number(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.jpg", 1)
    write_picture(tmp_path / "2.jpg", 2)
    rows = [
        csv_row("1.jpg", "cat", 1, 1, 9, 9),
        "1.jpg,64,48,dog,1,1,x,9",
        "1.jpg,64,48",
        csv_row("1.jpg", " ", 1, 1, 9, 9),
        "2.jpg,64,48,,,,,",
    ]
    write_text(tmp_path / "a.csv", "\n".join([",".join(COLUMNS), *rows]))
    opened = open_data(tmp_path)
    assert [len(one.label) for one in opened.splits["all"].pictures] == [1, 0]
    assert [words.split(":")[0] for _, words in said(opened)[:-1]] == ["line 3", "line 4", "line 5"]


def test_objects_of_xml_are_told_by_number(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "1.jpg", 1)
    broken = "<object><name>dog</name></object><object><bndbox/></object></annotation>"
    good = voc("1.jpg", ("cat", 1, 1, 9, 9), ("dog", 1, 1, 9, 9)).replace("</annotation>", broken)
    write_text(tmp_path / "annotations" / "1.xml", good)
    write_text(tmp_path / "annotations" / "2.xml", "<annotation>")
    opened = open_data(tmp_path)
    assert opened.splits["all"].pictures[0].label.tolist() == [0, 1]
    assert [words.split(":")[0] for _, words in said(opened)] == ["object 3", "object 4", "it is no XML"]


def test_turned_pictures_have_the_size_that_is_shown(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "cat" / "1.jpg")
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    write_picture(tmp_path / "dog" / "1.jpg", 1)
    shown = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR))
    turned = open_data(tmp_path).splits["all"].pictures[0]
    assert turned.size == (shown.shape[1], shown.shape[0]) == (48, 64)
