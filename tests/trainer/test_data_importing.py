"""Archives on the workstation: what is signed and whole comes in, once."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO
from rich.console import Console

from edge.uncertain.signing import device_key
from tests.rigs.doubts import archived, jpeg, opened
from tests.rigs.imports import run, tree
from trainer.data.importing.trust import trusted_fingerprint
from trainer.data.opening import open_data
from trainer.data.tools import check
from trainer.errors import TrainError


def coco(out: Path) -> Any:
    return json.loads((out / "annotations.json").read_text())


def test_an_archive_becomes_a_data_set_that_is_clean(tmp_path: Path) -> None:
    archive, trust = archived(tmp_path, 3, without=2)
    said = run(archive, trust, tmp_path / "data")
    assert "3 new pictures with 6 proposed boxes, 2 new looks without a picture" in said
    assert check(tmp_path / "data", 0, Console(file=io.StringIO())) == 0
    held = open_data(tmp_path / "data").splits["all"]
    assert held.labels == ("car", "van")
    assert [one.box.tolist() for one in held.pictures] == [[[0.25, 0.25, 0.5, 0.5], [0.625, 0.625, 0.875, 0.875]]] * 3
    assert sorted(one.path.read_bytes() for one in held.pictures) == sorted(jpeg(number) for number in range(3))
    assert len((tmp_path / "data" / "looks.jsonl").read_text().splitlines()) == 2
    assert [row["score"] for row in coco(tmp_path / "data")["annotations"]] == [0.45, 0.9] * 3


def test_the_reference_reader_of_coco_takes_it(tmp_path: Path) -> None:
    archive, trust = archived(tmp_path, 2)
    run(archive, trust, tmp_path / "data")
    read = COCO(str(tmp_path / "data" / "annotations.json"))
    assert [one["name"] for one in read.loadCats(read.getCatIds())] == ["car", "van"]
    assert [len(read.getAnnIds(imgIds=image)) for image in read.getImgIds()] == [2, 2]
    assert {(tmp_path / "data" / "pictures" / one["file_name"]).is_file() for one in read.imgs.values()} == {True}


def test_the_same_archive_again_adds_nothing(tmp_path: Path) -> None:
    archive, trust = archived(tmp_path)
    run(archive, trust, tmp_path / "data")
    before = tree(tmp_path / "data")
    assert "0 new pictures" in run(archive, trust, tmp_path / "data")
    assert tree(tmp_path / "data") == before


def test_a_later_archive_adds_what_is_new_and_leaves_what_people_did(tmp_path: Path) -> None:
    first, trust = archived(tmp_path, 2, without=0)
    run(first, trust, tmp_path / "data")
    labelled = coco(tmp_path / "data")
    gone = labelled["images"].pop()["id"]  # useless, somebody found
    labelled["annotations"] = [
        {"id": "x7", "image_id": labelled["images"][0]["id"], "category_id": 9, "bbox": [1, 2, 3, 4], "iscrowd": 0}
    ]
    labelled["categories"] = [{"id": 9, "name": "dog"}, {"id": 4, "name": "van", "supercategory": "vehicle"}]
    labelled["licenses"] = [{"id": 1, "name": "ours"}]
    (tmp_path / "data" / "annotations.json").write_text(json.dumps(labelled))
    second, _ = archived(tmp_path, 2, without=0, first=1)  # one of them is the one thrown away
    assert "1 new pictures" in run(second, trust, tmp_path / "data").replace("1 new picture ", "1 new pictures ")
    told = coco(tmp_path / "data")
    assert told["licenses"] == labelled["licenses"]
    assert told["images"][0] == labelled["images"][0]
    assert told["annotations"][0] == labelled["annotations"][0]
    assert told["categories"] == [*labelled["categories"], {"id": 10, "name": "car"}]
    assert len(told["images"]) == 2
    assert [row["category_id"] for row in told["annotations"][1:]] == [10, 4]
    assert len({str(row["id"]) for row in told["annotations"]}) == 3
    assert len({row["id"] for row in told["images"]} | {gone}) >= 2


def test_an_import_that_was_cut_off_is_done_by_the_next(tmp_path: Path) -> None:
    archive, trust = archived(tmp_path)
    run(archive, trust, tmp_path / "whole")
    out = tmp_path / "data"
    run(archive, trust, out)
    (out / "annotations.json").unlink()
    (out / "imported.json").write_bytes(b'{"version": 1, "value": []}')
    (out / ".importing" / "pictures").mkdir(parents=True)
    (out / ".importing" / "pictures" / "half.jpg").write_bytes(b"half")
    run(archive, trust, out)
    assert tree(out) == tree(tmp_path / "whole")


def test_pictures_of_none_are_no_data_set_but_are_counted(tmp_path: Path) -> None:
    archive, trust = archived(tmp_path, 0, without=3)
    assert "0 new pictures with 0 proposed boxes, 3 new looks" in run(archive, trust, tmp_path / "data")
    assert sorted(tree(tmp_path / "data")) == ["imported.json", "looks.jsonl"]


@pytest.mark.parametrize(
    "how", [str, str.upper, lambda it: f"sha256:{it}", lambda it: ":".join(it[k : k + 2] for k in range(0, 64, 2))]
)
def test_a_fingerprint_may_be_written_in_many_ways(how: Callable[[str], str]) -> None:
    digits = "0123456789abcdef" * 4
    assert trusted_fingerprint(how(digits)) == digits


def test_a_file_with_the_key_is_trusted_as_well(tmp_path: Path) -> None:
    archive, _ = archived(tmp_path)
    (tmp_path / "device.pem").write_bytes(device_key(tmp_path / "state").public_pem)
    assert "2 new pictures" in run(archive, str(tmp_path / "device.pem"), tmp_path / "data")


@pytest.mark.parametrize("trust", ["", "abc", "g" * 64, "0" * 63, "nowhere.pem", "\0"])
def test_what_is_no_trust_is_told(tmp_path: Path, trust: str) -> None:
    archive, _ = archived(tmp_path)
    with pytest.raises(TrainError, match="neither a fingerprint"):
        run(archive, trust, tmp_path / "data")


def test_a_private_key_and_other_files_are_no_trust(tmp_path: Path) -> None:
    archive, _ = archived(tmp_path)
    with pytest.raises(TrainError, match="no public key"):
        run(archive, str(tmp_path / "state" / "keys" / "archive.pem"), tmp_path / "data")
    with pytest.raises(TrainError, match="MiB"):
        run(archive, str(archive), tmp_path / "data")


def test_the_wrong_key_is_refused_and_both_are_named(tmp_path: Path) -> None:
    archive, own = archived(tmp_path)
    other = device_key(tmp_path / "other").fingerprint
    with pytest.raises(TrainError, match=f"signed by the key {own}, and {other} is trusted"):
        run(archive, other, tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["a.jpg", "annotations.json", "instances_train.json"])
def test_a_folder_of_others_is_left_alone(tmp_path: Path, name: str) -> None:
    archive, trust = archived(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(b"mine")
    with pytest.raises(TrainError, match="was not made by an import"):
        run(archive, trust, tmp_path / "data")
    assert tree(tmp_path / "data") == {name: b"mine"}


def test_another_picture_of_that_name_is_never_overwritten(tmp_path: Path) -> None:
    first, trust = archived(tmp_path, 1, without=0)
    second, _ = archived(tmp_path, 1, without=0, first=1)
    run(first, trust, tmp_path / "data")
    name = opened(second)[5][0].name
    (tmp_path / "data" / name).write_bytes(b"mine")
    before = tree(tmp_path / "data")
    with pytest.raises(TrainError, match="another picture"):
        run(second, trust, tmp_path / "data")
    assert tree(tmp_path / "data") == before


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"images": 3, "annotations": [], "categories": []}'])
def test_annotations_that_somebody_spoilt_are_told_and_left(tmp_path: Path, data: bytes) -> None:
    archive, trust = archived(tmp_path)
    run(archive, trust, tmp_path / "data")
    (tmp_path / "data" / "annotations.json").write_bytes(data)
    with pytest.raises(TrainError, match=r"annotations\.json is no"):
        run(archive, trust, tmp_path / "data")
    assert (tmp_path / "data" / "annotations.json").read_bytes() == data


@pytest.mark.parametrize("archive", ["nowhere.tar", "."])
def test_what_is_no_file_is_told(tmp_path: Path, archive: str) -> None:
    with pytest.raises(TrainError, match="there is no file"):
        run(tmp_path / archive, "0" * 64, tmp_path / "data")
    assert not (tmp_path / "data").exists()
