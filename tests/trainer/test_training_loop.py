"""The loop: killed and started again it ends with the same; a loss that is no number stops it."""

import csv
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.paths import REPOSITORY
from tests.trainer.tensor import tensorflow

tf = tensorflow()

from trainer.errors import TrainError  # noqa: E402
from trainer.training.loop import CURVES, Trainer  # noqa: E402
from trainer.training.schedule import Schedule  # noqa: E402

SCHEDULE = Schedule(steps=40, batch=4, rate=0.05, warm_up=5, save_every=10)


class Lines:
    """Points on a line, the same for the same step."""

    def __init__(self, spoilt_at: int = -1) -> None:
        self._spoilt_at = spoilt_at

    def since(self, step: int) -> Iterator[tuple[Any, ...]]:
        while True:
            x = np.random.default_rng([5, step]).normal(size=(4, 3)).astype(np.float32)
            y = x @ np.array([[1.0], [-2.0], [0.5]], np.float32)
            yield tf.constant(x), tf.constant(y * (np.nan if step == self._spoilt_at else 1))
            step += 1


def loss_of(model: Any, batch: tuple[Any, ...]) -> dict[str, Any]:
    x, y = batch
    return {"total": tf.reduce_mean(tf.square(model(x, training=True) - y))}


def network() -> Any:
    tf.keras.utils.set_random_seed(1)
    return tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(4, "tanh"), tf.keras.layers.Dense(1)])


def weights(model: Any) -> list[np.ndarray]:
    return [np.asarray(one) for one in model.get_weights()]


def test_it_learns_and_tells_of_it(tmp_path: Path) -> None:
    told: list[tuple[int, float]] = []
    Trainer(network(), loss_of, SCHEDULE, tmp_path).run(
        Lines(), lambda step, losses: told.append((step, losses["total"]))
    )
    assert [step for step, _ in told] == [10, 20, 30, 40]
    assert told[-1][1] < told[0][1]
    rows = list(csv.DictReader((tmp_path / CURVES).read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == [10, 20, 30, 40]


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first, second = network(), network()
    Trainer(first, loss_of, SCHEDULE, tmp_path).run(Lines(), lambda *_: None)
    told: list[int] = []
    Trainer(second, loss_of, SCHEDULE, tmp_path).run(Lines(), lambda step, _: told.append(step))
    assert told == []
    assert all(np.array_equal(one, other) for one, other in zip(weights(first), weights(second), strict=True))


def test_a_loss_that_is_no_number_stops_at_its_step(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="at step 30; try a lower rate"):
        Trainer(network(), loss_of, SCHEDULE, tmp_path).run(Lines(spoilt_at=25), lambda *_: None)


KILLED = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from tests.trainer.test_training_loop import Lines, SCHEDULE, loss_of, network
    from trainer.training.loop import Trainer

    class Deadly(Lines):
        def since(self, step):
            for number, batch in enumerate(super().since(step), step):
                if number == 27:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield batch

    Trainer(network(), loss_of, SCHEDULE, Path(sys.argv[1])).run(Deadly(), lambda *_: None)
""")


def test_killed_in_the_middle_it_ends_with_the_same(tmp_path: Path) -> None:
    whole, mended = network(), network()
    Trainer(whole, loss_of, SCHEDULE, tmp_path / "whole").run(Lines(), lambda *_: None)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "killed")],
        cwd=REPOSITORY,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    Trainer(mended, loss_of, SCHEDULE, tmp_path / "killed").run(Lines(), lambda *_: None)
    assert all(np.array_equal(one, other) for one, other in zip(weights(whole), weights(mended), strict=True))
