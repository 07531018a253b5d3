"""Fine-tuning: its schedule, and that a network which learns with the rounding in it rounds less away."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from tests.trainer.tensor import tensorflow

tf = tensorflow()

from tests.trainer.small_networks import pictures, pyramid  # noqa: E402
from trainer.quantise.fine_tuning import FEWEST_STEPS, fine_tuning, followed_steps  # noqa: E402
from trainer.quantise.network import fake_quantised, folded  # noqa: E402
from trainer.training.loop import Trainer  # noqa: E402
from trainer.training.schedule import Schedule  # noqa: E402

STEPS = 40
SHORT = Schedule(STEPS, rate=2e-4, warm_up=4, decay=0.0, averaging=0.9, save_every=10)


class Pictures:
    """What each step sees follows from its number."""

    def since(self, step: int) -> Iterator[tuple[Any, ...]]:
        while True:
            yield (tf.constant(pictures(1000 + step, 8)),)
            step += 1


class CutError(Exception):
    pass


def apart(model: Any, teacher: Any, given: np.ndarray) -> float:
    """How far outputs lie from those of the network without rounding, in mean squares, each in its own spread."""
    ours, theirs = (one(given, training=False) for one in (model, teacher))
    return float(np.mean([np.mean((ours[k] - theirs[k]) ** 2) / np.var(theirs[k]) for k in theirs]))


def trained(model: Any, teacher: Any, folder: Path, stop_at: int = STEPS) -> Any:
    def loss_of(student: Any, batch: tuple[Any, ...]) -> dict[str, Any]:
        ours, theirs = student(batch[0], training=True), teacher(batch[0], training=False)
        return {"total": tf.add_n([tf.reduce_mean((ours[key] - theirs[key]) ** 2) for key in theirs])}

    def progress(step: int, _: dict[str, float]) -> None:
        if step > stop_at:
            raise CutError

    Trainer(model, loss_of, SHORT, folder).run(Pictures(), progress)
    return model


def test_a_tenth_of_the_steps_far_slower_without_decay() -> None:
    plan = fine_tuning(Schedule(3000, rate=2e-3))
    assert (plan.steps, plan.decay) == (300, 0.0)
    assert plan.rate < 0.1 * 2e-3
    assert plan.warm_up <= 30
    assert plan.averaging < 1 - 1 / plan.steps
    assert 0.5 * plan.steps < followed_steps(plan) < plan.steps


def test_a_short_training_has_no_shorter_tuning_than_it_needs() -> None:
    plan = fine_tuning(Schedule(10, save_every=500, validate_every=5000))
    assert plan.steps == FEWEST_STEPS
    assert max(plan.save_every, plan.validate_every) <= plan.steps


def test_learning_with_the_rounding_lowers_what_it_costs(tmp_path: Path) -> None:
    """The yardstick is the float network's own output: what lowers the distance is less rounding, not more learning."""
    model = pyramid()
    teacher = folded(model)
    student = fake_quantised(model, [pictures(seed) for seed in range(4)], STEPS // 2)
    held_out = pictures(7, 32)
    before = apart(student, teacher, held_out)
    after = apart(trained(student, teacher, tmp_path), teacher, held_out)
    assert after < 0.97 * before


def test_cut_off_it_goes_on_and_ends_with_the_same(tmp_path: Path) -> None:
    teacher, calibration = folded(pyramid()), [pictures()]
    whole = trained(fake_quantised(pyramid(), calibration, STEPS // 2), teacher, tmp_path / "whole")
    for last in (20, STEPS):
        resumed = fake_quantised(pyramid(), calibration, STEPS // 2)
        with suppress(CutError):
            trained(resumed, teacher, tmp_path / "cut", last)
    for one, two in zip(whole.variables, resumed.variables, strict=True):
        assert np.allclose(one.numpy(), two.numpy(), atol=1e-6)
