"""Models that learn, run for real: they learn, what they learnt can be taken and given, and bad files are refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.errors import ModelError
from edge.contracts.manifest import FILE_NAME, encode_manifest
from edge.contracts.track_windows import input_shape
from edge.contracts.trainable import (
    GET_WEIGHTS,
    INFER,
    SET_WEIGHTS,
    TARGETS,
    TRAIN,
    Optimizer,
    Trainable,
    Trainee,
    Weights,
)
from edge.contracts.types import F32, Head, ModelBundle
from edge.contracts.windows import Scaling, SeriesWindow, TrackWindow
from edge.runtime.canary import try_model
from edge.runtime.rehearsal import LEARNING
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from edge.runtime.trainable import open_trainable
from tests.rigs.learning_model import learning_classifier, learning_paths, learning_series
from tests.rigs.spoiled import with_files, with_graph

SETTINGS = RuntimeSettings(threads=1)
PATHS = TrackWindow(8, 6, 0.2, (0.5, 1.0), 1, ("person",), 0)
SERIES = SeriesWindow(("a", "b"), 8, 60.0, Scaling.FIXED, (0.0, 0.0), (1.0, 1.0), (1, 3))
LABELS = ("cat", "dog", "", "")
MADE: dict[Head, Callable[[Path], Path]] = {
    Head.TRAJECTORY: lambda path: learning_paths(path, PATHS),
    Head.SERIES: lambda path: learning_series(path, SERIES),
    Head.CLASSIFIER: lambda path: learning_classifier(path, LABELS),
}
INNER: dict[Head, tuple[tuple[int, ...], ...]] = {
    Head.TRAJECTORY: (input_shape(PATHS)[1:], (2, 2), (2,)),
    Head.SERIES: ((8, 2), (2, 2), (2, 2)),
    Head.CLASSIFIER: ((3,), (4,), ()),
}


def made(folder: Path, head: Head = Head.TRAJECTORY) -> ModelBundle:
    return read_bundle(MADE[head](folder / "m.tflite"))


def said(bundle: ModelBundle, trainable: Trainable | None) -> ModelBundle:
    """The same model with something else in its manifest."""
    manifest = read_manifest(bundle.path)
    assert manifest is not None
    told = encode_manifest(replace(manifest, trainable=trainable))
    return read_bundle(with_files(bundle.path, bundle.path, lambda files: {**files, FILE_NAME: told}))


def batch(head: Head = Head.TRAJECTORY, seed: int = 1, unknown: int = 0) -> dict[str, F32]:
    """16 samples whose target follows from the first numbers of the input; the last ones are not known."""
    random = np.random.default_rng(seed)
    first, target, known = (np.zeros((16, *shape), np.float32) for shape in INNER[head])
    first[:] = random.normal(0, 1, first.shape)
    flat = target.reshape(16, -1)
    if head is Head.CLASSIFIER:
        target[np.arange(16), (first[:, 0] > 0).astype(int)] = 1
    else:
        flat[:] = 0.5 * first.reshape(16, -1)[:, : flat.shape[1]]
    known[:] = 1
    known[16 - unknown :] = 0
    return dict(zip(TARGETS[head], (first, target, known), strict=True))


@pytest.mark.parametrize("head", MADE)
def test_it_learns(tmp_path: Path, head: Head) -> None:
    bundle = made(tmp_path, head)
    with open_trainable(bundle, SETTINGS) as runtime:
        as_seen_by_learners: Trainee = runtime
        losses = [as_seen_by_learners.train(batch(head, seed), 0.02) for seed in range(200)]
        assert np.mean(losses[-10:]) < 0.5 * losses[0]
        assert (runtime.name, runtime.delegate) == ("ai_edge_litert", "xnnpack")
        assert runtime.trainable == bundle.trainable


def test_it_answers_by_what_it_has_learnt_now(tmp_path: Path) -> None:
    bundle = made(tmp_path)
    tensor = np.random.default_rng(2).normal(size=bundle.input.tensor.shape).astype(np.float32)
    with open_trainable(bundle, SETTINGS) as runtime, open_runtime(bundle, SETTINGS) as ordinary:
        before, plain = runtime.invoke(tensor), ordinary.invoke(tensor)
        runtime.train(batch(), 0.1)
        after = runtime.invoke(tensor)
    assert [spec.name for spec in bundle.outputs] == ["logit", "mean", "log_sigma"]
    assert [one.shape for one in before] == [spec.shape for spec in bundle.outputs]
    assert all((one == other).all() for one, other in zip(before, plain, strict=True))
    assert not (before[1] == after[1]).all()


def test_weights_come_and_go_bit_by_bit(tmp_path: Path) -> None:
    with open_trainable(made(tmp_path), SETTINGS) as runtime:
        first = runtime.weights()
        losses = [runtime.train(batch(seed=seed), 0.05) for seed in range(5)]
        learnt = runtime.weights()
        more = [runtime.train(batch(seed=seed), 0.05) for seed in range(5)]
        assert first.weights.tolist() == [0.0] * runtime.trainable.weights
        assert len(first.optimizer) == runtime.trainable.state
        runtime.set_weights(first)
        assert [runtime.train(batch(seed=seed), 0.05) for seed in range(5)] == losses
        runtime.set_weights(learnt)
        found = runtime.weights()
        assert (found.weights == learnt.weights).all()
        assert (found.optimizer == learnt.optimizer).all()
        assert [runtime.train(batch(seed=seed), 0.05) for seed in range(5)] == more


def test_what_is_not_known_teaches_nothing(tmp_path: Path) -> None:
    some, same = batch(unknown=4), batch(unknown=4)
    same["future"][12:] = 100.0
    same["tracks"][12:] = -3.0
    found = []
    for one in (some, same):
        with open_trainable(made(tmp_path), SETTINGS) as runtime:
            runtime.train(one, 0.1)
            found.append(runtime.weights().weights)
    assert (found[0] == found[1]).all()


def without(name: str) -> dict[str, F32]:
    return {key: values for key, values in batch().items() if key != name}


@pytest.mark.parametrize(
    "given",
    [
        {},
        without("known"),
        {**batch(), "more": np.zeros(16, np.float32)},
        {**batch(), "known": np.zeros((8, 2), np.float32)},
        {**batch(), "known": np.zeros((16, 2))},
    ],
)
def test_a_batch_that_does_not_fit_is_refused(tmp_path: Path, given: dict[str, Any]) -> None:
    with open_trainable(made(tmp_path), SETTINGS) as runtime:
        before = runtime.weights()
        with pytest.raises(ModelError, match="its train takes future"):
            runtime.train(given, 0.1)
        assert (runtime.weights().weights == before.weights).all()
        assert np.isfinite(runtime.train(batch(), 0.1))


def test_a_picture_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with open_trainable(made(tmp_path), SETTINGS) as runtime, pytest.raises(ModelError, match="its infer takes tracks"):
        runtime.invoke(np.zeros((3, 6, 12), np.float32))


def test_a_loss_that_is_no_number_is_said_and_can_be_undone(tmp_path: Path) -> None:
    spoiled = batch()
    spoiled["future"][0] = np.nan
    with open_trainable(made(tmp_path), SETTINGS) as runtime:
        before = runtime.weights()
        with pytest.raises(ModelError, match="the loss is nan; set its weights again"):
            runtime.train(spoiled, 0.1)
        runtime.set_weights(before)
        assert np.isfinite(runtime.train(batch(), 0.1))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda w: Weights(w.weights[:-1], w.optimizer), "its set_weights takes optimizer"),
        (lambda w: Weights(w.weights, np.zeros(0, np.float32)), "its set_weights takes optimizer"),
        (lambda w: Weights(w.weights.astype(np.float64), w.optimizer), "its set_weights takes optimizer"),
        (lambda w: Weights(np.full_like(w.weights, np.nan), w.optimizer), "the weights given to it hold"),
        (lambda w: Weights(w.weights, np.full_like(w.optimizer, np.inf)), "the optimizer given to it hold"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tmp_path: Path, change: Callable[[Weights], Weights], complaint: str
) -> None:
    with open_trainable(made(tmp_path), SETTINGS) as runtime:
        runtime.train(batch(), 0.1)
        before = runtime.weights()
        with pytest.raises(ModelError, match=complaint):
            runtime.set_weights(change(before))
        assert (runtime.weights().weights == before.weights).all()


def test_closed_is_closed(tmp_path: Path) -> None:
    runtime = open_trainable(made(tmp_path), SETTINGS)
    runtime.close()
    runtime.close()
    for call in (runtime.weights, lambda: runtime.train(batch(), 0.1), lambda: runtime.invoke(np.zeros(1))):
        with pytest.raises(ModelError, match="was closed; open it again"):
            call()


def test_a_model_that_does_not_learn_is_refused(tmp_path: Path) -> None:
    bundle = said(made(tmp_path), None)
    assert bundle.trainable is None
    with pytest.raises(ModelError, match="does not learn; export it with --trainable"):
        open_trainable(bundle, SETTINGS)


COUNT = 12 * 6 * 4 + 4
LEARNS = Trainable(16, COUNT, Optimizer.SGD, COUNT, 0.05)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"weights": 10}, r"gives optimizer \[292\] float32, weights \[292\] float32 where its manifest says"),
        ({"state": 0}, "where its manifest says"),
        ({"batch": 32}, r"takes future \[16, 2, 2\] .* where its manifest says future \[32, 2, 2\]"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, changed: dict[str, Any], complaint: str) -> None:
    bundle = made(tmp_path)
    assert bundle.trainable == LEARNS
    with pytest.raises(ModelError, match=complaint):
        open_trainable(said(bundle, replace(LEARNS, **changed)), SETTINGS)


def test_a_file_without_its_signatures_is_refused(tmp_path: Path) -> None:
    def silence(model: Any, _graph: Any) -> None:
        model.signatureDefs = [one for one in model.signatureDefs if one.signatureKey != b"train"]

    bundle = made(tmp_path)
    with pytest.raises(ModelError, match="is to learn and has no train; export it again"):
        open_trainable(read_bundle(with_graph(bundle.path, bundle.path, silence)), SETTINGS)


def test_first_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    spoiled = np.zeros(COUNT, np.float32)
    spoiled[7] = np.nan
    path = learning_paths(tmp_path / "m.tflite", PATHS, weights=spoiled)
    with pytest.raises(ModelError, match="its first weights are no numbers"):
        open_trainable(read_bundle(path), SETTINGS)


def test_the_trial_knows_the_same_names() -> None:
    assert set(LEARNING) == {INFER, TRAIN, GET_WEIGHTS, SET_WEIGHTS}


@pytest.mark.parametrize("head", MADE)
def test_it_passes_its_trial(tmp_path: Path, head: Head) -> None:
    try_model(made(tmp_path, head), RuntimeSettings(threads=1, trial_deadline_s=120), tmp_path / "state")


def test_classes_that_can_be_added_have_no_name_yet(tmp_path: Path) -> None:
    assert made(tmp_path, Head.CLASSIFIER).labels == LABELS
