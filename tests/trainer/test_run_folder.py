"""A run's folder holds what is needed to repeat it, and takes no other run."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.trainer.pictures import squares
from trainer.data.dataset import Picture
from trainer.detector.settings import DetectorRecipe, TrainingSettings
from trainer.errors import TrainError
from trainer.run_folder import SETTINGS, SURROUNDINGS, begin_run, refuse_learnt, refuse_other_pictures

HOW = {"precision": "float32"}


def line(picture: Picture) -> str:
    boxes = hashlib.sha256(picture.box.tobytes() + picture.label.tobytes()).hexdigest()[:16]
    return f"{picture.path}\t{picture.path.stat().st_size} bytes\t{len(picture.label)} boxes {boxes}"


def test_it_holds_settings_pictures_and_surroundings(tmp_path: Path) -> None:
    pictures = squares(tmp_path / "in", 3)
    assert not begin_run(tmp_path / "run", DetectorRecipe(), ["detector", "--px", "64"], {"train": pictures}, HOW)
    folder = tmp_path / "run"
    assert DetectorRecipe.model_validate(yaml.safe_load((folder / SETTINGS).read_text())) == DetectorRecipe()
    assert (folder / "pictures-train.txt").read_text().splitlines() == ["red, blue", *map(line, pictures.pictures)]
    told = json.loads((folder / SURROUNDINGS).read_text())
    assert told["command"] == ["detector", "--px", "64"]
    assert {"python", "machine", "revision", "numpy"} <= told.keys()


def test_the_same_again_goes_on(tmp_path: Path) -> None:
    pictures = {"train": squares(tmp_path / "in", 3)}
    begin_run(tmp_path / "run", DetectorRecipe(), [], pictures, HOW)
    assert begin_run(tmp_path / "run", DetectorRecipe(), [], pictures, HOW)


def test_other_settings_or_pictures_are_refused(tmp_path: Path) -> None:
    pictures = squares(tmp_path / "in", 3)
    begin_run(tmp_path / "run", DetectorRecipe(), [], {"train": pictures}, HOW)
    with pytest.raises(TrainError, match=r"another settings\.yaml; name another folder"):
        begin_run(tmp_path / "run", DetectorRecipe(training=TrainingSettings(steps=5)), [], {"train": pictures}, HOW)
    with pytest.raises(TrainError, match=r"another pictures-train\.txt"):
        begin_run(tmp_path / "run", DetectorRecipe(), [], {"train": pictures.take([0, 1])}, HOW)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainError, match="cannot be written"):
        begin_run(tmp_path / "file" / "run", DetectorRecipe(), [], {}, HOW)


def test_other_precision_or_corrected_labels_are_another_run(tmp_path: Path) -> None:
    pictures = squares(tmp_path / "in", 3)
    begin_run(tmp_path / "run", DetectorRecipe(), [], {"train": pictures}, HOW)
    with pytest.raises(TrainError, match=r"another how\.yaml"):
        begin_run(tmp_path / "run", DetectorRecipe(), [], {"train": pictures}, {"precision": "float16"})
    moved = replace(pictures.pictures[0], box=pictures.pictures[0].box * 0.9)
    corrected = replace(pictures, pictures=(moved, *pictures.pictures[1:]))
    with pytest.raises(TrainError, match=r"another pictures-train\.txt"):
        begin_run(tmp_path / "run", DetectorRecipe(), [], {"train": corrected}, HOW)
    refuse_other_pictures(tmp_path / "run", "train", pictures)
    with pytest.raises(TrainError, match="other pictures or labels than the data has now"):
        refuse_other_pictures(tmp_path / "run", "train", corrected)


def test_what_an_earlier_run_saw_is_not_held_out(tmp_path: Path) -> None:
    pictures = squares(tmp_path / "in", 6)
    parts = {"train": pictures.take([0, 1, 2]), "validation": pictures.take([3]), "held-out": pictures.take([4, 5])}
    begin_run(tmp_path / "run", DetectorRecipe(), [], parts, HOW)
    refuse_learnt(tmp_path / "run", pictures.take([4, 5]))
    refuse_learnt(tmp_path / "none", pictures)
    for row in (2, 3):
        with pytest.raises(TrainError, match="has seen 1 of the pictures that are to be held out"):
            refuse_learnt(tmp_path / "run", pictures.take([row, 4, 5]))
