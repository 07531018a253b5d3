from pathlib import Path

import numpy as np
import pytest

from tests.paths import data
from tests.rigs.data_sets import write_picture
from tests.rigs.labelled import dataset, picture
from trainer.data.coco_writing import common_folder, write_coco
from trainer.data.dataset import Dataset
from trainer.data.opening import open_data
from trainer.errors import TrainError


def same(one: Dataset, other: Dataset) -> None:
    assert one.labels == other.labels
    assert [p.path.resolve() for p in one.pictures] == [p.path.resolve() for p in other.pictures]
    assert [p.size for p in one.pictures] == [p.size for p in other.pictures]
    assert [p.label.tolist() for p in one.pictures] == [p.label.tolist() for p in other.pictures]
    for mine, theirs in zip(one.pictures, other.pictures, strict=True):
        assert np.abs(mine.box - theirs.box).max(initial=0) < 1e-4


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / "images" / "deep" / f"{row}.jpg", row) for row in range(3)]
    rows = [((1, (0.0, 0.0, 1.0, 1.0)), (0, (0.123, 0.2, 0.3, 0.9))), (), ((0, (0.5, 0.5, 0.75, 0.75)),)]
    pictures = [picture(*row, path=path, size=(64, 48)) for row, path in zip(rows, paths, strict=True)]
    written = dataset(*pictures)
    write_coco(written, tmp_path / "all.json")
    opened = open_data(tmp_path)
    assert opened.problems == ()
    same(opened.splits["all"], written)


def test_a_real_set_comes_back(tmp_path: Path) -> None:
    penn_fudan = open_data(data("penn_fudan")).splits["all"]
    (tmp_path / "pictures").symlink_to(common_folder(penn_fudan))
    write_coco(penn_fudan, tmp_path / "new" / "all.json", common_folder(penn_fudan))
    same(open_data(tmp_path).splits["all"], penn_fudan)


def test_an_empty_set_can_be_written_but_lies_nowhere(tmp_path: Path) -> None:
    write_coco(dataset(), tmp_path / "a.json")
    assert '"images": []' in (tmp_path / "a.json").read_text()
    with pytest.raises(TrainError, match="lies nowhere"):
        common_folder(dataset())


def test_pictures_elsewhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="does not lie in"):
        write_coco(dataset(picture(path=tmp_path / "1.jpg")), tmp_path / "sub" / "a.json")
    assert not (tmp_path / "sub").exists()
