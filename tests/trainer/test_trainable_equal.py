"""What is exported learns as Keras does: the first gradient, the losses of 100 steps, and what it says afterwards."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.manifest import Calibration, Manifest, Task
from edge.contracts.trainable import TARGETS, Optimizer
from edge.contracts.types import F32, Head
from edge.contracts.windows import Scaling, SeriesWindow, TrackWindow
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable
from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402

from trainer.autoencoder.network import autoencoder  # noqa: E402
from trainer.autoencoder.settings import AutoencoderNetwork  # noqa: E402
from trainer.classifier.architecture import Architecture  # noqa: E402
from trainer.classifier.network import classifier, finished  # noqa: E402
from trainer.export.checked import checked_model  # noqa: E402
from trainer.export.scaling import PICTURE  # noqa: E402
from trainer.export.tasks import expected  # noqa: E402
from trainer.export.workplace import write_model  # noqa: E402
from trainer.forecaster.network import forecaster as paths  # noqa: E402
from trainer.forecaster.settings import ForecasterNetwork  # noqa: E402
from trainer.sequences.tasks import HEADS, expected_of  # noqa: E402
from trainer.series.network import forecaster as series  # noqa: E402
from trainer.series.settings import SeriesNetwork  # noqa: E402
from trainer.trainable.classifier import UNTAUGHT, classifier_pupil  # noqa: E402
from trainer.trainable.convert import told  # noqa: E402
from trainer.trainable.converter import convert_learning, save_learning  # noqa: E402
from trainer.trainable.losses import loss_of  # noqa: E402
from trainer.trainable.module import Learning  # noqa: E402
from trainer.trainable.pupil import Pupil, sequence_pupil  # noqa: E402
from trainer.trainable.request import Answer  # noqa: E402
from trainer.trainable.settings import TrainableSettings  # noqa: E402

BATCH, RATE, CLIP = 8, 1e-3, 1.0
TRACKS = TrackWindow(4, 6, 0.2, (0.5, 1.0), 2, ("person",), 1)
SERIES = SeriesWindow(("a", "b"), 8, 1.0, Scaling.FIXED, (0.0, 0.0), (1.0, 1.0), (1, 4))
READINGS = SeriesWindow(("a", "b"), 8, 1.0, Scaling.FIXED, (0.0, 0.0), (1.0, 1.0), ())


def readings(cell: Literal["gru", "lstm"]) -> Any:
    """A forecaster of a series."""
    return series(SERIES, SeriesNetwork(samples=8, horizons=(1, 4), units=8, cell=cell))


NETWORKS: Mapping[str, tuple[Task, Any, Callable[[], Any]]] = {
    "trajectory": (Task.FORECASTER, TRACKS, lambda: paths(ForecasterNetwork(units=8, hidden=12), TRACKS)),
    "series": (Task.SERIES, SERIES, lambda: readings("gru")),
    "lstm": (Task.SERIES, SERIES, lambda: readings("lstm")),
    "dense": (
        Task.AUTOENCODER,
        READINGS,
        lambda: autoencoder(READINGS, AutoencoderNetwork(samples=8, units=8, embedding=4)),
    ),
    "recurrent": (
        Task.AUTOENCODER,
        READINGS,
        lambda: autoencoder(READINGS, AutoencoderNetwork(samples=8, kind="recurrent", units=8, embedding=4)),
    ),
    "classifier": (
        Task.CLASSIFIER,
        PICTURE,
        lambda: finished(classifier(Architecture(3, 32, "mobilenet_v1", 0.25, 16)), 1.0),
    ),
}


def taken_apart(kind: str) -> tuple[Pupil, Any]:
    """A network as it learns on a device, and the Keras network of what learns."""
    keras.utils.set_random_seed(3)
    task, window, make = NETWORKS[kind]
    whole = make()
    if task is not Task.CLASSIFIER:
        return sequence_pupil(whole, HEADS[task], window), whole
    pupil = classifier_pupil(whole, 2, None)
    given = keras.Input((16,))
    head = keras.layers.Dense(5)
    learns = keras.Model(given, {"logits": head(given)})
    head.set_weights(pupil.first)
    return pupil, learns


def file_of(pupil: Pupil, kind: str, settings: TrainableSettings, folder: Path) -> Path:
    task, window, _ = NETWORKS[kind]
    module = Learning(pupil, settings)
    save_learning(module, folder / "saved")
    wanted = expected(task) if task is Task.CLASSIFIER else expected_of(task)
    bare = checked_model(convert_learning(folder / "saved", rounded=False), wanted)
    plain = Manifest(task, pupil.head, kind, "1", "", window, {}, "none", Calibration("", 0), "", "")
    manifest = told(plain, settings, Answer(pupil.size, module.state_size, 0))
    write_model(folder / "m.tflite", bare, manifest, ("x", "y", "z") if task is Task.CLASSIFIER else ())
    return folder / "m.tflite"


def batches(pupil: Pupil, count: int) -> list[dict[str, F32]]:
    """What is to be learnt follows from the input; some of it is not known."""
    random, made = np.random.default_rng(4), []
    for _ in range(count):
        batch = {
            name: random.normal(0, 0.6, (BATCH, *shape)).astype(np.float32) for name, shape in pupil.targets.items()
        }
        batch["known"] = (random.random(batch["known"].shape) < 0.8).astype(np.float32)
        if pupil.head is Head.CLASSIFIER:
            batch["target"] = np.eye(5, dtype=np.float32)[(batch["embedding"][:, :2] > 0).sum(axis=1)]
        elif "future" in batch:
            batch["future"] = 0.1 * batch["future"] + batch[TARGETS[pupil.head][0]].mean()
        made.append(batch)
    return made


class Taught:
    """A Keras network under its own optimiser."""

    def __init__(self, model: Any, head: Head, optimizer: Any) -> None:
        self._model, self._loss, self._optimizer = model, loss_of(head, TrainableSettings().paths), optimizer
        self._step = tf.function(self._stepped)

    def gradient(self, batch: Mapping[str, F32]) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            loss = self._loss(self._model(next(iter(batch.values())), training=False), batch)
        values = [one.value for one in self._model.trainable_variables]
        return loss, tape.gradient(loss, values, unconnected_gradients="zero")

    def train(self, batch: Mapping[str, F32]) -> float:
        return float(self._step({name: tf.constant(one) for name, one in batch.items()}))

    def _stepped(self, batch: Mapping[str, Any]) -> Any:
        loss, gradients = self.gradient(batch)
        self._optimizer.apply(gradients, self._model.trainable_variables)
        return loss


@pytest.mark.parametrize("kind", NETWORKS)
def test_it_learns_as_keras_does(tmp_path: Path, kind: str) -> None:
    pupil, model = taken_apart(kind)
    path = file_of(pupil, kind, TrainableSettings(batch=BATCH, clip=CLIP, rate=RATE), tmp_path)
    given = batches(pupil, 100)
    taught = Taught(model, pupil.head, keras.optimizers.Adam(RATE, global_clipnorm=CLIP))
    _, wanted = taught.gradient(given[0])
    first, _ = tf.clip_by_global_norm(wanted, CLIP)
    with open_trainable(read_bundle(path), RuntimeSettings(threads=1)) as runtime:
        assert (runtime.weights().weights == pupil.flat()).all()
        found = [runtime.train(given[0], RATE)]
        gradient = runtime.weights().optimizer[: pupil.size] / np.float32(0.1)  # the first moment, after one step
        found += [runtime.train(batch, RATE) for batch in given[1:]]
        learnt = runtime.weights()
    flat = np.concatenate([np.asarray(one).reshape(-1) for one in first])
    assert np.abs(gradient - flat).max() <= 1e-5 * np.abs(flat).max()
    losses = np.array([taught.train(batch) for batch in given])
    off = np.abs(np.array(found) - losses) / np.maximum(np.abs(losses), 1.0)
    assert off[:50].max() <= 1e-5
    assert off.max() <= 1e-3
    assert losses[-10:].mean() < losses[:10].mean()
    kept = np.concatenate([one.numpy().reshape(-1) for one in model.trainable_variables])
    assert np.abs(learnt.weights - kept).max() < 1e-3
    assert learnt.optimizer[-1] == 100


def test_descent_with_momentum_does_too(tmp_path: Path) -> None:
    pupil, model = taken_apart("dense")
    settings = TrainableSettings(batch=BATCH, clip=0.0, optimizer=Optimizer.SGD)
    path, given = file_of(pupil, "dense", settings, tmp_path), batches(pupil, 60)
    taught = Taught(model, pupil.head, keras.optimizers.SGD(0.02, momentum=0.9))
    bundle = read_bundle(path)
    assert bundle.trainable is not None
    assert (bundle.trainable.optimizer, bundle.trainable.state) == (Optimizer.SGD, pupil.size)
    with open_trainable(bundle, RuntimeSettings(threads=1)) as runtime:
        found = [runtime.train(batch, 0.02) for batch in given]
    assert found == pytest.approx([taught.train(batch) for batch in given], abs=1e-5)


def test_it_says_what_the_network_says_with_what_it_has_learnt(tmp_path: Path) -> None:
    pupil, model = taken_apart("series")
    bundle = read_bundle(file_of(pupil, "series", TrainableSettings(batch=BATCH), tmp_path))
    window = np.random.default_rng(1).normal(size=(1, 8, 2)).astype(np.float32)
    with open_trainable(bundle, RuntimeSettings(threads=1)) as runtime:
        for batch in batches(pupil, 5):
            runtime.train(batch, 0.01)
        said, learnt = runtime.invoke(window), runtime.weights().weights
    sizes = np.cumsum([one.size for one in pupil.first])[:-1]
    for variable, part in zip(model.trainable_variables, np.split(learnt, sizes), strict=True):
        variable.assign(part.reshape(variable.shape))
    wanted = model(window, training=False)
    for spec, one in zip(bundle.outputs, said, strict=True):
        assert one == pytest.approx(wanted[spec.name].numpy(), abs=1e-5)


def test_a_spare_class_is_never_said_until_it_is_taught(tmp_path: Path) -> None:
    pupil, _ = taken_apart("classifier")
    bundle = read_bundle(file_of(pupil, "classifier", TrainableSettings(batch=BATCH), tmp_path))
    assert bundle.labels == ("x", "y", "z", "", "")
    assert pupil.first[1].tolist()[3:] == [UNTAUGHT, UNTAUGHT]
    picture = np.random.default_rng(1).uniform(-1, 1, bundle.input.tensor.shape).astype(np.float32)
    with open_trainable(bundle, RuntimeSettings(threads=1)) as runtime:
        before, embedding = runtime.invoke(picture)
        taught = {"embedding": np.repeat(embedding, BATCH, axis=0), "known": np.ones(BATCH, np.float32)}
        taught["target"] = np.tile(np.eye(5, dtype=np.float32)[3], (BATCH, 1))
        for _ in range(400):
            runtime.train(taught, 0.1)
        after, _ = runtime.invoke(picture)
    assert before[0, 3:].max() < 1e-7
    assert after[0].argmax() == 3
    assert after[0, 4] < 1e-7
