"""What fine-tuning of a detector starts from: calibration pictures, and the run of the float network."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contracts.manifest import Task
from tests.trainer.tensor import tensorflow

tensorflow()

from trainer.data.dataset import Dataset  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.quantise.detector import inputs  # noqa: E402
from trainer.quantise.variants import read_origin  # noqa: E402
from trainer.trained import Trained, write_description  # noqa: E402


def white(path: Path, width: int, height: int) -> Path:
    cv2.imwrite(str(path), np.full((height, width, 3), 255, np.uint8))
    return path


def test_pictures_come_as_the_network_takes_them_without_those_that_cannot_be_read(tmp_path: Path) -> None:
    paths = [white(tmp_path / f"{number}.png", 40, 20) for number in range(9)]
    batches = list(inputs([tmp_path / "absent.png", *paths], 64))
    assert [len(batch) for batch in batches] == [8, 1]
    assert (batches[0][:, :32] == 1).all()
    assert np.allclose(batches[0][:, 32:], (114 - 127.5) / 127.5)


@pytest.mark.parametrize("names", [[], ["absent.png"]])
def test_no_picture_at_all_is_told(names: list[str], tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=f"none of {len(names)} pictures"):
        list(inputs([tmp_path / name for name in names], 64))


def run(folder: Path) -> Path:
    trained = Trained(folder, Task.DETECTOR, "small", ("a", "b"), 96, fake_quantised=False)
    trained.network.touch()
    write_description(trained)
    return folder


def test_a_run_brings_its_settings(tmp_path: Path) -> None:
    pictures = Dataset(("a", "b"), ())
    assert read_origin(run(tmp_path), pictures).recipe.network.input_px == 96
    (tmp_path / "settings.yaml").write_text("training: {steps: 77}\nnetwork: {input_px: 96, width: 0.5}\n")
    recipe = read_origin(tmp_path, pictures).recipe
    assert (recipe.training.steps, recipe.network.width) == (77, 0.5)


def test_pictures_of_other_things_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="knows a, b, the pictures show b"):
        read_origin(run(tmp_path), Dataset(("b",), ()))
