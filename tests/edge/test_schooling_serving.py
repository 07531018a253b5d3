"""Which weights serve at the start, and when the learner says so; what cannot be read does not."""

import time
from pathlib import Path

import numpy as np

from edge.contracts.trainable import Weights
from edge.contracts.types import Head
from edge.learning.checkpoint import ENDING, Checkpoint
from edge.learning.shelf import FILE, Shelf
from edge.learning.standing import EXPORTED, Standing
from edge.schooling.serving import Serving
from edge.schooling.taught import Taught
from tests.rigs.trainee import LinearTrainee, learning_bundle


def shelf_of(folder: Path, taught: Taught) -> Shelf:
    return Shelf(folder / "yard", taught.bundle.sha256, Head.TRAJECTORY, len(taught.exported.weights))


def put(folder: Path, taught: Taught, value: float, *, serves: bool = True) -> str:
    """Weights on disk; their name."""
    weights = np.full_like(taught.exported.weights, value)
    made = Checkpoint(taught.bundle.sha256, Head.TRAJECTORY, Weights(weights, weights), 10, 5, 1e9, {})
    shelf = shelf_of(folder, taught)
    name = shelf.put(made)
    if serves:
        shelf.write(Standing(serving=name))
    return name


def begun(folder: Path, sha256: str = "a" * 64) -> tuple[Serving, Taught]:
    taught = Taught(LinearTrainee(learning_bundle(sha256=sha256)))
    serving = Serving(folder, {"yard": taught})
    serving.begin()
    return serving, taught


def test_nothing_was_learnt(tmp_path: Path) -> None:
    serving, taught = begun(tmp_path)
    assert (taught.served, serving.trouble, serving.since_utc_ns) == (EXPORTED, {"yard": ""}, {"yard": 0})
    serving.base()
    serving.follow("yard", EXPORTED)
    assert taught.wanted == EXPORTED


def test_what_served_before_serves_again(tmp_path: Path) -> None:
    _, taught = begun(tmp_path)
    name = put(tmp_path, taught, 0.25)
    serving, again = begun(tmp_path)
    assert (again.served, serving.since_utc_ns["yard"]) == (name, int(1e18))


def test_damaged_weights_do_not_serve(tmp_path: Path) -> None:
    _, taught = begun(tmp_path)
    name = put(tmp_path, taught, 0.25)
    path = tmp_path / "yard" / (name + ENDING)
    path.write_bytes(path.read_bytes()[:-40] + bytes(40))
    serving, again = begun(tmp_path)
    assert again.served == EXPORTED
    serving.follow("yard", name)
    assert (again.wanted, bool(serving.trouble["yard"])) == (EXPORTED, True)


def test_what_a_newer_program_wrote_does_not_serve(tmp_path: Path) -> None:
    _, taught = begun(tmp_path)
    put(tmp_path, taught, 0.25)
    standing = tmp_path / "yard" / FILE
    standing.write_text(standing.read_text().replace('"version": 1', '"version": 99'))
    serving, again = begun(tmp_path)
    assert again.served == EXPORTED
    assert "newer" in serving.trouble["yard"]


def test_what_was_learnt_on_another_model_does_not_serve(tmp_path: Path) -> None:
    _, taught = begun(tmp_path)
    put(tmp_path, taught, 0.25)
    _, other = begun(tmp_path, "b" * 64)
    assert other.served == EXPORTED


def test_it_follows_the_learner_between_two_looks(tmp_path: Path) -> None:
    serving, taught = begun(tmp_path)
    before_ns = time.time_ns()
    name = put(tmp_path, taught, 0.25, serves=False)
    serving.follow("yard", name)
    assert (taught.served, taught.wanted) == (EXPORTED, name)
    taught.turn()
    assert taught.served == name
    assert serving.since_utc_ns["yard"] >= before_ns
    serving.follow("yard", "f" * 64)  # gone already: the learner will say what serves now
    assert taught.wanted == name
    serving.base()
    taught.turn()
    assert taught.served == EXPORTED
