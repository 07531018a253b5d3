"""What goes wrong with one subject harms no other, and is told until it is over; what is to be forgotten is."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.contracts.errors import ModelError
from edge.contracts.types import ModelBundle
from edge.learners.order import Task
from edge.learners.sampling import Sampling
from edge.learners.sampling import sampling_of as sound
from edge.learners.suspects import FIRST_S, MOST_S, Suspects
from edge.learning.checkpoint import ENDING
from edge.learning.reservoir import Reservoir
from edge.learning.sample import Sample
from edge.learning.subject import Subject
from tests.rigs.gauges import NEVER, Gauges


@pytest.fixture
def gauges(tmp_path: Path) -> Iterator[Gauges]:
    made = Gauges(tmp_path, "ab")
    yield made
    made.learners.close()


class Broken:
    """A fault of the program in how samples are made."""

    def take(self, message: bytes) -> list[Sample]:
        raise RuntimeError(f"{len(message)} bytes of bad luck")


def break_sampling(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """From the next opening on, of one subject."""

    def sampling_of(task: Task, bundle: ModelBundle, run: str) -> Sampling:
        return Broken() if task.name == name else sound(task, bundle, run)  # type: ignore[return-value]

    monkeypatch.setattr("edge.learners.learner.sampling_of", sampling_of)


def test_a_fault_in_taking_readings_rests_one_subject_longer_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_sampling(monkeypatch, "a")
    gauges = Gauges(tmp_path, "ab")
    for rest_s in (60.0, 120.0):
        gauges.wave()  # which takes 100 s
        state = gauges.state("a")
        assert (state.phase, state.trouble) == ("", "a fault of the program: RuntimeError: 20 bytes of bad luck")
        gauges.now_s += rest_s - 101.0
        gauges.learners.open()
        assert gauges.state("a").phase == ""
        gauges.now_s += 2.0
        gauges.learners.open()
        assert (gauges.state("a").phase, gauges.state("a").trouble) == ("collecting", "")
    gauges.live_until(lambda: gauges.state("b").serving)


def test_a_fault_in_training_rests_one_subject_and_the_next_is_trained(gauges: Gauges) -> None:
    trained = list[str]()

    def breathe() -> bool:
        trained.append(str(gauges.learners.told()[0]["learning"]))
        if trained[-1] == "a":
            raise MemoryError
        return True

    while not gauges.learn(breathe):
        gauges.wave()
    assert (trained[0], set(trained)) == ("a", {"a", "b"})
    assert "MemoryError" in gauges.state("a").trouble
    gauges.live_until(lambda: gauges.state("b").serving)
    gauges.now_s += 3600
    gauges.live_until(lambda: gauges.state("a").serving)
    assert gauges.state("a").trouble == ""


def test_a_model_that_fails_is_told_and_no_longer_when_it_works(
    gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ModelError("it answers nothing")

    with monkeypatch.context() as patched:
        patched.setattr(Subject, "compare", fails)
        gauges.wave()
    assert gauges.state("a").trouble == "it answers nothing"
    gauges.wave()
    assert gauges.state("a").trouble == ""


def test_what_is_to_be_forgotten_is_forgotten_when_the_disk_lets_it(
    gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    gauges.wave()
    assert gauges.state("a").samples > 0
    with monkeypatch.context() as patched:
        patched.setattr(Reservoir, "clear", fails)
        gauges.command("reset", "a")
    assert "disk I/O error" in gauges.state("a").trouble
    before = gauges.state("a").samples
    gauges.now_s += 61.0
    gauges.learners.settle()
    assert before > 0
    assert (gauges.state("a").samples, gauges.state("a").trouble) == (0, "")


def test_what_is_to_be_forgotten_while_it_is_closed_is_forgotten_when_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Gauges(tmp_path, "a")
    before.wave()
    before.learners.close()
    with monkeypatch.context() as patched:
        break_sampling(patched, "a")
        gauges = Gauges(tmp_path, "a")
        gauges.wave()
    assert gauges.state("a").phase == ""
    gauges.command("reset", "a")
    gauges.command("rollback", "a")  # of which nothing comes
    gauges.now_s += 61.0
    gauges.learners.open()
    assert gauges.state("a").samples > 0
    gauges.learners.settle()
    assert (gauges.state("a").samples, gauges.state("a").phase) == (0, "collecting")
    gauges.wave()
    assert gauges.state("a").samples > 0


def test_a_reset_while_it_is_trained_forgets_that_round_too(gauges: Gauges) -> None:
    steps = list[str]()

    def breathe() -> bool:
        steps.append(str(gauges.learners.told()[0]["learning"]))
        if len(steps) == 3:
            gauges.command("reset", steps[0])
        return True

    while not gauges.learn(breathe):
        gauges.wave()
    state = gauges.state(steps[0])
    assert len(steps) == 3
    assert (state.samples, state.rounds, state.held.count, state.phase, state.trouble) == (0, 0, 0, "collecting", "")
    assert list((gauges.folder / steps[0]).glob(f"*{ENDING}")) == []


@pytest.mark.parametrize("order", ["rollback", "reset"])
def test_what_is_ordered_for_others_does_not_end_a_round(gauges: Gauges, order: str) -> None:
    steps = list[str]()

    def breathe() -> bool:
        steps.append(str(gauges.learners.told()[0]["learning"]))
        gauges.command(order, "b" if steps[0] == "a" else "a")
        return True

    while not gauges.learn(breathe):
        gauges.wave()
    assert len(steps) > 3
    assert gauges.state(steps[0]).held.count > 0


def test_of_whom_the_process_died_is_not_trained_for_a_while_and_the_others_are(tmp_path: Path) -> None:
    gauges = Gauges(tmp_path, "ab", rests_s={"a": 10_000.0})
    gauges.live_until(lambda: gauges.state("b").serving)
    assert (gauges.state("a").rounds, gauges.state("a").samples > 0) == (0, True)
    gauges.now_s += 10_000.0
    gauges.live_until(lambda: gauges.state("a").serving)


def test_who_was_being_trained_when_the_process_died_is_suspected() -> None:
    suspects = Suspects()
    assert (suspects.died(), suspects.rests_s) == ("", {})
    suspects.trains("a")
    suspects.trains("")
    assert (suspects.died(), suspects.rests_s) == ("", {})
    for rest_s in (FIRST_S, 2 * FIRST_S):
        suspects.trains("a")
        assert suspects.died() == "a"
        assert suspects.rests_s == {"a": rest_s}
    suspects.trains("b")
    suspects.trains("a")
    suspects.trains("b")  # a has come through it
    assert (suspects.died(), suspects.rests_s) == ("b", {"b": FIRST_S})
    for _ in range(99):
        suspects.trains("b")
        suspects.died()
    assert suspects.rests_s == {"b": MOST_S}


def test_nobody_is_trained_before_there_is_enough(tmp_path: Path) -> None:
    gauges = Gauges(tmp_path, "a", NEVER)
    gauges.wave()
    assert not gauges.learn()
