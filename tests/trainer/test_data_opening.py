import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.paths import data
from tests.rigs.data_sets import coco, coco_box, csv_row, voc, write_json, write_picture, write_text
from trainer.data.csv_tables import COLUMNS
from trainer.data.dataset import Dataset
from trainer.data.opening import Opened, open_data
from trainer.data.splits import settled, split_of
from trainer.errors import TrainError

HEADING = ",".join(COLUMNS)
EXPECTED = {"1.jpg": [("dog", (0.25, 0.25, 0.5, 0.75))], "2.jpg": [("cat", (0.0, 0.0, 0.5, 0.5))]}
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


def told(dataset: Dataset) -> dict[str, list[tuple[str, tuple[float, ...]]]]:
    """Boxes by the names of the pictures."""
    return {
        picture.path.name: [
            (dataset.labels[label], tuple(box))
            for label, box in zip(picture.label.tolist(), picture.box.tolist(), strict=True)
        ]
        for picture in dataset.pictures
    }


def boxes(opened: Opened) -> dict[str, int]:
    return {name: sum(len(one.label) for one in part.pictures) for name, part in opened.splits.items()}


def pictures(folder: Path) -> None:
    for number in (1, 2):
        write_picture(folder / f"{number}.jpg", number)


def build_coco(root: Path) -> None:
    pictures(root / "images")
    both = [coco_box(1, 2, 16, 12, 16, 24), coco_box(2, 1, 0, 0, 32, 24)]
    write_json(root / "annotations" / "instances.json", coco(["1.jpg", "2.jpg"], both))


def build_coco_beside(root: Path) -> None:
    pictures(root)
    both = [coco_box(1, 2, 16, 12, 16, 24), coco_box(2, 1, 0, 0, 32, 24)]
    write_json(root / "_annotations.coco.json", coco(["1.jpg", "2.jpg"], both))


def build_yolo(root: Path) -> None:
    pictures(root / "images")
    write_text(root / "labels" / "1.txt", "1 0.375 0.5 0.25 0.5\n")
    write_text(root / "labels" / "2.txt", "0 0 0 0.5 0 0.5 0.5 0 0.5\n")  # a polygon
    write_text(root / "data.yaml", "names: [cat, dog]\n")


def build_yolo_beside(root: Path) -> None:
    pictures(root)
    write_text(root / "1.txt", "1 0.375 0.5 0.25 0.5\n")
    write_text(root / "2.txt", "0 0.25 0.25 0.5 0.5\n\n")
    write_text(root / "classes.txt", "cat\ndog\n")


def build_csv(root: Path) -> None:
    pictures(root / "images")
    rows = [HEADING, csv_row("1.jpg", "dog", 16, 12, 32, 36), csv_row("2.jpg", "cat", 0, 0, 32, 24)]
    write_text(root / "boxes.csv", "\n".join(rows))


def build_voc(root: Path) -> None:
    pictures(root / "JPEGImages")
    write_text(root / "Annotations" / "1.xml", voc("1.jpg", ("dog", 16, 12, 32, 36)))
    write_text(root / "Annotations" / "2.xml", voc("C:\\me\\2.jpg", ("cat", 0, 0, 32, 24)))


@pytest.mark.parametrize(
    ("build", "form"),
    [
        (build_coco, "COCO"),
        (build_coco_beside, "COCO"),
        (build_yolo, "YOLO"),
        (build_yolo_beside, "YOLO"),
        (build_csv, "csv"),
        (build_voc, "Pascal VOC"),
    ],
)
def test_every_format_tells_the_same(tmp_path: Path, build: Callable[[Path], None], form: str) -> None:
    build(tmp_path)
    opened = open_data(tmp_path)
    assert opened.form == form
    assert opened.problems == ()
    assert opened.labels == ("cat", "dog")
    assert list(opened.splits) == ["all"]
    assert told(opened.splits["all"]) == EXPECTED
    assert [one.size for one in opened.splits["all"].pictures] == [(64, 48)] * 2


def test_a_coco_file_may_be_named_itself(tmp_path: Path) -> None:
    build_coco_beside(tmp_path)
    assert told(open_data(tmp_path / "_annotations.coco.json").splits["all"]) == EXPECTED


def test_a_large_coco_file_is_known_by_its_ends(tmp_path: Path) -> None:
    build_coco_beside(tmp_path)
    path = tmp_path / "_annotations.coco.json"
    told = json.loads(path.read_text())
    told["images"][0]["note"] = told["annotations"][0]["note"] = "x" * (1 << 17)
    write_json(path, {key: told[key] for key in ("images", "categories", "annotations")})
    assert boxes(open_data(tmp_path)) == {"all": 2}
    write_json(tmp_path / "captions.json", {"images": told["images"], "annotations": [{"image_id": 1, "caption": "a"}]})
    assert open_data(tmp_path).problems == ()


def test_a_folder_of_no_format_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="there is no"):
        open_data(tmp_path / "absent")
    for prepare in (lambda: None, lambda: write_picture(tmp_path / "images" / "1.jpg")):
        prepare()
        with pytest.raises(TrainError, match=r"COCO: (.|\n)*YOLO: (.|\n)*class folders: "):
            open_data(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"images": [], "annotations": [], "categories": []}'),
        ("labels/1.txt", "0 0.5 0.5 1 1"),
        ("a.csv", HEADING + "\n"),
        ("Annotations/1.xml", voc("1.jpg", ("dog", 1, 1, 2, 2))),
    ],
)
def test_an_empty_data_set_is_an_error(tmp_path: Path, name: str, text: str) -> None:
    write_text(tmp_path / name, text)
    with pytest.raises(TrainError, match="no picture that can be used"):
        open_data(tmp_path)


def test_class_folders(tmp_path: Path) -> None:
    for at, (split, label) in enumerate([("train", "cat"), ("train", "dog"), ("valid", "dog")]):
        write_picture(tmp_path / split / label / f"{at}.png", at)
    opened = open_data(tmp_path)
    whole = (0.0, 0.0, 1.0, 1.0)
    assert {name: told(part) for name, part in opened.splits.items()} == {
        "train": {"0.png": [("cat", whole)], "1.png": [("dog", whole)]},
        "val": {"2.png": [("dog", whole)]},
    }
    undivided = open_data(tmp_path / "train")
    assert [(undivided.form, name, len(part)) for name, part in undivided.splits.items()] == [
        ("class folders", "all", 2)
    ]


def test_one_class_in_folders_is_an_error(tmp_path: Path) -> None:
    write_picture(tmp_path / "cat" / "1.png")
    assert [one.severity.value for one in open_data(tmp_path).problems] == ["error"]


@pytest.mark.parametrize(
    ("names", "split"),
    [
        ((), "all"),
        (("instances_train2017",), "train"),
        (("valid",), "val"),
        (("constraint",), "all"),
        (("train", "test_labels"), "test"),
        (("minival2014",), "all"),
        (("val2017", "images"), "val"),
    ],
)
def test_names_of_splits(names: tuple[str, ...], split: str) -> None:
    assert split_of(*names) == split


def test_one_split_is_the_whole() -> None:
    assert settled({}) == {}
    assert settled({"train": [1], "val": []}) == {"all": [1]}
    assert settled({"test": [1], "all": [2], "train": [3]}) == {"train": [3, 2], "test": [1]}


def test_splits_by_folder_file_and_list(tmp_path: Path) -> None:
    for split in ("train", "val"):
        seed = len(split)
        write_picture(tmp_path / "coco" / f"{split}2017" / "1.jpg", seed)
        content = coco(["1.jpg"], [coco_box(1, 1, 0, 0, 32, 24)])
        write_json(tmp_path / "coco" / "annotations" / f"instances_{split}2017.json", content)
        write_json(tmp_path / "coco" / "annotations" / f"captions_{split}2017.json", {"images": [], "annotations": []})
        write_picture(tmp_path / "yolo" / split / "images" / "1.jpg", seed)
        write_text(tmp_path / "yolo" / split / "labels" / "1.txt", "0 0.5 0.5 0.5 0.5")
        write_picture(tmp_path / "voc" / "JPEGImages" / f"{split}x.jpg", seed)
        write_text(tmp_path / "voc" / "Annotations" / f"{split}x.xml", voc(f"{split}x.jpg", ("cat", 1, 1, 9, 9)))
        write_text(tmp_path / "voc" / "ImageSets" / "Main" / f"{split}.txt", f"{split}x\n")
        write_picture(tmp_path / "listed" / "images" / f"{seed}.jpg", seed)
        write_text(tmp_path / "listed" / "labels" / f"{seed}.txt", "0 0.5 0.5 0.5 0.5")
        write_text(tmp_path / "listed" / f"{split}.txt", f"./images/{seed}.jpg\n")
    write_text(tmp_path / "yolo" / "data.yaml", "train: ../train/images\nval: ../val/images\nnames: {0: cat}")
    write_text(tmp_path / "listed" / "data.yaml", "train: train.txt\nval: val.txt\nnames: {0: cat}")
    for name in ("coco", "yolo", "voc", "listed"):
        opened = open_data(tmp_path / name)
        assert boxes(opened) == {"train": 1, "val": 1}
        assert [one.what for one in opened.problems if one.severity == "error"] == []


@pytest.mark.parametrize(
    "name",
    ["../../secret.jpg", "/etc/secret.jpg", "a/../../x.jpg", "", "a\x1b[2J.jpg", "\ud800.jpg", "a\0.jpg"],
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    write_picture(tmp_path / "secret.jpg")
    write_picture(tmp_path / "set" / "good.jpg", 1)
    write_json(tmp_path / "set" / "a.json", coco([name, "good.jpg"], [coco_box(2, 1, 0, 0, 9, 9)]))
    opened = open_data(tmp_path / "set")
    assert [one.path.name for one in opened.splits["all"].pictures] == ["good.jpg"]
    assert "leads out" in opened.problems[0].what


@pytest.mark.parametrize("name", ["../../secret.jpg", "/etc/secret.jpg", "a/../../x.jpg", "C:\\x.jpg", ""])
def test_no_row_of_a_table_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    write_text(tmp_path / "csv" / "a.csv", f"{HEADING}\n{csv_row(name, 'cat', 0, 0, 9, 9)}\n")
    with pytest.raises(TrainError, match="leads out"):
        open_data(tmp_path / "csv")


@pytest.mark.parametrize("label", ["a\nb", "\x1b[2J", "x" * 300])
def test_a_label_that_no_label_file_could_hold_is_refused(tmp_path: Path, label: str) -> None:
    write_picture(tmp_path / "1.jpg")
    write_json(tmp_path / "a.json", coco(["1.jpg"], [coco_box(1, 1, 0, 0, 9, 9)], [label]))
    with pytest.raises(TrainError, match="a class named"):
        open_data(tmp_path)


def test_classes_of_one_name_are_one(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.jpg")
    write_text(tmp_path / "1.txt", "2 0.5 0.5 0.5 0.5\n3 0.5 0.5 0.2 0.2")
    write_text(tmp_path / "classes.txt", "cat\n\ncat\ndog\n")
    opened = open_data(tmp_path)
    assert opened.labels == ("cat", "class 1", "dog")
    assert opened.splits["all"].pictures[0].label.tolist() == [0, 2]


def test_a_configuration_leads_nowhere_else_either(tmp_path: Path) -> None:
    write_picture(tmp_path / "elsewhere" / "1.jpg")
    build_yolo(tmp_path / "set")
    write_text(tmp_path / "set" / "data.yaml", f"names: [cat, dog]\ntrain: {tmp_path}/elsewhere\nval: /etc\n")
    opened = open_data(tmp_path / "set")
    assert len(opened.splits["all"]) == 2
    assert [("leads out" in one.what) for one in opened.problems] == [True, True]


def test_xml_with_entities_is_refused(tmp_path: Path) -> None:
    build_voc(tmp_path)
    path = tmp_path / "Annotations" / "1.xml"
    path.write_text(ENTITIES + voc("1.jpg", ("&b;", 1, 1, 9, 9)))
    write_text(tmp_path / "Annotations" / "3.xml", "<annotation>" + "<a>" * 60 + "</a>" * 60 + "</annotation>")
    opened = open_data(tmp_path)
    assert list(told(opened.splits["all"])) == ["2.jpg"]
    assert ["document type" in opened.problems[0].what, "deep" in opened.problems[1].what] == [True, True]


def test_the_raccoons() -> None:
    opened = open_data(data("raccoon"))
    assert (opened.form, opened.labels, boxes(opened)) == ("csv", ("raccoon",), {"train": 173, "test": 44})
    assert {name: len(part) for name, part in opened.splits.items()} == {"train": 160, "test": 40}
    assert sum("same picture" in one.what for one in opened.problems) == 4
    by_name = told(opened.splits["train"])["raccoon-17.jpg"]
    assert by_name[0][1] == pytest.approx((95 / 259, 60 / 194, 167 / 259, 118 / 194))


def test_raccoons_say_the_same_in_xml(tmp_path: Path) -> None:
    for name in ("images", "annotations"):
        (tmp_path / name).symlink_to(data("raccoon", name))
    xml, csv = open_data(tmp_path), open_data(data("raccoon"))
    assert (xml.form, boxes(xml)) == ("Pascal VOC", {"all": 217})
    assert told(xml.splits["all"]) == told(csv.splits["train"]) | told(csv.splits["test"])


def test_coco128() -> None:
    opened = open_data(data("coco128"))
    assert (opened.form, len(opened.labels), boxes(opened)) == ("YOLO", 80, {"train": 929, "val": 898})
    assert {name: len(part) for name, part in opened.splits.items()} == {"train": 128, "val": 128}
    missing = [one.path.name for one in opened.problems if "no picture for it" in one.what]
    assert missing == ["000000000656.txt", "000000000659.txt"]
    assert any("train lacks: fire hydrant" in one.what for one in opened.problems)


def test_penn_fudan() -> None:
    opened = open_data(data("penn_fudan"))
    assert (opened.form, opened.labels, boxes(opened)) == ("Penn-Fudan", ("person",), {"all": 423})
    first = opened.splits["all"].pictures[0]
    assert (first.path.name, first.size) == ("FudanPed00001.jpg", (559, 536))
    assert first.box[0].tolist() == pytest.approx([159 / 559, 181 / 536, 302 / 559, 431 / 536])
