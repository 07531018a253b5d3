"""Rounds with devices that answer, do not answer, or answer nonsense."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.federated import NOTHING, Answer, Ask, Tried
from edge.contracts.trainable import Weights
from edge.contracts.types import F32
from edge.learning.checkpoint import Checkpoint, write_checkpoint
from tests.rigs.trainee import learning_bundle
from trainer.errors import TrainError
from trainer.federated.averaging import Terms
from trainer.federated.plan import Plan, beginning
from trainer.federated.record import pooled
from trainer.federated.rounds import Course, Round, conduct

SHA = "a" * 64
FIRST = np.array([1.0, 2.0], np.float32)
SOON = Course(rounds=2, deadline_s=1.0, patience_s=0.0)
TRIED = Tried(10, 0.5, 0.6, 0.7)


@dataclass
class Village:
    """Devices that say what they are told to say, round by round; the last word is said again."""

    words: Mapping[str, list[Answer | str | None]]
    asked: list[Ask] = field(default_factory=list)
    awaited: list[list[str]] = field(default_factory=list)

    def devices(self) -> Sequence[str]:
        return list(self.words)

    def ask(self, devices: Sequence[str], ask: Ask, awaited: Container[str]) -> Mapping[str, Answer | str]:
        self.asked.append(ask)
        self.awaited.append([device for device in devices if device in awaited])
        said = {device: self.words[device][min(ask.round, len(self.words[device])) - 1] for device in devices}
        return {device: word for device, word in said.items() if word is not None}


def moves(*change: float, samples: int = 50) -> Answer:
    return Answer(samples, np.array(change, np.float32), TRIED, 1)


def lived(village: Village, course: Course = SOON) -> tuple[F32, list[Round]]:
    rounds: list[Round] = []
    return conduct(village, FIRST, SHA, course, Terms(), lambda one, _: rounds.append(one)), rounds


@pytest.mark.parametrize("words", [{}, {"a": [moves(1, 1)]}], ids=["nobody", "one"])
def test_nothing_begins_with_too_few(words: dict[str, list[Answer | str | None]]) -> None:
    with pytest.raises(TrainError, match="devices came"):
        lived(Village(words))


def test_every_round_goes_on_from_the_one_before_and_the_last_is_only_tried() -> None:
    village = Village({"a": [moves(0.5, 0.0)], "b": [moves(0.0, 0.5)]})
    weights, rounds = lived(village)
    assert np.allclose(weights, [1.5, 2.5])
    assert [ask.weights.tolist() for ask in village.asked] == [[1.0, 2.0], [1.25, 2.25], [1.5, 2.5]]
    assert [ask.learn for ask in village.asked] == [True, True, False]
    assert [one.taken for one in rounds] == [2, 2, 2]
    assert FIRST.tolist() == [1.0, 2.0]


def test_goes_on_without_a_device_that_is_silent_and_does_not_wait_for_it_again() -> None:
    village = Village({"a": [moves(0.5, 0.0)], "b": [moves(0.5, 0.0)], "c": [None, None, moves(1.0, 1.0)]})
    weights, rounds = lived(village)
    assert np.allclose(weights, [2.0, 2.0])
    assert [dict(one.silent) for one in rounds][:2] == [{"c": "no answer within 1 s"}] * 2
    assert village.awaited == [["a", "b", "c"], ["a", "b"], ["a", "b"]]


def test_waits_for_everyone_where_nobody_answered() -> None:
    village = Village({"a": [None], "b": [None]})
    weights, _ = lived(village)
    assert weights.tolist() == FIRST.tolist()
    assert village.awaited == [["a", "b"]] * 3


def test_leaves_out_who_fails_and_who_has_learnt_nothing() -> None:
    idle = Answer(0, NOTHING, Tried(), 0)
    village = Village({"a": [moves(0.5, 0.0)], "b": [moves(0.5, 0.0)], "c": ["it failed: no model"], "d": [idle]})
    _, rounds = lived(village)
    assert rounds[0].average.used == ("a", "b")
    assert dict(rounds[0].silent) == {"c": "it failed: no model", "d": "it has nothing to learn from"}


def test_refuses_what_is_no_change() -> None:
    village = Village({"a": [moves(0.5, 0.0)], "b": [moves(0.5, 0.0)], "c": [moves(np.nan, 0.0)], "d": [moves(1.0)]})
    weights, rounds = lived(village)
    assert np.allclose(weights, [2.0, 2.0])
    assert set(rounds[0].average.refused) == {"c", "d"}


def test_pools_the_errors_by_samples() -> None:
    tried = {"a": Tried(10, 1.0, 2.0, 3.0), "b": Tried(30, 2.0, 2.0, 2.0)}
    assert pooled({}) == {}
    assert pooled(tried) == {"given": 1.75, "serving": 2.0, "base": 2.25}


def test_goes_on_from_what_was_learnt_before(tmp_path: Path) -> None:
    bundle = learning_bundle()
    exported = np.zeros(3, np.float32)
    plan = Plan(model=tmp_path / "m.tflite", out=tmp_path)
    assert beginning(plan, bundle, exported) is exported
    weights = Weights(np.arange(3, dtype=np.float32), np.zeros(3, np.float32))
    name = write_checkpoint(tmp_path, Checkpoint(bundle.sha256, bundle.head, weights, 1, 1, 0.0))
    before = plan.model_copy(update={"resume": tmp_path / f"{name}.weights"})
    assert beginning(before, bundle, exported).tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(TrainError, match="not for"):
        beginning(before, bundle, exported[:2])
    with pytest.raises(TrainError, match="no checkpoint"):
        beginning(plan.model_copy(update={"resume": tmp_path / "m.tflite"}), bundle, exported)
