"""What a classifier learns from: whole pictures, crops as the daemon cuts them, and classes that cannot be learnt."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from edge.classify.samples import crops_of
from edge.classify.settings import ClassifySettings
from edge.contracts.types import Tracks
from tests.rigs.labelled import dataset, picture
from tests.trainer.classes import coloured
from tests.trainer.pictures import squares
from trainer.classifier.choosing import choose, class_counts
from trainer.classifier.parts import divided, spared
from trainer.classifier.samples import is_whole, samples
from trainer.data.dataset import Dataset
from trainer.errors import TrainError
from trainer.parts import Parts

CUT = ClassifySettings(min_side_px=8)


def quiet() -> Console:
    return Console(quiet=True)


def parts(train: Dataset, held_out: Dataset, validation: Dataset | None = None) -> Parts:
    return Parts(train, validation, held_out, "as it is")


def test_nothing_gives_no_samples(tmp_path: Path) -> None:
    assert len(samples(dataset(), tmp_path)) == 0
    assert len(samples(dataset(picture()), tmp_path)) == 0
    assert class_counts(dataset()).tolist() == [0, 0]


def test_whole_pictures_are_samples_as_they_are(tmp_path: Path) -> None:
    whole = coloured(tmp_path / "in", 3)
    assert samples(whole, tmp_path / "crops").pictures == whole.pictures
    assert not (tmp_path / "crops").exists()


def test_objects_are_cut_out_with_the_daemons_margin(tmp_path: Path) -> None:
    whole = squares(tmp_path / "in", 3, size=(192, 144))
    made = samples(whole, tmp_path / "crops", CUT)
    assert len(made) == sum(len(one.label) for one in whole.pictures)
    assert all(is_whole(one) for one in made.pictures)
    first, crop = whole.pictures[0], made.pictures[0]
    pixels = cv2.imread(str(crop.path))
    assert pixels is not None
    assert pixels.shape[:2] == (crop.height, crop.width)
    count = len(first.label)
    row, ids = np.zeros(count, np.float32), np.arange(count)
    tracks = Tracks(
        ids, first.box, np.zeros_like(first.box), row, first.label, row, row, row, row,
        np.zeros((count, 0, 4), np.float32), np.zeros((count, 0), np.float32),
    )  # fmt: skip
    served, usable, _ = crops_of(tracks, first.size, CUT)
    assert usable.all()
    x1, y1, x2, y2 = served[0] * np.array([*first.size, *first.size])
    assert abs(crop.width - (x2 - x1)) <= 2
    assert abs(crop.height - (y2 - y1)) <= 2


def test_small_objects_and_broken_pictures_give_none(tmp_path: Path) -> None:
    whole = squares(tmp_path / "in", 2)
    assert len(samples(whole, tmp_path / "crops", ClassifySettings(min_side_px=90))) == 0
    for one in whole.pictures:
        one.path.write_bytes(b"no picture")
    assert len(samples(whole, tmp_path / "crops", CUT)) == 0


def test_crops_are_written_once(tmp_path: Path) -> None:
    whole = squares(tmp_path / "in", 2)
    first = samples(whole, tmp_path / "crops", CUT)
    stamps = [one.path.stat().st_mtime_ns for one in first.pictures]
    second = samples(whole, tmp_path / "crops", CUT)
    assert [one.path for one in second.pictures] == [one.path for one in first.pictures]
    assert [one.path.stat().st_mtime_ns for one in second.pictures] == stamps


def test_one_class_is_nothing_to_tell_apart(tmp_path: Path) -> None:
    one = coloured(tmp_path, 4, labels=("red",))
    with pytest.raises(TrainError, match="of one class, 'red'"):
        divided(parts(one, one), tmp_path / "run", quiet())


def test_what_only_validation_knows_is_left_out_and_told(tmp_path: Path) -> None:
    every = coloured(tmp_path, 12)
    train = every.take([row for row, one in enumerate(every.pictures) if one.label[0] != 0])
    console = Console(width=200)
    with console.capture() as said:
        found = divided(parts(train, every), tmp_path / "run", console)
    assert found.train.labels == found.held_out.labels == ("green", "red")
    assert class_counts(found.held_out).tolist() == [4, 4]
    assert "not in the model: blue" in said.get()
    assert "nothing is learnt about: 4 samples" in said.get()


def test_nothing_large_enough_to_learn_from(tmp_path: Path) -> None:
    tiny = dataset(picture((0, (0.1, 0.1, 0.15, 0.15))))
    with pytest.raises(TrainError, match="large enough"):
        divided(parts(tiny, tiny), tmp_path / "run", quiet())


def test_some_are_spared_for_validation_where_there_are_enough(tmp_path: Path) -> None:
    few, many = coloured(tmp_path / "few", 6), coloured(tmp_path / "many", 60)
    assert [len(one) for one in spared(parts(few, few))] == [6, 0]
    train, validation = spared(parts(many, many))
    assert len(validation) == pytest.approx(9, abs=1)
    assert not {one.path for one in train.pictures} & {one.path for one in validation.pictures}
    assert spared(parts(few, few, many)) == (few, many)


def test_settings_suit_the_samples(tmp_path: Path) -> None:
    even = choose(coloured(tmp_path, 6))
    assert (even.recipe.network.input_px, even.recipe.training.balance) == (96, 0.0)
    rows = dataset(*[picture((0, (0, 0, 1, 1)), size=(200, 150))] * 9, picture((1, (0, 0, 1, 1)), size=(200, 150)))
    uneven = choose(rows)
    assert (uneven.recipe.network.input_px, uneven.recipe.training.balance) == (192, 0.5)
    assert "9 times as common" in uneven.reasons["training.balance"]
