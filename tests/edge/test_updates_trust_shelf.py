"""Metadata on disk: old or new, whatever happens in between."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.contracts.stored import sync
from edge.updates.trust import shelf as module
from edge.updates.trust.shelf import Shelf

OLD, NEW = {"a.json": b"old", "root.json": b"old"}, {"a.json": b"new", "b/c.json": b"new", "root.json": b"new"}


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put(shelf: Shelf, files: dict[str, bytes]) -> None:
    with shelf.copy() as work:
        for name, data in files.items():
            (work / name).parent.mkdir(exist_ok=True)
            (work / name).write_bytes(data)


def test_nothing_at_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "new")
    with shelf.copy() as work:
        assert content(work) == {}
    assert not shelf.current.exists()
    assert list((tmp_path / "new").iterdir()) == []


def test_what_was_changed_is_kept_and_nothing_else(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    put(shelf, OLD)
    assert content(shelf.current) == OLD
    first = shelf.current.resolve()
    with shelf.copy() as work:
        assert content(work) == OLD
    assert shelf.current.resolve() == first  # nothing changed, nothing written
    put(shelf, NEW)
    assert content(Shelf(tmp_path).current) == NEW
    assert {path.name for path in tmp_path.iterdir()} == {"current", shelf.current.resolve().name}


def learn_and_fail(shelf: Shelf) -> None:
    with shelf.copy() as work:
        (work / "a.json").write_bytes(b"learnt")
        (work / "nowhere").unlink()


def test_what_was_learnt_before_a_refusal_is_kept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with pytest.raises(FileNotFoundError):
        learn_and_fail(shelf)
    assert content(shelf.current) == {"a.json": b"learnt"}


class PowerCutError(Exception):
    """The power is cut."""


def cutting(real: Callable[..., object], left: list[int]) -> Callable[..., object]:
    """The function, until its turn has come; from then on nothing works any more."""

    def act(*arguments: object, **named: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCutError
        return real(*arguments, **named)

    return act


def put_until_cut(folder: Path, steps: int, patch: pytest.MonkeyPatch) -> bool:
    """Put the new files; the power is cut after so many steps on disk. Whether it was."""
    left = [steps]
    try:
        with Shelf(folder).copy() as work:
            for name, data in NEW.items():
                (work / name).parent.mkdir(exist_ok=True)
                (work / name).write_bytes(data)
            for name in ("rename", "replace", "symlink_to", "unlink"):
                patch.setattr(Path, name, cutting(getattr(Path, name), left))
            patch.setattr(module, "sync", cutting(sync, left))
            patch.setattr(shutil, "rmtree", cutting(shutil.rmtree, left))
    except PowerCutError:
        return True
    return False


def test_old_or_new_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for steps in range(100):
        folder = tmp_path / str(steps)
        put(Shelf(folder), OLD)
        with monkeypatch.context() as patch:
            cut = put_until_cut(folder, steps, patch)
        found.append(content(Shelf(folder).current))
        put(Shelf(folder), NEW)  # whatever was left behind is in nobody's way
        assert content(Shelf(folder).current) == NEW
        assert len(list(folder.iterdir())) == 2
        if not cut:
            break
    assert all(one in (OLD, NEW) for one in found)
    assert (found[0], found[-1]) == (OLD, NEW)
    assert len(found) > 8
