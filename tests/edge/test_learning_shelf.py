"""What a subject has on disk: where it stands, and weights that are what their names say."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.stored import StateError
from edge.contracts.trainable import Weights
from edge.contracts.types import Head
from edge.learning.checkpoint import ENDING, Checkpoint, CheckpointError, NewerCheckpointError, OtherBaseError
from edge.learning.shelf import ASIDE, FILE, UNUSED, Shelf
from edge.learning.standing import Phase, Standing

BASE, OTHER, COUNT = "b" * 64, "c" * 64, 5


def shelf(folder: Path, base: str = BASE) -> Shelf:
    return Shelf(folder, base, Head.TRAJECTORY, COUNT)


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
    np.testing.assert_array_equal(shelf(tmp_path).weights(names[1]), np.full(COUNT, 2.0))


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
        shelf(tmp_path, OTHER).weights(name)
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
    with pytest.raises(CheckpointError, match="6 numbers, and the model has 5"):
        one.weights(name)
    assert one.checked(Standing(serving=name)) == Standing()


def test_what_a_newer_program_wrote_is_refused(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    name = put(one, 1.0)
    path = tmp_path / (name + ENDING)
    data = bytearray(path.read_bytes())
    data[8] = 9
    path.write_bytes(data)
    with pytest.raises(NewerCheckpointError):
        one.checked(Standing(serving=name))
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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="denied"):
        shelf(tmp_path).write(replace(Standing(), rounds=1))
