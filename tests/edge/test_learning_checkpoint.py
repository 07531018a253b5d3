"""Weights on disk: whole, or refused in words."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.trainable import Weights
from edge.contracts.types import Head
from edge.learning.checkpoint import (
    _START,
    ENDING,
    MAGIC,
    SUM_BYTES,
    Checkpoint,
    CheckpointError,
    DamagedCheckpointError,
    ForeignCheckpointError,
    NewerCheckpointError,
    OtherBaseError,
    UnreadableCheckpointError,
    encoded,
    read_checkpoint,
    write_checkpoint,
)
from tests.rigs.descriptors import none_left

BASE = "b" * 64
ONE = Checkpoint(
    BASE,
    Head.TRAJECTORY,
    Weights(np.array([1.5, -2.25, 3e-30], np.float32), np.array([0.1], np.float32)),
    samples=7,
    steps=20,
    made_utc_s=1.7e9,
    scores={"base": 0.5, "candidate": 0.4},
)


def read(folder: Path, name: str) -> Checkpoint:
    return read_checkpoint(folder, name, BASE, Head.TRAJECTORY)


def summed(data: bytes) -> bytes:
    return data + hashlib.sha256(data).digest()


def put(folder: Path, data: bytes) -> str:
    """Bytes under the name that their end is."""
    name = data[-SUM_BYTES:].hex()
    (folder / (name + ENDING)).write_bytes(data)
    return name


@pytest.mark.parametrize("numbers", [(0, 0), (3, 0), (3, 7)])
def test_what_is_written_is_read_bit_for_bit(tmp_path: Path, numbers: tuple[int, int]) -> None:
    chance = np.random.default_rng(1)
    vectors = Weights(*(chance.normal(size=count).astype(np.float32) for count in numbers))
    given = replace(ONE, weights=vectors)
    found = read(tmp_path, write_checkpoint(tmp_path / "", given))
    assert found.weights.weights.tobytes() == vectors.weights.tobytes()
    assert found.weights.optimizer.tobytes() == vectors.optimizer.tobytes()
    assert (found.samples, found.steps, found.made_utc_s, found.scores) == (7, 20, 1.7e9, ONE.scores)


def test_the_name_is_the_content(tmp_path: Path) -> None:
    first, again = write_checkpoint(tmp_path, ONE), write_checkpoint(tmp_path, ONE)
    other = write_checkpoint(tmp_path, replace(ONE, samples=8))
    assert first == again != other
    assert len(list(tmp_path.iterdir())) == 2


def test_every_byte_and_every_length_is_checked(tmp_path: Path) -> None:
    name = write_checkpoint(tmp_path, ONE)
    path = tmp_path / (name + ENDING)
    data = path.read_bytes()
    for place in range(0, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(CheckpointError):
            read(tmp_path, name)
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(CheckpointError):
            read(tmp_path, name)
    path.write_bytes(data + b"more")
    with pytest.raises(DamagedCheckpointError, match="check sum"):
        read(tmp_path, name)
    path.write_bytes(data)
    assert read(tmp_path, name).samples == 7


def test_each_refusal_has_its_own_words(tmp_path: Path) -> None:
    name = write_checkpoint(tmp_path, ONE)
    with pytest.raises(OtherBaseError, match="was learnt on top of the model bbbbbbbbbbbb, and cccccccccccc is loaded"):
        read_checkpoint(tmp_path, name, "c" * 64, Head.TRAJECTORY)
    with pytest.raises(ForeignCheckpointError, match="is for a trajectory model, not for a series one"):
        read_checkpoint(tmp_path, name, BASE, Head.SERIES)
    with pytest.raises(DamagedCheckpointError, match="cannot be read"):
        read(tmp_path, "0" * 64)
    (tmp_path / ("1" * 64 + ENDING)).write_bytes(b"PK\x03\x04" * 100)
    with pytest.raises(ForeignCheckpointError, match="holds no weights of ours"):
        read(tmp_path, "1" * 64)
    newer = bytearray(encoded(ONE))
    newer[len(MAGIC)] = 2
    (tmp_path / ("2" * 64 + ENDING)).write_bytes(newer)
    with pytest.raises(NewerCheckpointError, match="a newer program wrote it"):
        read(tmp_path, "2" * 64)
    (tmp_path / ("3" * 64 + ENDING)).write_bytes(encoded(ONE))
    with pytest.raises(DamagedCheckpointError, match="other weights than its name says"):
        read(tmp_path, "3" * 64)


@pytest.mark.parametrize(
    "change",
    [
        {"weights": 2**40},
        {"weights": 10**9, "optimizer": 10**9},
        {"weights": -1},
        {"weights": "3"},
        {"head": "nothing"},
        {"scores": []},
        {"scores": {"base": "low"}},
        {"made_utc_s": None},
    ],
)
def test_headers_that_lie_allocate_nothing(tmp_path: Path, change: dict[str, object]) -> None:
    data = encoded(ONE)
    _, version, length = _START.unpack(data[: _START.size])
    header = {**json.loads(data[_START.size : _START.size + length]), **change}
    told = json.dumps(header).encode()
    name = put(
        tmp_path, summed(_START.pack(MAGIC, version, len(told)) + told + data[_START.size + length : -SUM_BYTES])
    )
    with pytest.raises(DamagedCheckpointError):
        read(tmp_path, name)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / ("4" * 64 + ENDING)
    with path.open("wb") as file:
        file.write(_START.pack(MAGIC, 1, 10))
        os.truncate(file.fileno(), 1 << 40)
    with pytest.raises(DamagedCheckpointError, match="its size of"):
        read(tmp_path, "4" * 64)


def test_what_is_larger_than_the_model_is_not_read(tmp_path: Path) -> None:
    name = write_checkpoint(tmp_path, replace(ONE, weights=Weights(np.ones(100, np.float32), np.ones(201, np.float32))))
    assert read_checkpoint(tmp_path, name, BASE, Head.TRAJECTORY, 100).samples == 7
    with pytest.raises(DamagedCheckpointError, match="its size of"):
        read_checkpoint(tmp_path, name, BASE, Head.TRAJECTORY, 50)


def test_no_descriptor_left_says_nothing_against_it(tmp_path: Path) -> None:
    name = write_checkpoint(tmp_path, ONE)
    with none_left(), pytest.raises(UnreadableCheckpointError, match="Too many open files"):
        read(tmp_path, name)
    assert read(tmp_path, name).samples == 7


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    spoilt = replace(ONE, weights=Weights(np.array([np.nan], np.float32), np.zeros(0, np.float32)))
    with pytest.raises(DamagedCheckpointError, match="no finite numbers"):
        read(tmp_path, write_checkpoint(tmp_path, spoilt))
