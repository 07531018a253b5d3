"""Where training stands, on disk; and how fast it goes. Needs no TensorFlow."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from trainer.errors import TrainError
from trainer.training.checkpoint import Checkpoint
from trainer.training.schedule import Schedule

ARRAYS: dict[str, list[np.ndarray]] = {"model": [np.arange(6.0).reshape(2, 3), np.zeros(4)], "averages": [np.ones(2)]}
SHAPES = {name: [array.shape for array in arrays] for name, arrays in ARRAYS.items()}


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    assert Checkpoint(tmp_path / "new").load(SHAPES) is None


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "run")
    checkpoint.save(3, {"model": [np.zeros(1)]})
    checkpoint.save(7, ARRAYS)
    loaded = checkpoint.load(SHAPES)
    assert loaded is not None
    step, groups = loaded
    assert step == 7
    for name, arrays in ARRAYS.items():
        assert all(np.array_equal(one, other) for one, other in zip(groups[name], arrays, strict=True))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["checkpoint.npz"]


@pytest.mark.parametrize("shapes", [{"model": [(2, 3), (5,)]}, {"model": [(2, 3)] * 3}, {"other": [(1,)]}])
def test_another_network_is_refused(tmp_path: Path, shapes: dict[str, list[tuple[int, ...]]]) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(1, ARRAYS)
    with pytest.raises(TrainError, match=r"of another network.*choose another --run"):
        checkpoint.load(shapes)


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04" + bytes(100)])
def test_a_damaged_one_is_told(tmp_path: Path, damage: bytes) -> None:
    checkpoint = Checkpoint(tmp_path)
    checkpoint.path.write_bytes(damage)
    with pytest.raises(TrainError, match="damaged"):
        checkpoint.load(SHAPES)


def test_a_disk_that_takes_no_more_leaves_the_one_before(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "run")
    checkpoint.save(1, ARRAYS)
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainError, match=r"after step 2.*start the same command again"):
        Checkpoint(tmp_path / "file").save(2, ARRAYS)
    loaded = checkpoint.load(SHAPES)
    assert loaded is not None
    assert loaded[0] == 1


def test_the_rate_warms_up_and_comes_down() -> None:
    schedule = Schedule(steps=1000, rate=0.1, warm_up=100, floor=0.01)
    rates = [schedule.rate_at(step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.001)
    assert max(rates) == pytest.approx(rates[99]) == pytest.approx(0.1)
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates[99:]))
    assert rates[-1] == pytest.approx(0.001, rel=0.01)


def test_the_average_forgets_what_it_began_with() -> None:
    schedule = Schedule(steps=10)
    assert schedule.averaging_at(0) == pytest.approx(0.1)
    assert schedule.averaging_at(10**6) == schedule.averaging
