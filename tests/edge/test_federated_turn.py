"""A device's part of a round, on a real file that learns and real samples on disk."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ConfigError, MessageError
from edge.contracts.federated import Answer, Ask, Outcome
from edge.contracts.stored import Stored
from edge.contracts.trainable import Weights
from edge.contracts.types import F32
from edge.federated.programs import environment, require_flower
from edge.federated.subjects import subjects
from edge.federated.turn import Manner, judge, take_turn
from edge.learning.checkpoint import ENDING, Checkpoint, read_checkpoint, write_checkpoint
from edge.learning.offered import OFFERED, newest, read_offered
from edge.learning.sample import joined
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.rigs.learning_model import learning_paths
from tests.rigs.strollers import samples
from tests.rigs.together import Together, filled
from tests.rigs.trainee import WINDOW
from trainer.federated.averaging import Terms
from trainer.federated.rounds import Course, conduct

HOW = Manner(rate=0.1, epochs=4, margin=0.03)


@pytest.fixture
def trainee(tmp_path: Path) -> Iterator[TrainableRuntime]:
    path = learning_paths(tmp_path / "paths.tflite", WINDOW)
    with open_trainable(read_bundle(path), RuntimeSettings(threads=1)) as runtime:
        yield runtime


def site(folder: Path, trainee: TrainableRuntime, turns: dict[str, float]) -> Together:
    """Devices, each in a place where people turn in their own way; "" has seen nothing."""
    places = {}
    for seed, (name, turn) in enumerate(turns.items(), start=1):
        given = samples(count=4, seconds=75.0, turn=turn, seed=seed) if turn else []
        places[name] = filled(folder / name, trainee, given)
    return Together(trainee, trainee.weights().weights, places, HOW)


def asked(trainee: TrainableRuntime, weights: F32, *, learn: bool = True) -> Ask:
    return Ask(1, learn, True, 60.0, trainee.bundle.sha256, weights)


def test_a_device_that_has_seen_nothing_says_nothing(tmp_path: Path, trainee: TrainableRuntime) -> None:
    village = site(tmp_path, trainee, {"a": 0.0})
    found = village.turn("a", asked(trainee, village.exported))
    assert (found.outcome, found.samples, len(found.change)) == (Outcome.TOO_LITTLE, 0, 0)
    assert (found.tried.samples, found.taken) == (0, 0)


def test_learns_and_tells_only_weights_and_counts(tmp_path: Path, trainee: TrainableRuntime) -> None:
    village = site(tmp_path, trainee, {"a": 0.4})
    found: Answer = village.turn("a", asked(trainee, village.exported))
    assert (found.outcome, found.samples > 100) == (Outcome.LEARNT, True)
    assert (found.change.shape, found.change.dtype.name) == (village.exported.shape, "float32")
    assert found.tried.given == found.tried.base > 0
    assert found.taken == 0  # what the model file holds is no news
    better = village.held_errors((village.exported + found.change).astype(np.float32)).mean()
    assert better < 0.8 * village.held_errors(village.exported).mean()


def test_takes_what_is_better_as_its_candidate_and_nothing_else(tmp_path: Path, trainee: TrainableRuntime) -> None:
    village = site(tmp_path, trainee, {"a": 0.4, "b": -0.4})
    learnt = (village.exported + village.turn("a", asked(trainee, village.exported)).change).astype(np.float32)
    answers = {name: village.turn(name, asked(trainee, learnt, learn=False)) for name in "ab"}
    assert {name: (one.taken, one.samples) for name, one in answers.items()} == {"a": (1, 0), "b": (0, 0)}
    kept = {name: list((village.learning[name] / "yard" / OFFERED).glob(f"*{ENDING}")) for name in "ab"}
    assert [len(kept[name]) for name in "ab"] == [1, 0]
    bundle = trainee.bundle
    stored = read_checkpoint(kept["a"][0].parent, kept["a"][0].stem, bundle.sha256, bundle.head)
    assert np.array_equal(stored.weights.weights, learnt)
    assert stored.scores["candidate"] < stored.scores["base"]
    found = newest(village.learning["a"] / "yard")
    assert found is not None
    assert np.array_equal(read_offered(found, bundle), learnt)


def test_what_is_only_tried_is_not_taken(tmp_path: Path, trainee: TrainableRuntime) -> None:
    village = site(tmp_path, trainee, {"a": 0.4})
    learnt = (village.exported + village.turn("a", asked(trainee, village.exported)).change).astype(np.float32)
    found = village.turn("a", replace(asked(trainee, learnt, learn=False), offered=False))
    assert (found.outcome, found.taken) == (Outcome.UNASKED, 0)
    assert found.tried.given < found.tried.base
    assert not (village.learning["a"] / "yard" / OFFERED).exists()


def test_says_that_time_was_too_short(tmp_path: Path, trainee: TrainableRuntime) -> None:
    village = site(tmp_path, trainee, {"a": 0.4})
    own = subjects(village.learning["a"], trainee.bundle, village.exported)
    found = take_turn(trainee, village.exported, own, asked(trainee, village.exported), HOW, lambda: False)
    assert (found.outcome, found.samples, len(found.change)) == (Outcome.TOO_LATE, 0, 0)
    assert found.tried.samples > 0


def test_what_was_before_is_not_forgotten_though_nothing_stands_for_it_yet(
    tmp_path: Path, trainee: TrainableRuntime
) -> None:
    """First everyone walked nearly straight, now all turn: weights for the turn alone would spoil the first."""
    village = site(tmp_path, trainee, {"bend": 0.6, "street": 0.05})
    bend, street = (subjects(path, trainee.bundle, village.exported)[0] for path in village.learning.values())
    learnt = village.exported
    for _ in range(3):
        learnt = (learnt + village.turn("bend", asked(trainee, learnt)).change).astype(np.float32)
    learnt = (village.exported + np.float32(0.2) * (learnt - village.exported)).astype(np.float32)
    nobody = bend.held_old[np.zeros(len(bend.held_old), bool)]
    early = replace(street.held, begin_s=street.held.begin_s - 1e6)
    own = replace(bend, held=joined(early, bend.held), held_old=nobody)
    found = judge(trainee, village.exported, own, learnt)
    assert found is not None
    assert found[0].over_base.low > HOW.margin
    assert (found[0].over_old.samples, found[0].passes(HOW.margin)) == (len(early), False)


def test_is_not_led_by_what_serves_elsewhere(tmp_path: Path, trainee: TrainableRuntime) -> None:
    """What comes must be better than what serves here, not only than the model file."""
    village = site(tmp_path, trainee, {"a": 0.4})
    learnt = (village.exported + village.turn("a", asked(trainee, village.exported)).change).astype(np.float32)
    folder, bundle = village.learning["a"] / "yard", trainee.bundle
    weights = Weights(learnt, np.zeros_like(trainee.weights().optimizer))
    name = write_checkpoint(folder, Checkpoint(bundle.sha256, bundle.head, weights, 1, 1, 0.0))
    Stored(folder / "standing.json").write({"base_sha256": bundle.sha256, "serving": name})
    found = village.turn("a", asked(trainee, (learnt * np.float32(0.99)).astype(np.float32), learn=False))
    assert found.tried.serving < found.tried.base
    assert found.taken == 0


def test_refuses_weights_for_another_model(tmp_path: Path, trainee: TrainableRuntime) -> None:
    village = site(tmp_path, trainee, {"a": 0.0})
    ask = asked(trainee, village.exported)
    for bad in (replace(ask, base_sha256="b" * 64), replace(ask, weights=village.exported[:-1])):
        with pytest.raises(MessageError, match="give both the same file"):
            village.turn("a", bad)


def test_samples_for_another_model_are_left_alone(tmp_path: Path, trainee: TrainableRuntime) -> None:
    village = site(tmp_path, trainee, {"a": 0.4})
    other = learning_paths(tmp_path / "other.tflite", replace(WINDOW, horizons_s=(1.0, 2.0, 3.0)))
    assert subjects(village.learning["a"], read_bundle(other), village.exported) == []
    assert len(subjects(village.learning["a"], trainee.bundle, village.exported)) == 1


def test_the_average_beats_what_each_learns_alone(tmp_path: Path, trainee: TrainableRuntime) -> None:
    village = site(tmp_path, trainee, {"left": 0.5, "right": -0.5, "straight": 0.1})
    village.how = replace(HOW, epochs=1)
    course, sha256 = Course(rounds=5, patience_s=0.0, expected=1), trainee.bundle.sha256

    def learnt(fleet: Together) -> float:
        found = conduct(fleet, village.exported, sha256, course, Terms(minimum=1), lambda *_: None)
        return float(village.held_errors(found).mean())

    alone = [learnt(replace(village, learning={name: path})) for name, path in village.learning.items()]
    assert learnt(village) < min(alone)


def test_says_how_to_install_flower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"foresight-edge\[federated\]"):
        require_flower()


def test_flower_does_not_call_home(tmp_path: Path) -> None:
    env = environment(tmp_path)
    assert (env["FLWR_TELEMETRY_ENABLED"], env["FLWR_DISABLE_UPDATE_CHECK"]) == ("0", "1")
    assert env["FLWR_HOME"].startswith(str(tmp_path))
    assert env["PATH"].startswith(str(tmp_path / "bin"))
    assert "federated.programs flwr-clientapp" in (tmp_path / "bin" / "flwr-clientapp").read_text()
