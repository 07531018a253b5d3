"""Archives on the workstation: what is signed and whole comes in, once; everything else is refused in words."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO
from rich.console import Console

from edge.contracts.archive import MOST_JSON_BYTES
from edge.uncertain.signing import device_key
from tests.rigs.doubts import Part, Parts, archived, jpeg, opened, resealed, resigned, written
from trainer.data.importing.command import import_archive
from trainer.data.importing.trust import trusted_fingerprint
from trainer.data.opening import open_data
from trainer.data.tools import check
from trainer.errors import TrainError


def run(archive: Path, trust: str, out: Path) -> str:
    said = io.StringIO()
    import_archive(archive, trust, out, Console(file=said, width=400))
    return said.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


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


def member(name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"x", link: str = "") -> Part:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(content) if info.isreg() else 0
    return info, content


def add(*more: Part, at: int = 99) -> Callable[[Parts], Parts]:
    return lambda parts: [*parts[:at], *more, *parts[at:]]


def swapped(name: str, content: bytes) -> Callable[[Parts], Parts]:
    """The content of a member changed, its header with it."""

    def change(parts: Parts) -> Parts:
        return [member(name, content=content) if info.name == name else (info, old) for info, old in parts]

    return change


def without(name: str) -> Callable[[Parts], Parts]:
    return lambda parts: [(info, content) for info, content in parts if not info.name.startswith(name)]


HOSTILE: dict[str, tuple[Callable[[Parts], Parts], str]] = {
    "nothing in it": (lambda _: [], "device.pub should stand"),
    "no key": (without("device.pub"), "device.pub should stand"),
    "no signature": (without("manifest.sig"), "manifest.sig should stand"),
    "no manifest": (without("manifest.json"), "manifest.json should stand"),
    "no pictures": (without("pictures/"), "its end does"),
    "no annotations": (without("annotations.json"), "annotations.json of"),
    "another key": (
        swapped("device.pub", b"-----BEGIN PUBLIC KEY-----\nAA\n"),
        "no public key",
    ),
    "a signature of zeros": (swapped("manifest.sig", bytes(64)), "does not fit"),
    "a short signature": (swapped("manifest.sig", bytes(63)), "does not fit"),
    "a long signature": (swapped("manifest.sig", bytes(65)), "more than 64"),
    "a manifest of somebody else": (swapped("manifest.json", b"{}"), "does not fit"),
    "other annotations": (swapped("annotations.json", b"{}"), "annotations.json of"),
    "an extra file": (add(member("evil.py")), "evil.py.*does not name"),
    "an extra file between": (add(member("evil.py"), at=4), "should stand where 'evil.py'"),
    "a path out of the folder": (add(member("../../evil")), "'../../evil'"),
    "an absolute path": (add(member("/etc/passwd"), at=3), "'/etc/passwd'"),
    "a symbolic link": (add(member("pictures", tarfile.SYMTYPE, link="/etc"), at=3), "a symbolic link"),
    "a hard link": (add(member("pictures/x.jpg", tarfile.LNKTYPE, link="/etc/passwd")), "a hard link"),
    "a character device": (add(member("null", tarfile.CHRTYPE)), "a device"),
    "a block device": (add(member("disk", tarfile.BLKTYPE), at=0), "a device"),
    "a pipe": (add(member("pipe", tarfile.FIFOTYPE), at=1), "a pipe"),
    "a folder": (add(member("pictures", tarfile.DIRTYPE), at=3), "a folder"),
    "the same file twice": (lambda parts: [*parts, parts[-1]], "does not name"),
    "another order": (lambda parts: [*parts[:3], *parts[:2:-1]], "should stand where"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_and_leave_nothing(tmp_path: Path, name: str) -> None:
    change, said = HOSTILE[name]
    archive, trust = archived(tmp_path)
    hostile = written(change(opened(archive)), tmp_path / "hostile.tar")
    with pytest.raises(TrainError, match=f"(?s)hostile.tar.*{said}"):
        run(hostile, trust, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def bytes_changed(at: slice, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        made = bytearray(data)
        made[at] = new
        if at.stop is not None and at.stop <= 512:  # in a header: its sum is made to fit
            made[148:156] = b" " * 8
            made[148:156] = f"{sum(made[:512]):06o}\0 ".encode()
        return bytes(made)

    return change


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "cut off"),
    "a text": (lambda _: b"hello" * 1000, "no plain tar"),
    "compressed": (lambda data: b"\x1f\x8b" + data, "no plain tar"),
    "cut off in a header": (lambda data: data[:300], "cut off"),
    "cut off in a picture": (lambda data: data[: len(data) // 2], "cut off"),
    "cut off before its end": (lambda data: data.rstrip(b"\0"), "cut off"),
    "one flipped bit in a picture": (
        lambda data: flipped(data, data.rindex(b"\xff\xd8") + 100),
        "is not what was signed",
    ),
    "one flipped bit in a header": (lambda data: flipped(data, 0), "does not add up"),
    "something after its end": (lambda data: data + b"more", "after its end"),
    "a second archive after its end": (lambda data: data + data, "after its end"),
    "many zeros after its end": (lambda data: data + bytes(50_000), "after its end"),
    "a size of 8 GiB": (bytes_changed(slice(124, 136), b"77777777777\0"), "more than"),
    "a size in base 256": (bytes_changed(slice(124, 136), b"\x80" + bytes(10) + b"\x01"), "a header that no archive"),
    "a size below zero": (bytes_changed(slice(124, 136), b"-0000000001\0"), "a header that no archive"),
    "no size": (bytes_changed(slice(124, 136), b" " * 12), "a header that no archive"),
    "a name in two parts": (bytes_changed(slice(345, 348), b"../"), "a header that no archive"),
    "a long name": (bytes_changed(slice(156, 157), b"L"), "a long name"),
    "an extended header": (bytes_changed(slice(156, 157), b"x"), "an extended header"),
    "a global header": (bytes_changed(slice(156, 157), b"g"), "an extended header"),
    "a sparse file": (bytes_changed(slice(156, 157), b"S"), "a sparse file"),
    "an unknown type": (bytes_changed(slice(156, 157), b"Z"), "unknown type"),
    "letters of no alphabet in a name": (bytes_changed(slice(0, 4), b"\xff\x1b[m"), "should stand where"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_and_leave_nothing(tmp_path: Path, name: str) -> None:
    change, said = BROKEN[name]
    archive, trust = archived(tmp_path)
    broken = tmp_path / "broken.tar"
    broken.write_bytes(change(archive.read_bytes()))
    with pytest.raises(TrainError, match=f"(?s)broken.tar.*({said})"):
        run(broken, trust, tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_other_forms_of_tar_are_refused(tmp_path: Path, form: int) -> None:
    archive, trust = archived(tmp_path)
    parts = opened(archive)
    parts[0][0].name = "a" * 200
    with pytest.raises(TrainError, match=r"an extended header|no plain tar"):
        run(written(parts, tmp_path / "other.tar", form), trust, tmp_path / "data")


def named(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    """A manifest with another list of files."""
    return lambda data: json.dumps({**json.loads(data), "files": change(json.loads(data)["files"])}).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: b"", "Expecting value"),
        (lambda _: b"[" * 50_000, "nests too deeply"),
        (named(lambda _: []), "first files"),
        (named(lambda files: [*files, {**files[-1], "name": "pictures/../../evil.jpg"}]), "no file of an archive"),
        (named(lambda files: [*files, {**files[-1], "name": "setup.py"}]), "no file of an archive"),
        (named(lambda files: [{**files[0], "size_bytes": MOST_JSON_BYTES + 1}, *files[1:]]), "at most"),
        (named(lambda files: [{**files[0], "sha256": "0" * 64}, *files[1:]]), "is not what was signed"),
        (named(lambda files: [{**files[0], "size_bytes": 1}, *files[1:]]), "of 1 bytes should stand"),
        (named(lambda files: files[:-1]), "does not name"),
    ],
)
def test_a_signed_manifest_is_not_believed_blindly(tmp_path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    archive, trust = archived(tmp_path)
    signed = written(resigned(opened(archive), tmp_path / "state", change), tmp_path / "signed.tar")
    with pytest.raises(TrainError, match=f"(?s)signed.tar.*{said}"):
        run(signed, trust, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def told(change: Callable[[Any], object]) -> Callable[[Parts], dict[str, bytes]]:
    """Other annotations than the device has written."""

    def changed(parts: Parts) -> dict[str, bytes]:
        content = json.loads(next(content for info, content in parts if info.name == "annotations.json"))
        change(content)
        return {"annotations.json": json.dumps(content).encode()}

    return changed


def pictured(picture: bytes) -> Callable[[Parts], dict[str, bytes]]:
    """Another first picture."""
    return lambda parts: {parts[5][0].name: picture}


def huge(picture: bytes) -> bytes:
    """A JPEG that says to be of 60000 x 60000 pixels."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + b"\xea\x60\xea\x60" + picture[at + 4 :]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: {"annotations.json": b""}, "is no JSON"),
        (lambda _: {"annotations.json": b"[" * 100_000}, "is no JSON"),
        (lambda _: {"annotations.json": b"[]"}, "is not COCO"),
        (lambda _: {"looks.json": b"{"}, "list of looks"),
        (lambda _: {"looks.json": b'{"device": "dev", "looks": 3}'}, "list of looks"),
        (lambda _: {"looks.json": b'{"device": "dev", "looks": [{"utc_ns": -1}]}'}, "list of looks"),
        (told(lambda it: it["images"].pop()), "each once"),
        (told(lambda it: it["images"].append(it["images"][0])), "each once"),
        (told(lambda it: it["images"][0].update(file_name="../../evil.jpg")), "each once"),
        (told(lambda it: it["images"][0].update(width=63)), "63 x 48 pixels"),
        (told(lambda it: it["annotations"][0].update(image_id=99)), "no image, no class or no box"),
        (told(lambda it: it["annotations"][0].update(category_id=99)), "no image, no class or no box"),
        (told(lambda it: it["annotations"][0].update(bbox=[1, 2, 3])), "no image, no class or no box"),
        (told(lambda it: it["annotations"][0].update(bbox=[1, 2, "3", 4])), "a number is needed"),
        (told(lambda it: it["annotations"][0].update(bbox=[1, 2, float("nan"), 4])), "a number is needed"),
        (told(lambda it: it["annotations"][0].update(bbox=[1, 2, 1e5, 4])), "does not lie in it"),
        (told(lambda it: it["annotations"][0].update(bbox=[1, 2, -3, 4])), "does not lie in it"),
        (told(lambda it: it["categories"][0].update(name="a\u001b[31m")), "has no name"),
        (pictured(b""), "is no JPEG"),
        (pictured(b"#!/bin/sh\n"), "is no JPEG"),
        (pictured(jpeg(1)[:20]), "cannot be used"),
        (pictured(jpeg(1, (32, 32))), "is said to have"),
        (pictured(huge(jpeg(1))), "cannot be used"),
    ],
)
def test_what_a_trusted_device_says_is_checked_all_the_same(
    tmp_path: Path, change: Callable[[Parts], dict[str, bytes]], said: str
) -> None:
    archive, trust = archived(tmp_path)
    parts = opened(archive)
    signed = written(resealed(parts, tmp_path / "state", change(parts)), tmp_path / "signed.tar")
    with pytest.raises(TrainError, match=f"(?s){said}"):
        run(signed, trust, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_resealing_alone_changes_nothing(tmp_path: Path) -> None:
    archive, _ = archived(tmp_path)
    same = written(resealed(opened(archive), tmp_path / "state", {}), tmp_path / "same.tar")
    assert same.read_bytes() == archive.read_bytes()


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
