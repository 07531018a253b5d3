"""What others have learnt, as it lies on disk: the newest is found, and what is not for this model is not used."""

import os
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.trainable import Weights
from edge.contracts.types import F32
from edge.learning.checkpoint import ENDING, Checkpoint, CheckpointError, write_checkpoint
from edge.learning.comparing import Gain
from edge.learning.offered import OFFERED, newest, offer, read_offered
from edge.learning.round import NEVER_S, Judgement
from edge.learning.ways import Way
from tests.rigs.trainee import learning_bundle

BUNDLE = learning_bundle()
BETTER = Judgement(Way(1.0, mapped=False), 1.0, 0.9, 0.5, *(Gain(0.4, 0.3, 50),) * 3, NEVER_S)


def numbers(value: float, count: int | None = None) -> F32:
    trainable = BUNDLE.trainable
    assert trainable is not None
    return np.full(trainable.weights if count is None else count, value, np.float32)


def test_nothing_was_offered(tmp_path: Path) -> None:
    assert newest(tmp_path) is None
    (tmp_path / OFFERED).mkdir()
    (tmp_path / OFFERED / "notes.txt").write_text("")
    assert newest(tmp_path) is None


def test_the_newest_takes_the_place_of_older_ones(tmp_path: Path) -> None:
    names = [offer(tmp_path, BUNDLE, numbers(value), number, BETTER) for number, value in ((1, 0.1), (2, 0.2))]
    found = newest(tmp_path)
    assert found == tmp_path / OFFERED / (names[1] + ENDING)
    assert np.array_equal(read_offered(found, BUNDLE), numbers(0.2))
    assert [path.name for path in (tmp_path / OFFERED).iterdir()] == [found.name]


def test_of_several_the_newest_is_found(tmp_path: Path) -> None:
    paths = []
    for value in (0.1, 0.2, 0.3):
        weights = Weights(numbers(value), numbers(0.0))
        name = write_checkpoint(tmp_path / OFFERED, Checkpoint(BUNDLE.sha256, BUNDLE.head, weights, 0, 1, 0.0))
        paths.append(tmp_path / OFFERED / (name + ENDING))
    for age, path in zip((3, 1, 2), paths, strict=True):
        os.utime(path, (1e9 - age, 1e9 - age))
    assert newest(tmp_path) == paths[1]


def damaged(folder: Path) -> Path:
    offer(folder, BUNDLE, numbers(0.5), 1, BETTER)
    path = newest(folder)
    assert path is not None
    path.write_bytes(path.read_bytes()[:-40] + bytes(40))
    return path


def of_another_base(folder: Path) -> Path:
    offer(folder, learning_bundle(sha256="b" * 64), numbers(0.5), 1, BETTER)
    path = newest(folder)
    assert path is not None
    return path


def too_short(folder: Path) -> Path:
    offer(folder, BUNDLE, numbers(0.5, 3), 1, BETTER)
    path = newest(folder)
    assert path is not None
    return path


def no_file(folder: Path) -> Path:
    path = folder / OFFERED / ("0" * 64 + ENDING)
    path.mkdir(parents=True)
    return path


def never_to_be_read_to_its_end(folder: Path) -> Path:
    path = folder / OFFERED / ("0" * 64 + ENDING)
    path.parent.mkdir()
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (damaged, "damaged"),
        (of_another_base, "on top of the model bbbb"),
        (too_short, "holds 3 numbers"),
        (no_file, "is no file"),
        (never_to_be_read_to_its_end, "is no file"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(tmp_path: Path, made: object, said: str) -> None:
    assert callable(made)
    with pytest.raises(CheckpointError, match=said):
        read_offered(made(tmp_path), BUNDLE)
