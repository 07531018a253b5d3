"""The loop: killed and started again it ends with the same; a loss that is no number stops it."""

import csv
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.paths import REPOSITORY
from tests.trainer.tensor import tensorflow

tf = tensorflow()

from trainer.errors import TrainError  # noqa: E402
from trainer.training.curves import LOSSES, TENSORBOARD, VALIDATION  # noqa: E402
from trainer.training.devices import Devices  # noqa: E402
from trainer.training.loop import Trainer  # noqa: E402
from trainer.training.schedule import Descent, Schedule  # noqa: E402

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
    return {"total": tf.reduce_mean(tf.square(tf.cast(model(x, training=True), tf.float32) - y))}


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
    rows = list(csv.DictReader((tmp_path / LOSSES).read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == [10, 20, 30, 40]


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first, second = network(), network()
    Trainer(first, loss_of, SCHEDULE, tmp_path).run(Lines(), lambda *_: None)
    told: list[int] = []
    Trainer(second, loss_of, SCHEDULE, tmp_path).run(Lines(), lambda step, _: told.append(step))
    assert told == []
    assert all(np.array_equal(one, other) for one, other in zip(weights(first), weights(second), strict=True))


def test_a_loss_that_is_no_number_stops_at_its_step(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="at step 26; try a lower rate"):
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
        timeout=600,
    )
    assert done.returncode == -signal.SIGKILL
    Trainer(mended, loss_of, SCHEDULE, tmp_path / "killed").run(Lines(), lambda *_: None)
    assert all(np.array_equal(one, other) for one, other in zip(weights(whole), weights(mended), strict=True))


def test_the_best_validation_is_kept_and_training_stops_when_none_follows(tmp_path: Path) -> None:
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.1])
    seen: list[list[np.ndarray]] = []

    def score_of(model: Any) -> float:
        seen.append(weights(model))
        return next(scores)

    model = network()
    schedule = replace(SCHEDULE, validate_every=5, patience=2)
    result = Trainer(model, loss_of, schedule, tmp_path, score_of=score_of).run(Lines(), lambda *_: None)
    assert result == (20, 0.5)  # validated at 5, 10, 15 and 20
    assert all(np.array_equal(one, other) for one, other in zip(weights(model), seen[1], strict=True))
    rows = list(csv.DictReader((tmp_path / VALIDATION).read_text().splitlines()))
    assert [(row["step"], row["score"]) for row in rows] == [("5", "0.1"), ("10", "0.5"), ("15", "0.4"), ("20", "0.3")]


def test_validation_goes_on_where_it_stood(tmp_path: Path) -> None:
    schedule = replace(SCHEDULE, validate_every=10)
    whole, mended = network(), network()

    def score_of(model: Any) -> float:
        return -float(np.abs(weights(model)[0]).sum())

    Trainer(whole, loss_of, schedule, tmp_path / "whole", score_of=score_of).run(Lines(), lambda *_: None)
    with pytest.raises(TrainError, match="at step 33"):
        Trainer(network(), loss_of, schedule, tmp_path / "cut", score_of=score_of).run(Lines(32), lambda *_: None)
    Trainer(mended, loss_of, schedule, tmp_path / "cut", score_of=score_of).run(Lines(), lambda *_: None)
    assert all(np.array_equal(one, other) for one, other in zip(weights(whole), weights(mended), strict=True))
    assert (tmp_path / "whole" / LOSSES).read_text() == (tmp_path / "cut" / LOSSES).read_text()
    assert (tmp_path / "whole" / VALIDATION).read_text() == (tmp_path / "cut" / VALIDATION).read_text()


@pytest.mark.parametrize("descent", Descent)
def test_every_method_of_descent_learns(tmp_path: Path, descent: Descent) -> None:
    model, batch = network(), next(Lines().since(1000))
    before = float(loss_of(model, batch)["total"])
    Trainer(model, loss_of, replace(SCHEDULE, descent=descent, steps=120), tmp_path).run(Lines(), lambda *_: None)
    assert float(loss_of(model, batch)["total"]) < before / 2


def test_tensorboard_can_read_the_curves(tmp_path: Path) -> None:
    Trainer(network(), loss_of, SCHEDULE, tmp_path).run(Lines(), lambda *_: None)
    (file,) = (tmp_path / TENSORBOARD).iterdir()
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(file))]
    told = [(event.step, value.tag) for event in events for value in event.summary.value]
    assert (10, "curves/total") in told
    assert (40, "curves/rate") in told


TWO = textwrap.dedent("""
    import sys
    from pathlib import Path
    import numpy as np
    import tensorflow as tf
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    from tests.trainer.test_training_loop import Lines, SCHEDULE, loss_of, network
    from trainer.training.devices import Devices
    from trainer.training.loop import Trainer

    devices = Devices.present(int(sys.argv[2]))
    assert devices.count == int(sys.argv[2])
    with devices.scope():
        model = network()
    Trainer(model, loss_of, SCHEDULE, Path(sys.argv[1]), devices=devices).run(Lines(), lambda *_: None)
    np.savez(sys.argv[1] + "/weights.npz", *model.get_weights())
""")


def test_two_devices_learn_what_one_learns(tmp_path: Path) -> None:
    ends = []
    for count in (1, 2):
        folder = tmp_path / str(count)
        subprocess.run(
            [sys.executable, "-c", TWO, str(folder), str(count)],
            cwd=REPOSITORY,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            check=True,
            timeout=600,
        )
        with np.load(folder / "weights.npz") as stored:
            ends.append([stored[name] for name in stored.files])
    assert all(np.allclose(one, other, atol=1e-4) for one, other in zip(*ends, strict=True))


def test_more_devices_than_there_are(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="99 devices are asked for and"):
        Devices.present(99)


def test_float16_learns_too(tmp_path: Path) -> None:
    told: list[float] = []
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        Trainer(network(), loss_of, SCHEDULE, tmp_path).run(Lines(), lambda _, losses: told.append(losses["total"]))
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert told[-1] < told[0] / 2
