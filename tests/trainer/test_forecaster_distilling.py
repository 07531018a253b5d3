"""Several networks become one, which thinks what they think on average."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.tensor import tensorflow

tf = tensorflow()

from edge.contracts.windows import TrackWindow  # noqa: E402
from trainer.forecaster.distilling import distil, ensemble_path, taught, total_steps, train_ensemble  # noqa: E402
from trainer.forecaster.network import LOG_SIGMA, LOGIT, MEAN, forecaster  # noqa: E402
from trainer.forecaster.samples import Samples  # noqa: E402
from trainer.forecaster.settings import (  # noqa: E402
    ForecasterEnsemble,
    ForecasterNetwork,
    ForecasterRecipe,
    ForecasterTraining,
)

WINDOW = TrackWindow(32, 3, 0.4, (0.4, 0.8, 1.2), 2, (), 0)
SMALL = ForecasterNetwork(units=8, hidden=16)


def walks(count: int, seed: int, bend: float) -> Samples:
    """Windows that know nothing but a first column, and all bend aside by `bend` times it, give or take."""
    random = np.random.default_rng(seed)
    x = np.zeros((count, 3, 11), np.float32)
    x[..., 1] = random.normal(size=(count, 1))  # step_y: changes sides in a mirror
    aside = bend * x[:, :1, 1] * (1, 2, 3) + random.normal(0.0, 0.05, (count, 3))
    departure = np.stack([np.zeros((count, 3)), aside], axis=2).astype(np.float32)
    return Samples(x, departure, np.ones((count, 3), np.float32))


def recipe(teachers: int, share: float, steps: int = 150) -> ForecasterRecipe:
    return ForecasterRecipe(
        network=SMALL,
        training=ForecasterTraining(steps=steps, batch=64, rate=1e-2),
        ensemble=ForecasterEnsemble(teachers=teachers, share=share),
    )


def bending(by: float) -> Any:
    """What answers as a network that has learnt to bend aside by so much, and never errs."""

    def answer(x: Any, training: bool) -> dict[str, Any]:
        aside = by * np.asarray(x)[:, None, :1, 1] * (1, 2, 3)
        mean = np.repeat(np.stack([0 * aside, aside], axis=3), 2, axis=1)
        return {LOGIT: np.zeros((len(x), 2)), MEAN: mean, LOG_SIGMA: np.zeros((len(x), 2, 3))}

    return answer


def bent(model: Any, of: Samples) -> float:
    """How much a network bends aside at the last horizon, per unit of the column."""
    aside = ensemble_path(model, of, WINDOW)[:, -1, 1]
    return float(np.polyfit(of.x[:, 0, 1], aside, 1)[0] / 3)


def test_a_network_and_its_mirror_agree_after_both_were_asked() -> None:
    model, given = forecaster(SMALL, WINDOW), walks(20, 1, 0.1)
    model.get_layer("paths").bias.assign(np.linspace(-1, 1, 12))
    x = given.x.copy()
    x[..., 1] *= -1
    aside = Samples(x, given.departure, given.unit)
    assert ensemble_path(model, aside, WINDOW) == pytest.approx(ensemble_path(model, given, WINDOW) * (1, -1), abs=1e-6)


def test_what_is_taught_stands_beside_what_happened() -> None:
    given = walks(20, 1, 0.1)
    given.unit[:5, 2] = 0.0
    teachers = [forecaster(SMALL, WINDOW), forecaster(SMALL, WINDOW)]
    found = taught(teachers, given, WINDOW)
    expected = (ensemble_path(teachers[0], given, WINDOW) + ensemble_path(teachers[1], given, WINDOW)) / 2
    assert np.array_equal(found.departure[:, :3], given.departure)
    assert found.departure[:, 3:] == pytest.approx(expected, abs=1e-6)
    assert np.array_equal(found.unit, np.tile(given.unit, (1, 2)))


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.3), (1.0, 0.1)])
def test_a_student_follows_teachers_or_truth_as_it_is_told(tmp_path: Path, share: float, expected: float) -> None:
    truth, nothing = walks(600, 2, 0.3), walks(0, 3, 0.3)
    teachers = [bending(0.05), bending(0.15)]
    student = distil(teachers, recipe(2, share), WINDOW, truth, nothing, tmp_path, lambda *_: None).model
    assert bent(student, truth) == pytest.approx(expected, abs=0.05)


def test_teachers_come_first_and_all_steps_are_counted(tmp_path: Path) -> None:
    told: list[int] = []
    how, train = recipe(2, 0.5, 20), walks(600, 1, 0.2)
    validation = walks(200, 2, 0.2)
    result = train_ensemble(how, WINDOW, train, validation, tmp_path, lambda step, _losses: told.append(step)).result
    assert sorted(one.name for one in tmp_path.glob("teacher*")) == ["teacher1", "teacher2"]
    assert (told == sorted(set(told)), told[-1], total_steps(how), result.step) == (True, 60, 60, 20)


def test_without_teachers_there_is_one_run(tmp_path: Path) -> None:
    told: list[int] = []
    how, train = recipe(0, 0.5, 20), walks(300, 1, 0.2)
    result = train_ensemble(how, WINDOW, train, train, tmp_path, lambda step, _losses: told.append(step)).result
    assert list(tmp_path.glob("teacher*")) == []
    assert (result.step, told[-1], total_steps(how)) == (20, 20, 20)
