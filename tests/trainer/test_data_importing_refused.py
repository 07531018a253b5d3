"""Archives on the workstation that are hostile, broken or wrong: refused in words, and nothing is left."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.contracts.archive import MOST_JSON_BYTES
from tests.rigs.doubts import Part, Parts, archived, jpeg, opened, resealed, resigned, written
from tests.rigs.imports import run
from trainer.errors import TrainError


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


def device(name: str) -> Callable[[bytes], bytes]:
    """A manifest of another device."""
    return lambda data: json.dumps({**json.loads(data), "device": name}).encode()


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
        (device("\ud800"), r"device: .*, not '.ud800'"),
        (device("d\u001b[31m"), "device: a name"),
        (device("d" * 1000), "device: a name of at most 256 letters"),
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


def box(**values: object) -> Callable[[Parts], dict[str, bytes]]:
    """Another first box."""
    return told(lambda it: it["annotations"][0].update(values))


def attribute(**values: object) -> Callable[[Parts], dict[str, bytes]]:
    """Other attributes of the first box."""
    return told(lambda it: it["annotations"][0]["attributes"].update(values))


def noted(**values: object) -> Callable[[Parts], dict[str, bytes]]:
    """Another first look without a picture."""

    def changed(parts: Parts) -> dict[str, bytes]:
        content = json.loads(next(content for info, content in parts if info.name == "looks.json"))
        content["looks"][0].update(values)
        return {"looks.json": json.dumps(content).encode()}

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
        (lambda _: {"looks.json": b"{"}, r"signed.tar: looks.json: Expecting"),
        (lambda _: {"looks.json": b"[" * 100_000}, r"signed.tar: looks.json: "),
        (lambda _: {"looks.json": b'{"device": "dev", "looks": 3}'}, "looks.json: `looks` must be a list"),
        (lambda _: {"looks.json": b'{"device": "dev", "looks": [{"utc_ns": -1}]}'}, r"looks.json: looks\[0\]\."),
        (noted(threshold=float("nan")), r"looks.json: looks\[0\]\.threshold: .*, not nan"),
        (noted(threshold=float("inf")), r"looks.json: looks\[0\]\.threshold: "),
        (noted(camera="\ud800"), r"looks.json: looks\[0\]\.camera: "),
        (noted(camera="x" * 10_000), r"looks.json: looks\[0\]\.camera: .* 256 characters, not 'x{39}\.\.\."),
        (noted(things=[3]), r"looks.json: looks\[0\]\.things\[0\]: "),
        (told(lambda it: it["images"].pop()), "each once"),
        (told(lambda it: it["images"].append(it["images"][0])), "each once"),
        (told(lambda it: it["images"][0].update(file_name="../../evil.jpg")), "each once"),
        (told(lambda it: it["images"][0].update(width=63)), "63 x 48 pixels"),
        (told(lambda it: it["images"][1].update(id=it["images"][0]["id"])), "each once"),
        (box(image_id=99), r"annotations.json: annotations\[0\] is of no image or of no class"),
        (box(category_id=99), r"annotations.json: annotations\[0\] is of no image or of no class"),
        (box(bbox=[1, 2, 3]), r"annotations.json: annotations\[0\]\.bbox: .* at least 4"),
        (box(bbox=[1, 2, "3", 4]), r"annotations\[0\]\.bbox\[2\]: .* valid number, not '3'"),
        (box(bbox=[1, 2, float("nan"), 4]), r"annotations\[0\]\.bbox\[2\]: .* finite number, not nan"),
        (box(bbox=[1, 2, 1e5, 4]), r"annotations\[0\]\.bbox\[2\]: .* not 100000"),
        (box(bbox=[1, 2, 100, 4]), "does not lie in it"),
        (box(score=float("nan")), r"annotations\[0\]\.score: .*, not nan"),
        (box(score=float("inf")), r"annotations\[0\]\.score: .*, not inf"),
        (box(score=-0.1), r"annotations\[0\]\.score: .*, not -0\.1"),
        (box(score=1.5), r"annotations\[0\]\.score: "),
        (box(score=True), r"annotations\[0\]\.score: "),
        (box(score=10**400), r"annotations\[0\]\.score: .*, not 1000+\.\.\."),
        (box(score=None), r"annotations\[0\]\.score: "),
        (box(area=float("-inf")), r"annotations\[0\]\.area: "),
        (box(area=-1), r"annotations\[0\]\.area: "),
        (box(area=1e300), r"annotations\[0\]\.area: "),
        (box(area=[]), r"annotations\[0\]\.area: .*, not a list"),
        (box(iscrowd=2), r"annotations\[0\]\.iscrowd: "),
        (box(attributes=[]), r"annotations\[0\]\.attributes: "),
        (box(attributes={"track": 1}), r"annotations\[0\]\.attributes\.sub_label: "),
        (attribute(track=1 << 80), r"annotations\[0\]\.attributes\.track: "),
        (attribute(sub_label="\udc80"), r"annotations\[0\]\.attributes\.sub_label: "),
        (attribute(sub_label="\u001b[31m"), r"attributes\.sub_label: .*without control characters.*, not '.x1b"),
        (attribute(doubts="x" * (1 << 20)), r"attributes\.doubts: .*, not 'x+\.\.\.;"),
        (attribute(seen="yes"), r"attributes\.seen: "),
        (told(lambda it: it["images"][0].update(date_captured="\ud800")), r"images\[0\]\.date_captured: "),
        (told(lambda it: it["images"][0].update(foresight=3)), r"images\[0\]\.foresight: "),
        (told(lambda it: it["images"][0]["foresight"].update(utc_ns=-1)), r"images\[0\]\.foresight\.utc_ns: "),
        (told(lambda it: it["images"][0]["foresight"]["reasons"][0].update(weight=9)), r"\.reasons\[0\]\.weight: "),
        (told(lambda it: it["images"][0]["foresight"].update(models={"m": "z"})), r"\.foresight\.models\.m: "),
        (told(lambda it: it["annotations"][0].update(bbox=[1, 2, -3, 4])), "does not lie in it"),
        (told(lambda it: it["categories"][0].update(name="a\u001b[31m")), "has no name"),
        (told(lambda it: it["categories"][0].update(name="\ud800")), "has no name"),
        (told(lambda it: it["categories"][0].update(name="x" * 300)), "has no name"),
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
