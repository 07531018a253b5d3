"""Small values on disk: whole or not at all, upgraded, never read by a Foresight that is older than they are."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from edge.contracts.stored import Json, StateError, Stored
from tests.rigs.descriptors import none_left
from tests.rigs.host import wait_until


def test_nothing_is_read_from_nowhere(tmp_path: Path) -> None:
    assert Stored(tmp_path / "no" / "file.json").read() is None


@pytest.mark.parametrize("value", [None, [], {}, "", 0, {"a": [1, 2.5, "x", None, True]}])
def test_what_is_written_is_read(tmp_path: Path, value: Json) -> None:
    stored = Stored(tmp_path / "new folder" / "file.json")
    stored.write("before")
    stored.write(value)
    assert stored.read() == value
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["file.json"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"value": 1}',
        b'{"version": 1}',
        b'{"version": 0, "value": 1}',
        b'{"version": true, "value": 1}',
        b"[" * 100_000,
        b'{"version": 1, "value": "' + b"x" * (1 << 20) + b'"}',
    ],
)
def test_what_is_damaged_is_put_aside_and_begun_anew(
    tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(data)
    assert Stored(path).read() is None
    assert (tmp_path / "file.json.damaged").read_bytes() == data
    assert "file.json is damaged" in caplog.text
    Stored(path).write(1)
    assert Stored(path).read() == 1


@pytest.mark.parametrize("data", [b"", b"{", b'{"version": 1}', b"[" * 100_000])
def test_whoever_only_looks_changes_nothing(tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "file.json"
    assert Stored(path).read_only() is None
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"bytes|version|Expecting|nested"):
        Stored(path).read_only()
    Stored(tmp_path / "old.json").write(1)
    assert Stored(tmp_path / "old.json", [lambda value: [value]]).read_only() == [1]
    assert Stored(tmp_path / "old.json").read_only() == 1
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir() if each != tmp_path / "old.json"} == {
        "file.json": data
    }
    assert caplog.text == ""


def test_what_cannot_be_read_now_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    Stored(path).write(["a"])
    before = path.read_bytes()
    with none_left():
        assert Stored(path).read() is None
        with pytest.raises(OSError, match="Too many open files"):
            Stored(path).read_or_raise()
    assert [one.name for one in tmp_path.iterdir()] == ["file.json"]
    assert path.read_bytes() == before


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    os.mkfifo(path)
    assert Stored(path).read() is None
    Stored(path).write(1)
    assert Stored(path).read_or_raise() == 1


def test_an_older_form_is_upgraded_once_and_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    Stored(path).write(["a"])
    before = path.read_bytes()
    third = Stored(path, [lambda old: {"names": old}, lambda old: {"v": old}])
    assert third.read() == {"v": {"names": ["a"]}}
    assert json.loads(path.read_bytes()) == {"version": 3, "value": {"v": {"names": ["a"]}}}
    assert (tmp_path / "file.json.before-v3").read_bytes() == before
    assert third.read() == {"v": {"names": ["a"]}}


def test_a_newer_form_of_what_comes_again_is_put_aside_for_that_form(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "file.json"
    assert Stored(path).read_regained() is None
    path.write_text(json.dumps({"version": 9, "value": 1}))
    assert Stored(path).read_regained() is None
    assert "file.json is not used" in caplog.text
    assert (tmp_path / "file.json.newer").exists()
    Stored(path).write(2)
    assert Stored(path).read_regained() == 2


def test_a_newer_form_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    Stored(path, [lambda old: old]).write("new")
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"form 2, known here: 1.*move the file away"):
        Stored(path).read()
    assert path.read_bytes() == before


def test_a_disk_that_cannot_be_written_leaves_what_was(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    Stored(path).write("before")
    os.mkfifo(tmp_path / "no folder")
    with pytest.raises(OSError, match="no folder"):
        Stored(tmp_path / "no folder" / "file.json").write(1)
    assert Stored(path).read() == "before"


def keep_writing(path: Path) -> None:
    stored = Stored(path)
    for n in range(1_000_000):
        stored.write([n] * 2000)


def test_kill_9_while_writing_leaves_a_whole_value(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    for round_ in range(6):
        writer = multiprocessing.get_context("spawn").Process(target=keep_writing, args=(path,))
        writer.start()
        assert wait_until(path.exists)
        time.sleep(0.003 * round_)
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join(60)
        value = Stored(path).read()
        assert isinstance(value, list)
        assert value == [value[0]] * 2000
        path.unlink()
