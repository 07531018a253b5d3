"""What is picked to suit the data, and that recipe and options are stronger."""

from pathlib import Path

import numpy as np
import pytest

from edge.contracts.errors import ConfigError
from trainer.data.dataset import Dataset, Picture
from trainer.detector.choosing import choose
from trainer.detector.settings import DetectorRecipe
from trainer.errors import TrainError
from trainer.settling import settle


def dataset(side: float, count: int = 20, labels: tuple[int, ...] = (0,)) -> Dataset:
    box = np.array([[0.1, 0.1, 0.1 + side, 0.1 + side]], np.float32)
    pictures = [
        Picture(Path(f"{n}.png"), 640, 640, box, np.array([labels[n % len(labels)]], np.int64)) for n in range(count)
    ]
    return Dataset(("a", "b"), tuple(pictures))


@pytest.mark.parametrize(("side", "px"), [(0.5, 256), (0.04, 320), (0.03, 416), (0.02, 640), (0.001, 640)])
def test_small_objects_need_large_pictures(side: float, px: int) -> None:
    choice = choose(dataset(side))
    assert choice.recipe.network.input_px == px
    assert f"pictures of {px} px" in choice.reasons["network.input_px"]


@pytest.mark.parametrize(("count", "steps"), [(1, 800), (160, 1000), (3000, 18750), (50_000, 20_000)])
def test_more_pictures_need_more_steps(count: int, steps: int) -> None:
    assert choose(dataset(0.5, count)).recipe.training.steps == steps


def test_rare_classes_are_shown_more_often_where_there_are_any() -> None:
    assert choose(dataset(0.5, 100, (0,))).recipe.training.rare == 0
    assert choose(dataset(0.5, 100, (0, 1))).recipe.training.rare == 0
    uneven = choose(dataset(0.5, 100, (0,) * 49 + (1,)))
    assert uneven.recipe.training.rare > 0
    assert "training.rare" in uneven.reasons


def test_options_are_stronger_than_the_recipe_and_that_than_what_is_picked(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("training:\n  steps: 7\n  batch: 2\n")
    settled = settle(DetectorRecipe(), file, {"training.steps": 9})
    assert (settled.training.steps, settled.training.batch, settled.training.rate) == (9, 2, 2e-3)


def test_a_wrong_recipe_is_named_by_line_and_key(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("training:\n  stepps: 7\n")
    with pytest.raises(ConfigError, match=r"recipe\.yaml:2.*stepps"):
        settle(DetectorRecipe(), file, {})


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(TrainError, match=r"network\.input_px 100: .*multiple of 32"):
        settle(DetectorRecipe(), None, {"network.input_px": 100})
