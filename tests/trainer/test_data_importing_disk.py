"""Imports and the disk: what is told is there, nothing of others is moved, and two at a time do not mix."""

import json
import os
import threading
from pathlib import Path

import pytest

from edge.contracts.locking import locked
from edge.uncertain.packing import pack
from edge.uncertain.record import Record
from edge.uncertain.signing import device_key
from tests.rigs.doubts import archived, record
from tests.rigs.imports import run, tree
from trainer.data.importing.command import LOCK
from trainer.data.importing.note import read_note, write_note
from trainer.errors import TrainError


def test_of_nothing_nothing_was_imported(tmp_path: Path) -> None:
    assert read_note(tmp_path / "nowhere") == []
    write_note(tmp_path, ["b", "a", "b"])
    assert read_note(tmp_path) == ["b", "a"]


def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The inodes that are forced to disk, in that order."""
    real, seen = os.fsync, []

    def fsync(opened: int) -> None:
        real(opened)
        seen.append(os.fstat(opened).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def test_all_of_it_is_on_disk_before_it_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, trust = archived(tmp_path, 3)
    seen = synced(monkeypatch)
    run(archive, trust, tmp_path / "new" / "data")
    out = tmp_path / "new" / "data"
    at = {path: seen.index(path.stat().st_ino) for path in [*out.rglob("*"), out, out.parent, tmp_path]}
    pictures = [path for path in at if path.suffix == ".jpg"]
    assert len(pictures) == 3
    assert max(at[path] for path in pictures) < at[out / "pictures"] < at[out / "annotations.json"]
    last = len(seen) - 1 - seen[::-1].index((out / "imported.json").stat().st_ino)
    assert at[out / "annotations.json"] < last


def test_pictures_of_an_import_that_was_cut_off_are_forced_to_disk_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, trust = archived(tmp_path, 1)
    run(archive, trust, tmp_path / "data")
    (tmp_path / "data" / "annotations.json").unlink()
    write_note(tmp_path / "data", [])
    (picture,) = (tmp_path / "data" / "pictures").iterdir()
    seen = synced(monkeypatch)
    run(archive, trust, tmp_path / "data")
    assert picture.stat().st_ino in seen


def test_the_note_of_a_newer_version_stays_and_is_told(tmp_path: Path) -> None:
    archive, trust = archived(tmp_path)
    run(archive, trust, tmp_path / "data")
    (tmp_path / "data" / "imported.json").write_bytes(b'{"version": 2, "value": {}}')
    before = tree(tmp_path / "data")
    with pytest.raises(TrainError, match=r"imported\.json: a newer Foresight wrote it"):
        run(archive, trust, tmp_path / "data")
    assert tree(tmp_path / "data") == before


def test_a_damaged_note_is_told_and_nothing_is_imported(tmp_path: Path) -> None:
    archive, trust = archived(tmp_path)
    later, _ = archived(tmp_path, first=5)
    run(archive, trust, tmp_path / "data")
    (tmp_path / "data" / "imported.json").write_bytes(b"{")
    with pytest.raises(TrainError, match=r"imported\.json was damaged"):
        run(later, trust, tmp_path / "data")
    assert len(list((tmp_path / "data" / "pictures").iterdir())) == 2


def test_a_second_import_at_the_same_time_waits_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, trust = archived(tmp_path)
    out = tmp_path / "data"
    out.mkdir()
    monkeypatch.setattr("trainer.data.importing.command.LOCK_S", 0.1)
    with locked(out / LOCK, 0.0), pytest.raises(TrainError, match=r"another import into .*data is at work"):
        run(archive, trust, out)
    assert tree(out) == {}
    assert "2 new pictures" in run(archive, trust, out)


def test_of_imports_at_the_same_time_each_adds_its_own(tmp_path: Path) -> None:
    archives = [archived(tmp_path, 2, without=1, first=10 * number) for number in range(3)]
    out, failed = tmp_path / "data", []

    def work(archive: Path, trust: str) -> None:
        try:
            run(archive, trust, out)
        except TrainError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=one) for one in archives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    assert failed == []
    told = json.loads((out / "annotations.json").read_text())
    assert len({row["id"] for row in told["images"]}) == len(told["images"]) == 6 == len(read_note(out))
    assert len({row["id"] for row in told["annotations"]}) == len(told["annotations"]) == 12
    assert len((out / "looks.jsonl").read_text().splitlines()) == 3
    there = {path.name for path in out.iterdir()}
    assert there == {"annotations.json", "imported.json", "looks.jsonl", "pictures"}


def test_litter_of_what_was_killed_does_not_make_a_folder_foreign(tmp_path: Path) -> None:
    archive, trust = archived(tmp_path)
    (tmp_path / "data").mkdir()
    for name in (".imported.json.x1y2", LOCK):
        (tmp_path / "data" / name).touch()
    assert "2 new pictures" in run(archive, trust, tmp_path / "data")


def test_one_picture_that_is_in_the_way_keeps_all_out(tmp_path: Path) -> None:
    first, trust = archived(tmp_path, 1, without=0)
    second, _ = archived(tmp_path, 4, without=0, first=1)
    run(first, trust, tmp_path / "other")
    run(second, trust, tmp_path / "other")
    run(first, trust, tmp_path / "data")
    (mine,) = (tmp_path / "data" / "pictures").iterdir()
    theirs = {path.name for path in (tmp_path / "other" / "pictures").iterdir()} - {mine.name}
    (tmp_path / "data" / "pictures" / max(theirs)).write_bytes(b"mine")
    before = tree(tmp_path / "data")
    with pytest.raises(TrainError, match="another picture"):
        run(second, trust, tmp_path / "data")
    assert tree(tmp_path / "data") == before


def packed(folder: Path, records: list[Record], name: str) -> tuple[Path, str]:
    key = device_key(folder / "state")
    pack(folder / "state" / "uncertain", records, "dev", key, folder / name)
    return folder / name, key.fingerprint


def test_looks_with_strange_names_are_one_line_each_and_come_once(tmp_path: Path) -> None:
    archive, trust = packed(tmp_path, [record(1, label="a\u2028b\x85c\nd"), record(2)], "a.tar")
    assert "2 new looks" in run(archive, trust, tmp_path / "data")
    assert "0 new looks" in run(archive, trust, tmp_path / "data")
    lines = (tmp_path / "data" / "looks.jsonl").read_text().splitlines()
    assert [json.loads(line)["look"]["doubts"][0]["label"] for line in lines] == ["a\u2028b\x85c\nd", "car"]


def test_what_other_tools_wrote_comes_out_as_it_went_in(tmp_path: Path) -> None:
    first, trust = archived(tmp_path, 1)
    second, _ = archived(tmp_path, 1, first=5)
    run(first, trust, tmp_path / "data")
    path = tmp_path / "data" / "annotations.json"
    content = json.loads(path.read_text())
    content["info"] = {"description": "half a character: \ud800, and a whole one: \N{GRINNING FACE}"}
    path.write_text(json.dumps(content))
    (tmp_path / "data" / "looks.jsonl").write_bytes(b"\xff\n")
    run(second, trust, tmp_path / "data")
    assert json.loads(path.read_text())["info"] == content["info"]
    assert (tmp_path / "data" / "looks.jsonl").read_bytes().startswith(b"\xff\n")
