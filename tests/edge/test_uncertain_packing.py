"""From kept looks to a signed file, on the device's side."""

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from edge.contracts.archive import decode_manifest
from edge.contracts.errors import ConfigError
from edge.uncertain.packing import pack
from edge.uncertain.proposals import proposals, without_pictures
from edge.uncertain.record import Thing
from edge.uncertain.signing import device_key
from tests.rigs.doubts import THERE, archived, jpeg, kept, opened, record


def coco(*records: Any) -> Any:
    return json.loads(json.dumps(proposals("dev", records)))


def test_no_looks_are_an_empty_data_set() -> None:
    told = coco()
    assert (told["images"], told["annotations"], told["categories"]) == ([], [], [])
    assert without_pictures("dev", []) == {"foresight_archive": 1, "device": "dev", "looks": []}


def test_boxes_are_proposed_with_scores_and_reasons() -> None:
    told = coco(record(1, jpeg(1)))
    assert [one["name"] for one in told["categories"]] == ["car", "van"]
    doubtful, sure = told["annotations"]
    assert doubtful["bbox"] == [16, 12, 16, 12]  # of 64 x 48 pixels
    assert (doubtful["category_id"], doubtful["score"], doubtful["attributes"]["doubts"]) == (1, 0.45, "score")
    assert (sure["category_id"], sure["score"], sure["attributes"]["doubts"]) == (2, 0.9, "")
    image = told["images"][0]
    assert (image["width"], image["height"], image["date_captured"]) == (64, 48, "2023-11-14T22:13:21.000+00:00")
    assert image["foresight"]["models"] == {"model": "ab" * 32}
    assert [one["reason"] for one in image["foresight"]["reasons"]] == ["score"]


def test_weak_findings_and_tracks_that_may_be_gone_are_not_proposed() -> None:
    weak = Thing(label="cat", box=THERE, score=0.39, track=-1, sub_label="", seen=True)
    gone = Thing(label="dog", box=THERE, score=0.9, track=3, sub_label="", seen=False)
    flat = Thing(label="cow", box=(0.5, 0.5, 0.5, 0.9), score=0.9, track=3, sub_label="", seen=True)
    one = record(1, jpeg(1)).model_copy(update={"things": (weak, gone, flat)})
    assert coco(one)["annotations"] == []


def test_looks_with_a_picture_are_labelled_and_those_without_are_listed() -> None:
    plain, pictured = record(1), record(2, jpeg(2))
    assert len(coco(plain, pictured)["images"]) == 1
    listed = without_pictures("dev", [plain, pictured])
    assert isinstance(listed, dict)
    assert listed["looks"] == [plain.model_dump(mode="json")]


def test_the_same_looks_give_the_same_file(tmp_path: Path) -> None:
    archive, _ = archived(tmp_path, 3)
    again = tmp_path / "again.tar"
    state = tmp_path / "state"
    records = [*(record(k, jpeg(k)) for k in range(3)), record(3)]
    pack(state / "uncertain", records, "dev", device_key(state), again)
    assert archive.read_bytes() == again.read_bytes()
    assert archive.stat().st_mode & 0o077 == 0


def test_the_manifest_names_every_file_and_openssl_finds_it_signed(tmp_path: Path) -> None:
    archive, _ = archived(tmp_path)
    parts = {info.name: content for info, content in opened(archive)}
    manifest = decode_manifest(parts["manifest.json"])
    assert list(parts)[:3] == ["device.pub", "manifest.sig", "manifest.json"]
    assert list(parts)[3:] == list(manifest.files)
    assert manifest.device == "dev"
    if shutil.which("openssl"):
        for name in ("device.pub", "manifest.sig", "manifest.json"):
            (tmp_path / name).write_bytes(parts[name])
        command = "openssl pkeyutl -verify -pubin -inkey device.pub -rawin -in manifest.json -sigfile manifest.sig"
        said = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert said.returncode == 0, said.stderr


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    archive, _ = archived(tmp_path)
    before = archive.read_bytes()
    state = tmp_path / "state"
    with pytest.raises(ConfigError, match="exists already"):
        pack(state / "uncertain", [record(0, jpeg(0))], "dev", device_key(state), archive)
    assert archive.read_bytes() == before


def test_what_goes_away_meanwhile_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    records = kept(tmp_path, 2)
    (tmp_path / "uncertain" / f"{records[1].name}.jpg").unlink()
    with pytest.raises(ConfigError, match="not there"):
        pack(tmp_path / "uncertain", records, "dev", device_key(tmp_path), tmp_path / "a.tar")
    assert not list(tmp_path.glob("*.tar*"))
    assert not list(tmp_path.glob(".a*"))


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    records = kept(tmp_path, 1)
    with pytest.raises(ConfigError, match="there is no folder"):
        pack(tmp_path / "uncertain", records, "dev", device_key(tmp_path), tmp_path / "no" / "a.tar")


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = device_key(tmp_path)
    path = tmp_path / "keys" / "archive.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert device_key(tmp_path).fingerprint == first.fingerprint
    assert device_key(tmp_path / "other").fingerprint != first.fingerprint
    assert len(first.sign(b"")) == 64


@pytest.mark.parametrize("data", [b"", b"-----BEGIN PRIVATE KEY-----\nxxx\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_never_replaced(tmp_path: Path, data: bytes) -> None:
    device_key(tmp_path)
    path = tmp_path / "keys" / "archive.pem"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="no Ed25519 key"):
        device_key(tmp_path)
    assert path.read_bytes() == data


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    device_key(tmp_path)
    (tmp_path / "keys" / "archive.pem").chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        device_key(tmp_path)


def test_members_have_no_time_and_no_owner(tmp_path: Path) -> None:
    archive, _ = archived(tmp_path)
    with tarfile.open(archive) as tar:
        told = {(one.mtime, one.uid, one.gid, one.uname, one.gname, one.mode) for one in tar.getmembers()}
    assert told == {(0, 0, 0, "", "", 0o644)}
    assert os.path.getsize(archive) % 10240 == 0  # noqa: PTH202 - as tar pads it
