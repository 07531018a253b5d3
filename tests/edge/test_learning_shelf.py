"""What a subject has on disk: where it stands, and weights that are what their names say."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.stored import DAMAGED, StateError, Stored
from edge.contracts.trainable import Weights
from edge.contracts.types import Head
from edge.learning.checkpoint import (
    ENDING,
    Checkpoint,
    CheckpointError,
    NewerCheckpointError,
    OtherBaseError,
    UnreadableCheckpointError,
    encoded,
)
from edge.learning.shelf import ASIDE, FILE, KEPT_UNUSED, UNUSED, Shelf
from edge.learning.standing import Phase, Standing
from tests.rigs.descriptors import none_left

BASE, OTHER, COUNT = "b" * 64, "c" * 64, 5


def shelf(folder: Path, base: str = BASE) -> Shelf:
    return Shelf(folder, base, Head.TRAJECTORY, [COUNT])


def put(on: Shelf, value: float, base: str = BASE, count: int = COUNT) -> str:
    weights = Weights(np.full(count, value, np.float32), np.zeros(0, np.float32))
    return on.put(Checkpoint(base, Head.TRAJECTORY, weights, 1, 1, 0.0))


def files(folder: Path) -> set[str]:
    return {path.name.removesuffix(ENDING) for path in folder.glob(f"*{ENDING}")}


def test_nothing_there(tmp_path: Path) -> None:
    assert shelf(tmp_path / "none").read() == Standing()
    assert shelf(tmp_path).checked(Standing()) == Standing()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    names = [put(one, value) for value in (1.0, 2.0, 3.0)]
    standing = Standing(True, Phase.SHADOW, names[0], names[1], names[2], 5, 6, 7, 8, 9, 10)
    one.write(standing)
    assert shelf(tmp_path).read() == standing == shelf(tmp_path).checked(standing)
    np.testing.assert_array_equal(shelf(tmp_path).learnt(names[1]).numbers, np.full(COUNT, 2.0))


def test_weights_that_are_not_named_are_removed(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    first, second = put(one, 1.0), put(one, 2.0)
    one.write(Standing(serving=second))
    assert files(tmp_path) == {second} != {first}


def test_training_that_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    shelf(tmp_path).write(Standing(phase=Phase.TRAINING, rounds=3))
    assert shelf(tmp_path).read() == Standing(rounds=3)


def test_what_was_learnt_on_top_of_another_model_is_put_aside(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    name = put(one, 1.0)
    one.write(Standing(serving=name))
    with pytest.raises(OtherBaseError):
        shelf(tmp_path, OTHER).learnt(name)
    assert shelf(tmp_path, OTHER).read() == Standing()
    assert files(tmp_path) == set()
    assert files(tmp_path / ASIDE) == {name}
    assert (tmp_path / ASIDE / FILE).exists()
    assert shelf(tmp_path, OTHER).read() == Standing()


def test_damaged_weights_are_put_aside_and_what_was_exported_serves(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    serving, previous = put(one, 1.0), put(one, 2.0)
    standing = Standing(serving=serving, previous=previous)
    one.write(standing)
    path = tmp_path / (serving + ENDING)
    path.write_bytes(path.read_bytes()[:-1])
    assert shelf(tmp_path).checked(standing) == Standing(previous=previous)
    assert (tmp_path / (path.name + UNUSED)).exists()
    assert not path.exists()


def test_weights_of_another_size_are_not_used(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    name = put(one, 1.0, count=COUNT + 1)
    with pytest.raises(CheckpointError, match="6 numbers, and the model learns 5"):
        shelf(tmp_path).learnt(name)
    assert shelf(tmp_path).checked(Standing(serving=name)) == Standing()


def test_what_a_newer_program_wrote_is_refused(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    name = put(one, 1.0)
    path = tmp_path / (name + ENDING)
    data = bytearray(path.read_bytes())
    data[8] = 9
    path.write_bytes(data)
    with pytest.raises(NewerCheckpointError):
        shelf(tmp_path).checked(Standing(serving=name))
    (tmp_path / FILE).write_text(json.dumps({"version": 9, "value": {}}))
    with pytest.raises(StateError):
        one.read()


@pytest.mark.parametrize(
    "change",
    [
        {"serving": "../../etc/passwd"},
        {"serving": "A" * 63},
        {"serving": 7},
        {"phase": "dancing"},
        {"on": 1},
        {"tried": -1},
        {"tried": 2**70},
        {"rounds": True},
        {"failures": None},
    ],
)
def test_values_that_make_no_sense_begin_anew(tmp_path: Path, change: dict[str, object]) -> None:
    one = shelf(tmp_path)
    one.write(Standing(rounds=3))
    told = json.loads((tmp_path / FILE).read_text())
    told["value"].update(change)
    (tmp_path / FILE).write_text(json.dumps(told))
    assert one.read() == Standing()


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1, "value": []}', "\x00" * 100])
def test_damaged_files_begin_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert shelf(tmp_path).read() == Standing()
    assert (tmp_path / (FILE + DAMAGED)).read_text() == content


def told(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_no_descriptor_left_moves_nothing(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    standing = Standing(serving=put(one, 1.0), previous=put(one, 2.0))
    one.write(standing)
    before = told(tmp_path)
    with none_left():
        with pytest.raises(OSError, match="Too many open files"):
            shelf(tmp_path).read()
        with pytest.raises(UnreadableCheckpointError, match="read again later"):
            shelf(tmp_path).checked(standing)
        assert one.checked(standing) == standing
        with pytest.raises(OSError, match="Too many open files"):
            one.write(Standing())
    assert told(tmp_path) == before
    assert shelf(tmp_path).checked(shelf(tmp_path).read()) == standing


@pytest.mark.parametrize("what", [FILE, ENDING])
def test_a_disk_that_answers_with_an_error_moves_nothing(tmp_path: Path, what: str) -> None:
    one = shelf(tmp_path)
    standing = Standing(serving=put(one, 1.0))
    one.write(standing)
    path = tmp_path / (FILE if what == FILE else standing.serving + ENDING)
    whole = path.read_bytes()
    path.unlink()
    path.symlink_to("/proc/self/mem")  # reading its beginning is an I/O error
    with pytest.raises((OSError, UnreadableCheckpointError), match="Input/output error"):
        shelf(tmp_path).checked(shelf(tmp_path).read())
    assert path.is_symlink()
    path.unlink()
    path.write_bytes(whole)
    assert shelf(tmp_path).checked(shelf(tmp_path).read()) == standing


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()
    (path / "within").touch()


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.write(encoded(Checkpoint(BASE, Head.TRAJECTORY, Weights(NONE, NONE), 1, 1, 0.0)))
        file.truncate(335 << 20)


INSTEAD = [pipe, folder, link_to_itself, huge]
NONE = np.zeros(0, np.float32)


@pytest.mark.parametrize("instead", INSTEAD)
def test_something_else_in_place_of_weights_is_put_aside(tmp_path: Path, instead: Callable[[Path], None]) -> None:
    one = shelf(tmp_path)
    name, previous = put(one, 1.0), put(one, 2.0)
    one.write(Standing(serving=name, previous=previous))
    for _ in range(2):  # what is put aside takes the place of what was
        (tmp_path / (name + ENDING)).unlink(missing_ok=True)
        instead(tmp_path / (name + ENDING))
        again = shelf(tmp_path)
        assert again.checked(again.read()) == Standing(previous=previous)
        assert os.path.lexists(tmp_path / (name + ENDING + UNUSED))
        assert not os.path.lexists(tmp_path / (name + ENDING))


@pytest.mark.parametrize("instead", INSTEAD)
def test_something_else_in_place_of_the_standing_is_put_aside(tmp_path: Path, instead: Callable[[Path], None]) -> None:
    for _ in range(2):
        (tmp_path / FILE).unlink(missing_ok=True)
        instead(tmp_path / FILE)
        one = shelf(tmp_path)
        assert one.read() == Standing()
        assert os.path.lexists(tmp_path / (FILE + DAMAGED))
        one.write(Standing(rounds=2))
        assert shelf(tmp_path).read() == Standing(rounds=2)


def test_weights_that_cannot_be_removed_do_not_undo_what_is_written(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    name, obstacle = put(one, 1.0), tmp_path / ("0" * 64 + ENDING)
    folder(obstacle)  # the system refuses to unlink it
    one.write(Standing(serving=name, rounds=4))
    assert shelf(tmp_path).read() == Standing(serving=name, rounds=4)
    shutil.rmtree(obstacle)
    obstacle.touch()
    one.write(Standing(serving=name, rounds=5))
    assert files(tmp_path) == {name}


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    serving, unnamed = put(one, 1.0), put(one, 2.0)
    standing = Standing(serving=serving)
    Stored(tmp_path / FILE).write({"base_sha256": BASE, **asdict(standing)})
    left = [f".{FILE}.a1b2c3_x", f".{unnamed}{ENDING}.zzzzzzzz"]
    strange = [".hidden", f".{FILE}.swp", ".other.json.a1b2c3_x", "notes.weights", f".{FILE}.a1b2c3_x.keep"]
    unused = [f"{number:064x}{ENDING}{UNUSED}" for number in range(KEPT_UNUSED + 2)]
    for number, name in enumerate([*left, *strange, *unused]):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (number, number))
    one.tidy(standing)
    kept = {*strange, *unused[-KEPT_UNUSED:], FILE, serving + ENDING}
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_killed_while_another_model_is_begun_nothing_of_the_first_is_lost(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    names = [put(one, value) for value in (1.0, 2.0)]
    one.write(Standing(serving=names[0], previous=names[1]))
    (tmp_path / ASIDE).mkdir()
    (tmp_path / (names[0] + ENDING)).rename(tmp_path / ASIDE / (names[0] + ENDING))  # as far as it came
    assert shelf(tmp_path, OTHER).read() == Standing()
    assert files(tmp_path / ASIDE) == set(names)
    assert (tmp_path / ASIDE / FILE).exists()
    assert files(tmp_path) == set()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="denied"):
        shelf(tmp_path).write(replace(Standing(), rounds=1))
