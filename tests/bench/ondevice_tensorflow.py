"""The side of the benchmark `ondevice` that has TensorFlow: makes the files, and steps the same networks in Keras."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trainer.quiet import quieten

quieten()

import cv2  # noqa: E402
import keras  # noqa: E402 - TensorFlow reads what `quieten` says when it is loaded
import tensorflow as tf  # noqa: E402

from edge.contracts.trainable import Optimizer  # noqa: E402
from tests.bench.ondevice_desk import Answer, serve  # noqa: E402
from tests.bench.ondevice_models import CLASSES, RATE, SIDE_PX, SUBJECTS, batch_of, network, samples  # noqa: E402
from trainer.networks import save_network  # noqa: E402
from trainer.sequences.networks import load_sequence, save_sequence  # noqa: E402
from trainer.sequences.trained import SequenceTrained  # noqa: E402
from trainer.trainable.classifier import classifier_pupil  # noqa: E402
from trainer.trainable.convert import convert_learning_classifier, convert_learning_sequence  # noqa: E402
from trainer.trainable.losses import loss_of  # noqa: E402
from trainer.trainable.pupil import Pupil, sequence_pupil  # noqa: E402
from trainer.trainable.settings import TrainableSettings  # noqa: E402
from trainer.trained import Trained  # noqa: E402

CLIP, SPARE = 1.0, 16


class Stepped(keras.Model):  # type: ignore[misc] # Keras comes without types
    """A network with the step of our trainers, as `train_on_batch` calls it."""

    def __init__(self, net: Any, loss: Callable[[Any, Any], Any], first: str) -> None:
        super().__init__()
        self.net, self._small, self._first = net, loss, first

    def call(self, values: Any) -> Any:
        """What the network says."""
        return self.net(values)

    def train_step(self, data: Any) -> Any:
        """One step on a batch by name."""
        batch = data[0] if isinstance(data, tuple) else data
        return {"loss": self.step(batch)}

    def step(self, batch: Mapping[str, Any]) -> Any:
        """The loss before it."""
        with tf.GradientTape() as tape:
            loss = self._small(self.net(batch[self._first], training=False), batch)
        variables = self.net.trainable_variables
        gradients = tape.gradient(loss, [one.value for one in variables])
        self.optimizer.apply(gradients, variables)
        return loss


class Side:
    """All models, in Keras and as files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ways: dict[tuple[str, str], Callable[[], Any]] = {}

    def prepare(self, name: str) -> Answer:
        """Write the files of a model, what it learns from, and what Keras makes of it."""
        net = network(name)
        pupil, head = self._written(name, net), SUBJECTS[name].head
        rows = samples(name, pupil.targets)
        np.savez(self._folder / f"{name}.npz", **rows)
        loss = loss_of(head, TrainableSettings().paths)
        learns = net if SUBJECTS[name].window else _head_of(pupil)
        model = Stepped(learns, loss, next(iter(rows)))
        model.compile(optimizer=keras.optimizers.Adam(RATE, global_clipnorm=CLIP))
        first = [one.numpy() for one in learns.trainable_variables]
        gradient = _gradient(learns, loss, {key: tf.constant(one) for key, one in batch_of(rows, 0).items()})
        step = tf.function(model.step)
        losses = [float(step(_tensors(rows, number))) for number in range(100)]
        for variable, value in zip(learns.trainable_variables, first, strict=True):
            variable.assign(value)
        np.savez(self._folder / f"{name}_keras.npz", gradient=gradient, losses=np.array(losses))
        fed, given = _tensors(rows, 0), batch_of(rows, 0)
        self._ways[name, "function"] = lambda: float(step(fed))
        self._ways[name, "keras"] = lambda: model.train_on_batch(given)
        return {"weights": pupil.size}

    def time(self, name: str, way: str, steps: int) -> Answer:
        """CPU milliseconds of a step, the mean of some."""
        step = self._ways[name, way]
        begin_s = time.process_time()
        for _ in range(steps):
            step()
        return {"ms": 1000 * (time.process_time() - begin_s) / steps}

    def _written(self, name: str, net: Any) -> Pupil:
        one, run = SUBJECTS[name], self._folder / name
        plain = TrainableSettings(clip=CLIP, spare=SPARE)
        descent = TrainableSettings(optimizer=Optimizer.SGD, clip=0.0, spare=SPARE)
        if one.window is None:
            trained = Trained(run, one.task, name, CLASSES, SIDE_PX, fake_quantised=False)
            save_network(net, trained)
            pictures = _pictures(run)
            convert_learning_classifier(trained, plain, pictures, self._folder / f"{name}.tflite")
            convert_learning_classifier(trained, descent, (), self._folder / f"{name}_sgd.tflite")
            return classifier_pupil(net, SPARE, None)
        sequence = SequenceTrained(run, one.task, name, (), one.window)
        save_sequence(net, sequence)
        convert_learning_sequence(sequence, plain, self._folder / f"{name}.tflite")
        convert_learning_sequence(sequence, descent, self._folder / f"{name}_sgd.tflite")
        return sequence_pupil(load_sequence(sequence), one.head, one.window)


def _head_of(pupil: Pupil) -> Any:
    """A classifier's head as a network of its own."""
    kernel, bias = pupil.first
    given = keras.Input((kernel.shape[0],))
    head = keras.layers.Dense(len(bias))
    model = keras.Model(given, {"logits": head(given)})
    head.set_weights([kernel, bias])
    return model


def _gradient(net: Any, loss: Callable[[Any, Any], Any], batch: Mapping[str, Any]) -> Any:
    """(N,) by TensorFlow's own gradients."""
    with tf.GradientTape() as tape:
        small = loss(net(next(iter(batch.values())), training=False), batch)
    found = tape.gradient(small, [one.value for one in net.trainable_variables], unconnected_gradients="zero")
    return np.concatenate([np.asarray(one).reshape(-1) for one in found])


def _tensors(rows: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {name: tf.constant(one) for name, one in batch_of(rows, number).items()}


def _pictures(folder: Path) -> list[Path]:
    """Made up, to measure ranges on."""
    random, paths = np.random.default_rng(3), [folder / f"{number}.png" for number in range(16)]
    for path in paths:
        cv2.imwrite(str(path), cv2.resize(random.integers(0, 256, (12, 12, 3), np.uint8), (SIDE_PX, SIDE_PX)))
    return paths


if __name__ == "__main__":
    side = Side(Path(sys.argv[1]))
    serve({"prepare": side.prepare, "time": side.time})
