"""Which weights serve at the start, and when the learner says so; what cannot be read does not."""

import time
from pathlib import Path

import numpy as np

from edge.contracts.trainable import Weights
from edge.contracts.types import Head
from edge.learners.adaptive import AdaptiveModel
from edge.learners.serving import Serving
from edge.learning.checkpoint import ENDING, Checkpoint
from edge.learning.shelf import FILE, Shelf
from edge.learning.standing import EXPORTED, Standing
from tests.rigs.trainee import LinearTrainee, learning_bundle


def shelf_of(folder: Path, model: AdaptiveModel) -> Shelf:
    return Shelf(folder / "yard", model.bundle.sha256, Head.TRAJECTORY, [len(model.exported.weights)])


def put(folder: Path, model: AdaptiveModel, value: float, *, serves: bool = True) -> str:
    """Weights on disk; their name."""
    weights = np.full_like(model.exported.weights, value)
    made = Checkpoint(model.bundle.sha256, Head.TRAJECTORY, Weights(weights, weights), 10, 5, 1e9, {"limit": value})
    shelf = shelf_of(folder, model)
    name = shelf.put(made)
    if serves:
        shelf.write(Standing(serving=name))
    return name


def begun(folder: Path, sha256: str = "a" * 64) -> tuple[Serving, AdaptiveModel]:
    model = AdaptiveModel(LinearTrainee(learning_bundle(sha256=sha256)))
    serving = Serving(folder, {"yard": model})
    serving.begin()
    return serving, model


def test_nothing_was_learnt(tmp_path: Path) -> None:
    serving, model = begun(tmp_path)
    assert (model.served, serving.trouble, serving.since_utc_ns) == (EXPORTED, {"yard": ""}, {"yard": 0})
    serving.base()
    serving.follow("yard", EXPORTED)
    assert model.wanted == EXPORTED


def test_what_served_before_serves_again(tmp_path: Path) -> None:
    _, model = begun(tmp_path)
    name = put(tmp_path, model, 0.25)
    serving, again = begun(tmp_path)
    assert (again.served, serving.since_utc_ns["yard"]) == (name, int(1e18))
    assert again.scores == {"limit": 0.25}


def test_damaged_weights_do_not_serve(tmp_path: Path) -> None:
    _, model = begun(tmp_path)
    name = put(tmp_path, model, 0.25)
    path = tmp_path / "yard" / (name + ENDING)
    path.write_bytes(path.read_bytes()[:-40] + bytes(40))
    serving, again = begun(tmp_path)
    assert again.served == EXPORTED
    serving.follow("yard", name)
    assert (again.wanted, bool(serving.trouble["yard"])) == (EXPORTED, True)


def test_what_a_newer_program_wrote_does_not_serve(tmp_path: Path) -> None:
    _, model = begun(tmp_path)
    put(tmp_path, model, 0.25)
    standing = tmp_path / "yard" / FILE
    standing.write_text(standing.read_text().replace('"version": 1', '"version": 99'))
    serving, again = begun(tmp_path)
    assert again.served == EXPORTED
    assert "newer" in serving.trouble["yard"]


def test_a_trouble_is_over_when_the_learner_says_what_serves(tmp_path: Path) -> None:
    _, model = begun(tmp_path)
    put(tmp_path, model, 0.25)
    standing = tmp_path / "yard" / FILE
    standing.write_text(standing.read_text().replace('"version": 1', '"version": 99'))
    serving, _ = begun(tmp_path)
    assert serving.trouble["yard"]
    serving.follow("yard", "f" * 64)
    assert "f" * 12 in serving.trouble["yard"]
    serving.follow("yard", EXPORTED)  # as it is already
    assert serving.trouble["yard"] == ""


def test_what_was_learnt_on_another_model_does_not_serve(tmp_path: Path) -> None:
    _, model = begun(tmp_path)
    put(tmp_path, model, 0.25)
    _, other = begun(tmp_path, "b" * 64)
    assert other.served == EXPORTED


def test_it_follows_the_learner_between_two_looks(tmp_path: Path) -> None:
    serving, model = begun(tmp_path)
    before_ns = time.time_ns()
    name = put(tmp_path, model, 0.25, serves=False)
    serving.follow("yard", name)
    assert (model.served, model.wanted) == (EXPORTED, name)
    model.turn()
    assert model.served == name
    assert serving.since_utc_ns["yard"] >= before_ns
    serving.follow("yard", "f" * 64)  # gone already: the learner will say what serves now
    assert model.wanted == name
    serving.base()
    model.turn()
    assert model.served == EXPORTED
