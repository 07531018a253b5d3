"""`foresight archive`: what it says, and what it leaves alone."""

import io
import re
import threading
from pathlib import Path

import pytest
from rich.console import Console

from edge.archiving import LOCK, archive, show_key
from edge.contracts.errors import ConfigError
from edge.contracts.locking import locked
from edge.uncertain.portioning import SPARE_BYTES, Room
from tests.rigs.doubts import jpeg, kept, opened

PICTURES = "{enabled: true, pictures: true}"
MASKED = "{source: street, masks: {privacy: [[[0, 0], [1, 0], [1, 1]]]}}"


def config(folder: Path, keep: str = PICTURES, camera: str = "yard: {source: street}") -> Path:
    path = folder / "foresight.yaml"
    state = f"device: {{state_dir: {folder}/state}}\nmqtt: {{device: dev}}\n"
    path.write_text(f"{state}keep: {keep}\ncameras: {{{camera}}}\n")
    return path


def said(path: Path, out: Path, *, forget: bool = False) -> str:
    text = io.StringIO()
    archive(path, out, forget_packed=forget, console=Console(file=text, width=300))
    return text.getvalue()


@pytest.mark.parametrize(("keep", "hint"), [("{}", "enabled: true"), ("{enabled: true}", "wait until")])
def test_nothing_kept_is_told(tmp_path: Path, keep: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"holds no looks.*{hint}"):
        said(config(tmp_path, keep), tmp_path / "a.tar")
    assert not (tmp_path / "a.tar").exists()


def test_what_was_kept_is_packed_and_stays(tmp_path: Path) -> None:
    kept(tmp_path / "state", 2, 1)
    before = sorted((tmp_path / "state" / "uncertain").iterdir())
    told = said(config(tmp_path), tmp_path / "a.tar")
    assert "3 looks, 2 with a picture" in told
    assert sorted((tmp_path / "state" / "uncertain").iterdir()) == before
    shown = io.StringIO()
    show_key(config(tmp_path), Console(file=shown, width=300))
    fingerprint, pem = shown.getvalue().split("\n", 1)
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint)
    assert f"--trust {fingerprint}" in told
    assert pem.startswith("-----BEGIN PUBLIC KEY-----\n")


def test_what_was_packed_is_forgotten_where_that_is_asked_and_what_is_damaged_stays(tmp_path: Path) -> None:
    records = kept(tmp_path / "state", 2)
    folder = tmp_path / "state" / "uncertain"
    (folder / f"{records[0].name}.jpg").write_bytes(jpeg(9))
    assert "1 looks, 1 with a picture" in said(config(tmp_path), tmp_path / "a.tar", forget=True)
    assert sorted(path.stem for path in folder.iterdir()) == [records[0].name] * 2
    with pytest.raises(ConfigError, match="none is undamaged"):
        said(config(tmp_path), tmp_path / "b.tar")


def test_without_pictures_there_is_none_in_the_file(tmp_path: Path) -> None:
    kept(tmp_path / "state", 0, 2)
    assert "without pictures there is nothing to label" in said(config(tmp_path), tmp_path / "a.tar")
    assert b"\xff\xd8\xff" not in (tmp_path / "a.tar").read_bytes()


@pytest.mark.parametrize(
    ("keep", "camera"),
    [
        ("{enabled: true}", "yard: {source: street}"),
        (PICTURES, "gate: {source: street}"),
        (PICTURES, f"yard: {MASKED}"),
    ],
)
def test_pictures_that_are_not_allowed_any_more_stay_here(tmp_path: Path, keep: str, camera: str) -> None:
    kept(tmp_path / "state", 2)
    before = sorted((tmp_path / "state" / "uncertain").iterdir())
    told = said(config(tmp_path, keep, camera), tmp_path / "a.tar")
    assert "2 looks, 0 with a picture" in told
    assert "2 pictures are not in it and stay here" in told
    assert b"\xff\xd8\xff" not in (tmp_path / "a.tar").read_bytes()
    assert sorted((tmp_path / "state" / "uncertain").iterdir()) == before


def test_what_is_too_much_for_one_archive_goes_into_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.archiving.ROOM", Room(json_bytes=SPARE_BYTES + 3000))
    records = kept(tmp_path / "state", 0, 12)
    told, names = said(config(tmp_path), tmp_path / "0.tar"), []
    assert re.search(r"(\d+) newer looks stay here.*--forget deletes what was packed", told)
    for number in range(1, 12):
        told = said(config(tmp_path), tmp_path / f"{number}.tar", forget=True)
        names.append(told)
        if "newer looks stay here" not in told:
            break
    assert sum(int(count) for one in names for count in re.findall(r"(\d+) looks,", one)) == len(records)
    assert list((tmp_path / "state" / "uncertain").iterdir()) == []


def test_a_second_archive_at_the_same_time_waits_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path / "state", 1)
    with locked(tmp_path / "state" / LOCK, 0.0):
        monkeypatch.setattr("edge.archiving.LOCK_S", 0.1)
        with pytest.raises(ConfigError, match="another `foresight archive` is at work"):
            said(config(tmp_path), tmp_path / "a.tar", forget=True)
        with pytest.raises(ConfigError, match="another `foresight archive` is at work"):
            show_key(config(tmp_path), Console(file=io.StringIO()))
    assert not (tmp_path / "a.tar").exists()
    assert len(list((tmp_path / "state" / "uncertain").iterdir())) == 2


def test_of_two_archives_that_forget_each_look_is_in_one(tmp_path: Path) -> None:
    kept(tmp_path / "state", 8)
    path, told = config(tmp_path), []

    def work(name: str) -> None:
        try:
            told.append(said(path, tmp_path / name, forget=True))
        except ConfigError as error:
            told.append(str(error))

    threads = [threading.Thread(target=work, args=(f"{number}.tar",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    assert sorted("8 looks, 8 with a picture" in one for one in told) == [False, True]
    assert sorted("holds no looks" in one for one in told) == [False, True]
    (archive,) = tmp_path.glob("*.tar")
    assert len([info for info, _ in opened(archive) if info.name.startswith("pictures/")]) == 8


def test_a_failed_archive_forgets_nothing(tmp_path: Path) -> None:
    kept(tmp_path / "state", 2)
    (tmp_path / "a.tar").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="exists already"):
        said(config(tmp_path), tmp_path / "a.tar", forget=True)
    assert len(list((tmp_path / "state" / "uncertain").iterdir())) == 4
    assert (tmp_path / "a.tar").read_bytes() == b"mine"
