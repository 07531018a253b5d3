"""What serves in each place when the daemon starts."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from errno import EIO, EPERM
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import pytest

from edge.contracts.release import Kind, Purpose
from edge.updates import state as states
from edge.updates.baseline import NOTHING
from edge.updates.startup import active_files, give_up, start, verified_files
from edge.updates.state import EMPTY, Artifact, State
from edge.updates.state_file import StateFile
from edge.updates.store import Store
from edge.updates.trust.refusal import Reason, RefusedError

STREET, NAME = "street.tflite", "models/street.tflite"


def utc_ns() -> int:
    return 9


def stored(home: Path, data: bytes, version: str = "1", kind: Kind = Kind.MODEL) -> Artifact:
    """A file of the store."""
    home.mkdir(parents=True, exist_ok=True)
    fetched, digest = home / "fetched", sha256(data).hexdigest()
    fetched.write_bytes(data)
    task = "detector" if kind is Kind.MODEL else ""
    Store(home).take(fetched, NAME, digest)
    return Artifact(NAME, Purpose(kind, task, version, "", (), ()), digest, 5)


def on_trial(home: Path) -> State:
    """The second of two."""
    first, second = stored(home, b"one"), stored(home, b"two", "2")
    state = states.completed(states.accepted(states.on_trial(EMPTY, STREET, first, NOTHING), STREET), STREET)
    state = states.on_trial(state, STREET, second, NOTHING)
    StateFile(home).write(state)
    return state


def contents(files: Mapping[str, Path]) -> dict[str, bytes]:
    return {place: path.read_bytes() for place, path in files.items()}


def test_what_was_shipped_serves_where_nothing_was_taken_up(tmp_path: Path) -> None:
    assert start(tmp_path / "updates", utc_ns) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_trial_has_two_starts(tmp_path: Path) -> None:
    on_trial(tmp_path)
    assert [contents(start(tmp_path, utc_ns)) for _ in range(4)] == [{STREET: b"two"}] * 2 + [{STREET: b"one"}] * 2
    state = StateFile(tmp_path).state
    assert [(each.version, each.reason, each.utc_ns) for each in state.blocked] == [("2", "crashed", 9)]


def test_who_only_looks_does_not_count(tmp_path: Path) -> None:
    on_trial(tmp_path)
    assert [contents(active_files(tmp_path)) for _ in range(4)] == [{STREET: b"two"}] * 4


def test_a_trial_is_given_up_at_once_where_the_daemon_says_so(tmp_path: Path) -> None:
    assert not give_up(tmp_path, STREET, "it cannot be read", utc_ns)
    on_trial(tmp_path)
    assert give_up(tmp_path, STREET, "it cannot be read", utc_ns)
    assert contents(start(tmp_path, utc_ns)) == {STREET: b"one"}
    assert [each.detail for each in StateFile(tmp_path).state.blocked] == ["it cannot be read"]


@pytest.mark.parametrize("data", [b"", b"twO", b"two and more"])
def test_a_damaged_trial_does_not_serve_and_is_not_blocked(tmp_path: Path, data: bytes) -> None:
    content = on_trial(tmp_path).trials[STREET].artifact
    Store(tmp_path).path(NAME, content.sha256).write_bytes(data)
    assert contents(start(tmp_path, utc_ns)) == {STREET: b"one"}
    assert StateFile(tmp_path).state.blocked == ()


def test_where_all_is_damaged_what_was_shipped_serves(tmp_path: Path) -> None:
    state = on_trial(tmp_path)
    for content in (state.trials[STREET].artifact, state.good[STREET]):
        Store(tmp_path).path(NAME, content.sha256).unlink()
    assert start(tmp_path, utc_ns) == {}
    assert StateFile(tmp_path).state.minimum_versions == {STREET: "1"}


def test_a_trial_that_cannot_be_counted_does_not_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_trial(tmp_path)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert [contents(start(tmp_path, utc_ns)) for _ in range(3)] == [{STREET: b"one"}] * 3


def test_a_system_serves_by_its_slot(tmp_path: Path) -> None:
    content = stored(tmp_path, b"hsqs", kind=Kind.SYSTEM)
    StateFile(tmp_path).write(states.on_trial(EMPTY, "system", content, NOTHING))
    assert start(tmp_path, utc_ns) == {}
    assert StateFile(tmp_path).state.trials["system"].starts == 1


def test_the_store_holds_what_is_whole(tmp_path: Path) -> None:
    content, store = stored(tmp_path, b"one"), Store(tmp_path)
    assert store.holds(NAME, content.sha256)
    assert not store.holds("models/other.tflite", content.sha256)
    assert not store.holds(NAME, "0" * 64)
    store.path(NAME, content.sha256).write_bytes(b"0ne")
    assert not store.holds(NAME, content.sha256)


def a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("of a repaired disk")


def a_folder(folder: Path) -> None:
    [path] = folder.iterdir()
    path.unlink()
    path.mkdir()


def a_loop(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder)


@pytest.mark.parametrize("spoil", [a_file, a_folder, a_loop])
@pytest.mark.parametrize("tried", [True, False])
def test_one_damaged_folder_takes_nothing_else_along(
    tmp_path: Path, spoil: Callable[[Path], None], tried: bool
) -> None:
    state = on_trial(tmp_path)
    other = stored(tmp_path, b"other")
    StateFile(tmp_path).write(replace(state, good={**state.good, "other": other}))
    hurt = state.trials[STREET].artifact if tried else state.good[STREET]
    spoil(tmp_path / "store" / hurt.sha256)
    expected = {STREET: b"one" if tried else b"two", "other": b"other"}
    assert contents(verified_files(tmp_path)) == expected
    assert contents(start(tmp_path, utc_ns)) == expected
    left = StateFile(tmp_path).state
    assert (left.blocked, STREET in left.trials, STREET in left.good) == ((), not tried, tried)
    stored(tmp_path, b"two" if tried else b"one")  # fetched again
    assert Store(tmp_path).holds(NAME, hurt.sha256)


def test_a_file_that_cannot_be_read_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = stored(tmp_path, b"one")

    def failing(_: Path) -> BinaryIO:
        raise OSError(EIO, "input/output error")

    monkeypatch.setattr("edge.contracts.files.open_plain", failing)
    assert not Store(tmp_path).holds(NAME, content.sha256)


def test_strangers_in_the_store_go(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one, store = stored(tmp_path, b"one"), tmp_path / "store"
    (store / ".DS_Store").write_text("x")
    (store / "deep" / "deeper").mkdir(parents=True)
    (store / "link").symlink_to(tmp_path)
    stored(tmp_path, b"two")
    Store(tmp_path).sweep({one.sha256})
    assert [path.name for path in store.iterdir()] == [one.sha256]
    assert tmp_path.is_dir()
    assert caplog.text == ""


def test_what_cannot_be_deleted_stays_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(tmp_path, b"one")
    store = tmp_path / "store"
    (store / ".fixed").write_text("x")

    def fixed(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(EPERM, "operation not permitted", str(path))

    monkeypatch.setattr(Path, "unlink", fixed)
    Store(tmp_path).sweep(set())
    assert [path.name for path in store.iterdir()] == [".fixed"]
    assert "cannot be deleted" in caplog.text


def test_the_store_keeps_what_it_is_told_to(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.sweep(set())
    one, two = stored(tmp_path, b"one"), stored(tmp_path, b"two")
    (tmp_path / "store" / ("0" * 64)).mkdir()  # of one that was killed
    store.sweep({two.sha256})
    assert [path.name for path in (tmp_path / "store").iterdir()] == [two.sha256]
    assert not store.holds(NAME, one.sha256)


@pytest.mark.parametrize("name", ["", "models/..", "models/" + "a" * 300, "models/a\nb"])
def test_what_can_be_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        Store(tmp_path).path(name, "0" * 64)
    assert caught.value.reason is Reason.MALFORMED
