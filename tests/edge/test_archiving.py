"""`foresight archive`: what it says, and what it leaves alone."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from edge.archiving import archive, show_key
from edge.contracts.errors import ConfigError
from tests.rigs.doubts import jpeg, kept


def config(folder: Path, keep: str = "{enabled: true, pictures: true}") -> Path:
    path = folder / "foresight.yaml"
    state = f"device: {{state_dir: {folder}/state}}\nmqtt: {{device: dev}}\n"
    path.write_text(f"{state}keep: {keep}\ncameras: {{yard: {{source: street}}}}\n")
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


def test_pictures_that_are_not_allowed_any_more_stay_here(tmp_path: Path) -> None:
    kept(tmp_path / "state", 2)
    before = sorted((tmp_path / "state" / "uncertain").iterdir())
    assert "2 looks, 0 with a picture" in said(config(tmp_path, "{enabled: true}"), tmp_path / "a.tar")
    assert b"\xff\xd8\xff" not in (tmp_path / "a.tar").read_bytes()
    assert sorted((tmp_path / "state" / "uncertain").iterdir()) == before


def test_a_failed_archive_forgets_nothing(tmp_path: Path) -> None:
    kept(tmp_path / "state", 2)
    (tmp_path / "a.tar").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="exists already"):
        said(config(tmp_path), tmp_path / "a.tar", forget=True)
    assert len(list((tmp_path / "state" / "uncertain").iterdir())) == 4
    assert (tmp_path / "a.tar").read_bytes() == b"mine"
