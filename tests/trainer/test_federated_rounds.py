"""Rounds with devices that answer, do not answer, or answer nonsense."""

import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.federated import MOST_ERROR, MOST_SAMPLES, NOTHING, Answer, Ask, Outcome, Tried
from edge.contracts.trainable import Weights
from edge.contracts.types import F32
from edge.learning.checkpoint import ENDING, Checkpoint, read_checkpoint, write_checkpoint
from tests.rigs.trainee import learning_bundle
from trainer.errors import TrainError
from trainer.federated.averaging import Terms
from trainer.federated.plan import Plan, beginning
from trainer.federated.record import FILE, Record, middle
from trainer.federated.rounds import Course, Round, conduct

SHA = "a" * 64
FIRST = np.array([1.0, 2.0], np.float32)
SOON = Course(rounds=2, deadline_s=3.0, patience_s=0.0)
TRIED = Tried(10, 0.5, 0.6, 0.7)


Worth = Callable[[str, F32], float]


@dataclass
class Village:
    """Devices that say what they are told to say, round by round; the last word is said again.

    What came of a round is worth to each what `worth` says of it, where 0.5 is what it was before.
    """

    words: Mapping[str, list[Answer | str | None]]
    worth: Worth = lambda *_: 0.4
    asked: list[Ask] = field(default_factory=list)
    tried: list[Ask] = field(default_factory=list)
    awaited: list[list[str]] = field(default_factory=list)

    def devices(self) -> Sequence[str]:
        return list(self.words)

    def ask(self, devices: Sequence[str], ask: Ask, awaited: Container[str]) -> Mapping[str, Answer | str]:
        if not ask.offered:
            self.tried.append(ask)
            found = {device: replace(TRIED, given=self.worth(device, ask.weights)) for device in devices}
            return {device: Answer(Outcome.UNASKED, 0, NOTHING, one, 0) for device, one in found.items()}
        self.asked.append(ask)
        self.awaited.append([device for device in devices if device in awaited])
        said = {device: self.words[device][min(ask.round, len(self.words[device])) - 1] for device in devices}
        return {device: word for device, word in said.items() if word is not None}


def moves(*change: float, samples: int = 50) -> Answer:
    return Answer(Outcome.LEARNT, samples, np.array(change, np.float32), TRIED, 1)


def idle(outcome: Outcome) -> Answer:
    return Answer(outcome, 0, NOTHING, Tried(), 0)


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
    assert [(ask.learn, ask.weights.tolist()) for ask in village.tried] == [(False, [1.25, 2.25]), (False, [1.5, 2.5])]
    assert [one.taken for one in rounds] == [2, 2, 2]
    assert FIRST.tolist() == [1.0, 2.0]


def test_goes_on_without_a_device_that_is_silent_and_does_not_wait_for_it_again() -> None:
    village = Village({"a": [moves(0.5, 0.0)], "b": [moves(0.5, 0.0)], "c": [None, None, moves(1.0, 1.0)]})
    weights, rounds = lived(village)
    assert np.allclose(weights, [2.0, 2.0])
    assert [dict(one.silent) for one in rounds][:2] == [{"c": "no answer within 2 s"}] * 2
    assert village.awaited == [["a", "b", "c"], ["a", "b"], ["a", "b"]]


def test_both_questions_of_a_round_come_within_its_deadline() -> None:
    village = Village({"a": [moves(0.5, 0.0)], "b": [moves(0.5, 0.0)]})
    lived(village)
    assert [round(ask.deadline_s, 6) for ask in (*village.asked, *village.tried)] == [2.0, 2.0, 3.0, 1.0, 1.0]


def test_waits_for_everyone_where_nobody_answered() -> None:
    village = Village({"a": [None], "b": [None]})
    weights, _ = lived(village)
    assert weights.tolist() == FIRST.tolist()
    assert village.awaited == [["a", "b"]] * 3


def test_leaves_out_who_fails_and_says_why() -> None:
    village = Village(
        {
            "a": [moves(0.5, 0.0)],
            "b": [moves(0.5, 0.0)],
            "c": ["it failed: no model"],
            "d": [idle(Outcome.TOO_LITTLE)],
            "e": [idle(Outcome.TOO_LATE)],
            "f": [idle(Outcome.FAILED)],
        }
    )
    _, rounds = lived(village)
    assert rounds[0].average.used == ("a", "b")
    assert dict(rounds[0].silent) == {
        "c": "it failed: no model",
        "d": "it has too little to learn from",
        "e": "it had not done learning by the deadline",
        "f": "its model failed while it learnt",
    }


@pytest.mark.parametrize("words", [[idle(Outcome.TOO_LITTLE)], ["no"], [moves(np.nan, 0.0)]], ids=["idle", "no", "nan"])
def test_what_nobody_learnt_is_not_tried(words: list[Answer | str | None]) -> None:
    village = Village({"a": words, "b": words})
    weights, rounds = lived(village)
    assert (weights.tolist(), village.tried) == (FIRST.tolist(), [])
    assert [one.verdict.why for one in rounds] == ["nothing was averaged"] * 3


def test_what_is_worse_is_not_handed_out() -> None:
    """The first average makes it worse; the second one, from the same weights, does not."""
    village = Village(
        {name: [moves(4.0, 0.0), moves(0.5, 0.0)] for name in "abc"}, lambda _, weights: 0.4 + float(weights[0] > 2)
    )
    weights, rounds = lived(village)
    assert [one.verdict.accepted for one in rounds] == [False, True, False]
    assert [ask.weights.tolist() for ask in village.asked] == [[1.0, 2.0], [1.0, 2.0], [1.5, 2.0]]
    assert weights.tolist() == [1.5, 2.0]
    assert "the error rises" in rounds[0].verdict.why


def test_what_too_few_can_judge_is_not_handed_out() -> None:
    blind = replace(moves(0.5, 0.0), tried=Tried())
    weights, rounds = lived(Village({"a": [moves(0.5, 0.0)], "b": [blind]}))
    assert weights.tolist() == FIRST.tolist()
    assert [one.verdict.judges for one in rounds] == [1, 1, 0]


def test_the_largest_figures_that_are_heard_do_not_end_the_run(tmp_path: Path) -> None:
    """A device may say what it likes, as long as it is a number: the others go on, and the record can be read."""
    most = Tried(MOST_SAMPLES, MOST_ERROR, MOST_ERROR, MOST_ERROR)
    loud = replace(moves(0.5, 0.0, samples=MOST_SAMPLES), tried=most, taken=MOST_SAMPLES)
    words: dict[str, list[Answer | str | None]] = {name: [moves(0.5, 0.0)] for name in "abcd"}
    village = Village({**words, "e": [loud]}, lambda name, _: MOST_ERROR if name == "e" else 0.4)
    bundle = learning_bundle()
    record = Record(tmp_path, bundle, 3)
    weights = conduct(village, FIRST, bundle.sha256, SOON, Terms(), record.told)
    assert np.allclose(weights, [2.0, 2.0])
    lines = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    assert [one["verdict"]["accepted"] for one in lines] == [True, True, False]
    assert lines[0]["after"]["given"] == 0.4


def test_only_what_the_devices_accept_is_on_disk(tmp_path: Path) -> None:
    village = Village(
        {name: [moves(0.5, 0.0), moves(4.0, 0.0)] for name in "ab"}, lambda _, now: 0.4 + float(now[0] > 2)
    )
    bundle = learning_bundle()
    record = Record(tmp_path, bundle, 3)
    conduct(village, FIRST, bundle.sha256, SOON, Terms(), record.told)
    names = [json.loads(line)["weights"] for line in (tmp_path / FILE).read_text().splitlines()]
    assert [path.stem for path in tmp_path.glob(f"*{ENDING}")] == names[:1]
    assert names == [names[0]] * 3
    stored = read_checkpoint(tmp_path, names[0], bundle.sha256, bundle.head)
    assert stored.weights.weights.tolist() == [1.5, 2.0]
    assert stored.scores["given"] == 0.4


def test_refuses_what_is_no_change() -> None:
    village = Village({"a": [moves(0.5, 0.0)], "b": [moves(0.5, 0.0)], "c": [moves(np.nan, 0.0)], "d": [moves(1.0)]})
    weights, rounds = lived(village)
    assert np.allclose(weights, [2.0, 2.0])
    assert set(rounds[0].average.refused) == {"c", "d"}


def test_errors_are_told_of_the_device_in_the_middle() -> None:
    tried = {"a": Tried(10, 1.0, 2.0, 3.0), "b": Tried(30, 2.0, 2.0, 2.0), "c": Tried(MOST_SAMPLES, 9.0, 1.0, 1.0)}
    assert middle({}) == {}
    assert middle(tried) == {"given": 2.0, "serving": 2.0, "base": 2.0}


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
