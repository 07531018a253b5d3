from collections import Counter
from pathlib import Path

import pytest

from tests.paths import data
from tests.rigs.data_sets import write_picture
from tests.rigs.labelled import dataset, picture
from trainer.data.dataset import Dataset
from trainer.data.dividing import divide
from trainer.data.opening import Opened, open_data
from trainer.data.parts import part
from trainer.data.suspicions import counted
from trainer.errors import TrainError

BOX = (0.1, 0.1, 0.5, 0.5)
SHARES = {"train": 0.8, "val": 0.2}


def many(count: int, folder: str = "a") -> Dataset:
    """Nine cats to one dog, every fifth picture empty."""
    objects = [[] if row % 5 == 4 else [(int(row % 10 == 3), BOX)] for row in range(count)]
    return dataset(*(picture(*rows, path=Path(folder, f"{row}.jpg")) for row, rows in enumerate(objects)))


def names(parts: dict[str, Dataset]) -> dict[str, list[str]]:
    return {name: [one.path.name for one in held.pictures] for name, held in parts.items()}


@pytest.mark.parametrize("count", [0, 1, 2, 10, 100])
def test_every_picture_is_in_one_part(count: int) -> None:
    made = divide(many(count), SHARES)
    assert list(made) == ["train", "val"]
    held = Counter(name for rows in names(made).values() for name in rows)
    assert held == Counter(f"{row}.jpg" for row in range(count))
    assert len(made["val"]) == pytest.approx(0.2 * count, abs=1)


def test_is_the_same_wherever_the_data_lies_and_in_whatever_order() -> None:
    whole = many(60)
    moved = many(60, "/another/place")
    turned = moved.take(list(reversed(range(60))))
    expected = names(divide(whole, SHARES))
    assert names(divide(moved, SHARES)) == expected
    assert {name: sorted(rows) for name, rows in names(divide(turned, SHARES)).items()} == {
        name: sorted(rows) for name, rows in expected.items()
    }
    assert names(divide(whole, SHARES, seed=2)) != expected
    assert expected["val"] == sorted(expected["val"], key=lambda name: int(name.split(".")[0]))


def test_classes_and_empty_pictures_keep_their_shares() -> None:
    made = divide(many(200), {"train": 7, "val": 2, "test": 1})
    for held, expected in zip(made.values(), ((98, 14), (28, 4), (14, 2)), strict=True):
        assert counted(held).tolist() == pytest.approx(expected, abs=1)
    empty = [sum(not len(one.label) for one in held.pictures) for held in made.values()]
    assert empty == pytest.approx([28, 8, 4], abs=2)


def test_pictures_of_the_same_content_stay_together(tmp_path: Path) -> None:
    rows = [picture((0, BOX), path=write_picture(tmp_path / f"{row}.png", row // 5)) for row in range(50)]
    made = divide(dataset(*rows), SHARES)
    seeds = {name: {int(one.split(".")[0]) // 5 for one in held} for name, held in names(made).items()}
    assert seeds["train"] & seeds["val"] == set()
    assert {name: len(held) for name, held in made.items()} == {"train": 40, "val": 10}


@pytest.mark.parametrize("shares", [{}, {"train": 0.0}, {"train": -1, "val": 2}, {"train": float("nan"), "val": 1}])
def test_refuses_shares_that_are_none(shares: dict[str, float]) -> None:
    with pytest.raises(TrainError, match="positive number"):
        divide(many(3), shares)


def test_penn_fudan_is_always_divided_alike() -> None:
    made = divide(open_data(data("penn_fudan")).splits["all"], SHARES)
    assert {name: (len(held), int(counted(held).sum())) for name, held in made.items()} == {
        "train": (136, 340),
        "val": (34, 83),
    }
    assert [one.path.stem for one in made["val"].pictures[:4]] == [f"FudanPed{number:05}" for number in (6, 12, 13, 18)]


def test_a_part_to_score_on() -> None:
    whole, other = many(50), many(20, "b")
    halves, single = Opened("", {"train": whole, "test": other}, ()), Opened("", {"all": whole}, ())
    assert part(halves, None) == ("test", other)
    assert part(halves, "train") == ("train", whole)
    assert part(single, None) == ("all", whole)
    held_out, kept = part(single, "test")[1], part(single, "train")[1]
    assert (len(held_out), len(kept)) == (10, 40)
    assert not {one.path for one in held_out.pictures} & {one.path for one in kept.pictures}
    for opened, name in ((single, "val"), (halves, "val"), (halves, "last")):
        with pytest.raises(TrainError, match="no split"):
            part(opened, name)
