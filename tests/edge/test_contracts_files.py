"""What is no file is told from what the machine cannot read for a moment."""

import hashlib
import io
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.contracts.files import NotPlainError, move_aside, open_plain, sha256_of, unfinished
from edge.contracts.stored import replace_file
from tests.rigs.descriptors import none_left


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("made", [Path.mkdir, os.mkfifo, bound, link_to_itself, link_to_a_device])
def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], None]) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    made(Path("it"))
    with pytest.raises(NotPlainError, match="it is no file"):
        open_plain(tmp_path / "it")


def test_what_is_one(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"data")
    (tmp_path / "link").symlink_to("it")
    for name in ("it", "link"):
        with open_plain(tmp_path / name) as file:
            assert file.read() == b"data"


def test_what_is_wrong_with_the_machine_is_not_held_against_a_file(tmp_path: Path) -> None:
    (tmp_path / "it").touch()
    with pytest.raises(FileNotFoundError):
        open_plain(tmp_path / "none")
    with none_left(), pytest.raises(OSError, match="Too many open files"):
        open_plain(tmp_path / "it")


@pytest.mark.parametrize("data", [b"", b"data", b"x" * (1 << 20)])
def test_the_sum_of_a_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "it").write_bytes(data)
    assert sha256_of(tmp_path / "it") == sha256_of(io.BytesIO(data)) == hashlib.sha256(data).hexdigest()


def test_a_pipe_has_no_sum_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "it")
    with pytest.raises(NotPlainError):
        sha256_of(tmp_path / "it")


def file(path: Path) -> None:
    path.write_text("x")


def folder(path: Path) -> None:
    path.mkdir()
    (path / "within").touch()


@pytest.mark.parametrize("there", [lambda _: None, file, folder, link_to_itself])
@pytest.mark.parametrize("moved", [file, folder, link_to_itself, os.mkfifo])
def test_whatever_it_is_is_moved_aside(
    tmp_path: Path, moved: Callable[[Path], None], there: Callable[[Path], None]
) -> None:
    moved(tmp_path / "it")
    there(tmp_path / "aside")
    mode = (tmp_path / "it").lstat().st_mode
    move_aside(tmp_path / "it", tmp_path / "aside")
    assert [path.name for path in tmp_path.iterdir()] == ["aside"]
    assert (tmp_path / "aside").lstat().st_mode == mode


def test_unfinished_files_are_those_that_are_written_to_be_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dead:  # nothing is done any more once it is written
        dead.setattr(os, "fsync", _killed)
        dead.setattr(Path, "unlink", lambda *_, **__: None)
        for name in ("a.json", "b.json"):
            with pytest.raises(KeyboardInterrupt):
                replace_file(tmp_path / name, b"data")
    (tmp_path / ".a.json.folder__").mkdir()
    (tmp_path / ".a.json").touch()
    found = [path.name for path in unfinished(tmp_path, lambda name: name == "a.json")]
    assert [name[: len(".a.json.")] for name in found] == [".a.json."]
    assert list(unfinished(tmp_path / "none", lambda _: True)) == []


def _killed(_: int) -> None:
    raise KeyboardInterrupt
