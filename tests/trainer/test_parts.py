"""What is learnt from and what is reported on are never the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.trainer.pictures import squares
from trainer.data.dataset import Dataset
from trainer.errors import TrainError
from trainer.parts import parts


def names(dataset: Dataset | None) -> set[str]:
    return set() if dataset is None else {picture.path.name for picture in dataset.pictures}


@pytest.mark.parametrize("key", ["all", "train"])
def test_what_does_not_divide_itself_is_divided_the_same_way_every_time(tmp_path: Path, key: str) -> None:
    dataset = squares(tmp_path, 20)
    found, again = parts({key: dataset}), parts({key: dataset})
    assert names(found.held_out) == names(again.held_out)
    assert len(found.held_out) == 4
    assert not names(found.train) & names(found.held_out)
    assert found.validation is None


@pytest.mark.parametrize("key", ["val", "test"])
def test_the_only_other_part_is_reported_on_and_chooses_nothing(tmp_path: Path, key: str) -> None:
    train, other = squares(tmp_path / "a", 4), squares(tmp_path / "b", 2, seed=1)
    found = parts({"train": train, key: other})
    assert (found.train, found.validation, found.held_out) == (train, None, other)


def test_with_all_three_validation_chooses_and_test_reports(tmp_path: Path) -> None:
    three = [squares(tmp_path / name, 2, seed=n) for n, name in enumerate(("train", "val", "test"))]
    found = parts(dict(zip(("train", "val", "test"), three, strict=True)))
    assert [found.train, found.validation, found.held_out] == three


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    dataset = squares(tmp_path, 4)
    with pytest.raises(TrainError, match="no training split"):
        parts({"val": dataset})
    empty = Dataset(
        dataset.labels, tuple(replace(one, box=one.box[:0], label=one.label[:0]) for one in dataset.pictures)
    )
    with pytest.raises(TrainError, match=r"none of the .* training pictures shows an object"):
        parts({"train": empty, "val": dataset})
    with pytest.raises(TrainError, match="no picture to hold out"):
        parts({"train": dataset, "val": dataset.take([])})
