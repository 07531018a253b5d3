"""Networks of sequences become files that the daemon reads, and that compute what the network computes."""

from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.manifest import Calibration, Task
from edge.contracts.types import F32
from edge.contracts.window_rules import OUTPUTS
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from tests.trainer.small_sequences import MOTION, NETWORKS, described
from tests.trainer.tensor import tensorflow

tf = tensorflow()

import keras  # noqa: E402

from trainer.errors import TrainError  # noqa: E402
from trainer.export.variant import Variant  # noqa: E402
from trainer.sequences.convert import convert_sequence  # noqa: E402
from trainer.sequences.networks import load_sequence, save_sequence  # noqa: E402
from trainer.sequences.trained import SequenceTrained, read_sequence  # noqa: E402

METRICS = {"test": {"ade": 0.25}}


def windows(model: object, count: int) -> F32:
    shape = tuple(model.inputs[0].shape)[1:]  # type: ignore[attr-defined]
    return np.random.default_rng(3).normal(size=(count, *shape)).astype(np.float32)


def off(trained: SequenceTrained, path: Path) -> float:
    """How far the file is off the network, in shares of the spread of its worst output."""
    network, bundle = load_sequence(trained), read_bundle(path)
    fed = windows(network, bundle.input.tensor.shape[0] * 16).reshape(-1, *bundle.input.tensor.shape)
    worst = 0.0
    with open_runtime(bundle, RuntimeSettings(threads=1)) as runtime:
        given = [runtime.invoke(tensor) for tensor in fed]
    for place, spec in enumerate(bundle.outputs):
        wanted = np.stack([network(tensor)[spec.name] for tensor in fed])
        file = np.stack([outputs[place] for outputs in given])
        worst = max(worst, float(np.abs(wanted - file).mean() / wanted.std()))
    return worst


@pytest.mark.parametrize(
    ("kind", "variant", "most"),
    [
        ("series", Variant.FLOAT32, 1e-5),
        ("motion", Variant.FLOAT16, 0.01),
        ("sound", Variant.DYNAMIC, 0.05),
        ("trajectory", Variant.INT8, 0.1),
        ("series", Variant.INT8, 0.1),
        ("autoencoder", Variant.INT8, 0.1),
    ],
)
def test_every_kind_and_every_variant_goes_through(tmp_path: Path, kind: str, variant: Variant, most: float) -> None:
    trained, model = described(tmp_path / "run", kind), NETWORKS[kind][-1]()
    save_sequence(model, trained)
    trained = read_sequence(tmp_path / "run")
    assert trained == described(tmp_path / "run", kind)
    out, fed = tmp_path / "new" / f"{kind}.tflite", windows(model, 258)
    told = convert_sequence(trained, variant, fed, out, metrics=METRICS, recipe="made up", timeout_s=900)
    bundle, manifest = read_bundle(out), read_manifest(out)
    assert manifest == told.manifest
    assert (manifest.metrics, manifest.recipe) == (METRICS, "made up")
    assert told.warnings == ()
    assert manifest.calibration == (Calibration("train", 258) if variant is Variant.INT8 else Calibration("", 0))
    assert (bundle.window, bundle.labels, bundle.name) == (trained.window, trained.labels, kind)
    assert tuple(spec.name for spec in bundle.outputs) == OUTPUTS[bundle.head]
    assert {spec.dtype for spec in (bundle.input.tensor, *bundle.outputs)} == {"float32"}
    assert bundle.input.tensor.shape == (trained.window.shape[0], *fed.shape[1:])
    assert off(trained, out) < most


def looped() -> keras.Model:
    given = keras.Input((MOTION.samples, 3))
    seen = keras.layers.GRU(4)(given)
    return keras.Model(given, {"embedding": seen, "probabilities": keras.layers.Softmax()(seen)})


def unnamed() -> keras.Model:
    given = keras.Input((MOTION.samples, 3))
    return keras.Model(given, keras.layers.Flatten()(given))


def misnamed() -> keras.Model:
    given = keras.Input((MOTION.samples, 3))
    return keras.Model(given, {"out": keras.layers.Flatten()(given)})


def open_ended() -> keras.Model:
    given = keras.Input((None, 3))
    seen = keras.layers.GlobalAveragePooling1D()(given)
    return keras.Model(given, {"embedding": seen, "probabilities": keras.layers.Softmax()(seen)})


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (looped, "unroll=True"),
        (unnamed, "no dict with names, and is to give probabilities, embedding"),
        (misnamed, "gives out, and is to give"),
        (open_ended, "fixed shape and the batch 1"),
    ],
)
def test_networks_that_cannot_be_served(tmp_path: Path, made: object, words: str) -> None:
    trained = SequenceTrained(tmp_path / "run", Task.SEQUENCE, "odd", ("a", "b", "c", "d"), MOTION)
    with pytest.raises(TrainError, match=words):
        save_sequence(made(), trained)  # type: ignore[operator]
    assert not trained.folder.exists()
