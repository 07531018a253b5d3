"""A subject from the first look to weights that serve, on real files."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.errors import EdgeError, ModelError
from edge.learning.checkpoint import ENDING
from edge.learning.division import Part
from edge.learning.promotion import Terms
from edge.learning.reservoir import Added
from edge.learning.round import errors_with
from edge.learning.sample import Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.standing import EXPORTED, Phase, Standing
from edge.learning.subject import Subject, span_s
from tests.rigs.descriptors import none_left
from tests.rigs.strollers import samples, spoiled
from tests.rigs.trainee import LinearTrainee, learning_bundle

SETTINGS = LearningSettings(rate=0.05, epochs=6)
TERMS = Terms(first=100, every=60, shadow=40, window=40, rest=50)
EACH = 30  # samples at a time


@cache
def left() -> list[Sample]:
    return samples(count=8, seconds=150.0)


@cache
def right() -> list[Sample]:
    return samples(count=8, seconds=60.0, turn=-0.4, seed=2, begin_s=1200.0)


def always() -> bool:
    return True


@contextmanager
def opened(
    folder: Path, settings: LearningSettings = SETTINGS, sha256: str = "a" * 64
) -> Iterator[tuple[Subject, LinearTrainee]]:
    trainee = LinearTrainee(learning_bundle(sha256=sha256))
    subject = Subject(folder, trainee.bundle, trainee.weights().weights, settings, TERMS)
    try:
        yield subject, trainee
    finally:
        subject.close()


def lives(subject: Subject, trainee: LinearTrainee, given: list[Sample], *, learns: bool = True) -> list[Standing]:
    """Samples come, are compared, kept and learnt from; where it stood after each."""
    stood = []
    for begin in range(0, len(given), EACH):
        some = given[begin : begin + EACH]
        subject.compare(trainee, some)
        subject.offer(some)
        if learns and subject.due():
            subject.learn(trainee, always)
        stood.append(subject.standing)
    return stood


def mean_error(trainee: LinearTrainee, weights: np.ndarray, given: list[Sample]) -> float:
    return float(errors_with(trainee, weights, stacked(given, shapes_of(trainee.bundle))).mean())


def test_nothing_comes(tmp_path: Path) -> None:
    with opened(tmp_path) as (subject, trainee):
        assert lives(subject, trainee, []) == []
        subject.compare(trainee, [])
        assert subject.offer([]) == Added(0, 0, 0, 0)
        assert not subject.due()
        assert subject.standing == Standing()
        assert subject.candidate is None
        assert not subject.promote()
        state = subject.state
        assert (state.seen, state.learnt_from, state.held_out, state.judgement, state.trouble) == (0, 0, 0, None, "")


def test_learns_what_serves_better_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as (subject, trainee):
        stood = lives(subject, trainee, left())
        phases = [one.phase for one in stood]
        assert phases[0] is Phase.COLLECTING
        assert Phase.SHADOW in phases
        standing, serving = subject.standing, subject.serving
        assert standing.promoted >= 1
        assert standing.serving != EXPORTED
        assert trainee.weights().weights.tobytes() == serving.tobytes()
        assert mean_error(trainee, serving, left()) < 0.5 * mean_error(trainee, np.zeros_like(serving), left())
        state = subject.state
        assert state.judgement is not None
        assert state.held_out > 20
        assert state.seen == state.learnt_from + state.held_out
    with opened(tmp_path) as (again, _):
        assert again.standing == standing
        assert again.serving.tobytes() == serving.tobytes()
        assert again.state.seen == state.seen


def serving(folder: Path) -> Standing:
    """Live until something learnt serves, and nothing is in the shadow."""
    with opened(folder) as (subject, trainee):
        for begin in range(0, len(left()), EACH):
            lives(subject, trainee, left()[begin : begin + EACH])
            if subject.standing.promoted and subject.standing.phase is Phase.COLLECTING:
                return subject.standing
    raise AssertionError("nothing was promoted")


def test_what_is_worse_live_returns_to_what_was_exported(tmp_path: Path) -> None:
    serving(tmp_path)
    with opened(tmp_path) as (subject, trainee):
        stood = lives(subject, trainee, right(), learns=False)
        assert stood[-1].returned == 1
        assert (stood[-1].serving, stood[-1].phase) == (EXPORTED, Phase.RESTING)
        assert not trainee.weights().weights.any()
        assert list(tmp_path.glob(f"*{ENDING}")) == []
        first = next(number for number, one in enumerate(stood) if one.serving == EXPORTED)
        assert first * EACH <= TERMS.window + EACH


def test_by_hand(tmp_path: Path) -> None:
    standing = serving(tmp_path)
    with opened(tmp_path) as (subject, trainee):
        assert subject.roll_back()
        assert (subject.standing.serving, subject.standing.phase) == (standing.previous, Phase.RESTING)
        subject.switch(on=False)
        assert subject.offer(left()[:10]) == Added(0, 10, 0, 0)
        assert not subject.due()
        subject.switch(on=True)
        assert subject.reset()
        assert subject.standing == Standing()
        assert (subject.state.seen, subject.state.learnt_from) == (0, 0)
        subject.serve(trainee)
        assert not trainee.weights().weights.any()


def test_a_candidate_is_promoted_by_hand(tmp_path: Path) -> None:
    with opened(tmp_path) as (subject, trainee):
        for begin in range(0, len(left()), EACH):
            lives(subject, trainee, left()[begin : begin + EACH])
            if subject.standing.phase is Phase.SHADOW:
                break
        candidate = subject.candidate
        assert candidate is not None
        assert subject.promote()
        assert subject.serving.tobytes() == candidate.tobytes()
        assert subject.candidate is None


def test_what_was_learnt_for_another_model_is_not_used(tmp_path: Path) -> None:
    serving(tmp_path)
    with opened(tmp_path, sha256="f" * 64) as (subject, _):
        assert subject.standing == Standing()
        assert not subject.serving.any()


def test_no_descriptor_left_costs_nothing_that_was_learnt(tmp_path: Path) -> None:
    standing = serving(tmp_path)
    with none_left(), pytest.raises((EdgeError, OSError, sqlite3.Error)), opened(tmp_path):
        pass
    with opened(tmp_path) as (subject, trainee):
        assert subject.standing == standing
        with none_left():
            assert not subject.switch(on=False)
            assert "Too many open files" in subject.state.trouble
            subject.serve(trainee)
        assert subject.standing == standing
        assert subject.switch(on=False)
    with opened(tmp_path) as (subject, _):
        assert (subject.standing.serving, subject.standing.on) == (standing.serving, False)


def test_an_interrupted_round_leaves_all_as_it_was(tmp_path: Path) -> None:
    with opened(tmp_path) as (subject, trainee):
        subject.offer(left()[:400])
        assert subject.due()
        assert subject.learn(trainee, lambda: False) is None
        assert subject.standing == Standing(tried=subject.state.seen, rounds=1)
        assert subject.state.trouble == ""
        assert not trainee.weights().weights.any()


def test_a_round_that_fails_is_told(tmp_path: Path) -> None:
    class Failing(LinearTrainee):
        def train(self, batch: object, rate: float) -> float:
            raise ModelError("the loss is nan")

    with opened(tmp_path) as (subject, _):
        subject.offer(left()[:400])
        assert subject.learn(Failing(), always) is None
        assert subject.state.trouble == "the loss is nan"
        assert subject.standing.phase is Phase.COLLECTING


def test_labels_that_are_noise_never_serve(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    with opened(tmp_path) as (subject, trainee):
        for begin in range(0, len(left()), EACH):
            some = left()[begin : begin + EACH]
            subject.compare(trainee, some)
            subject.offer([spoiled(one, random) for one in some])
            if subject.due():
                subject.learn(trainee, always)
            assert mean_error(trainee, subject.serving, some) <= 1.01 * mean_error(trainee, 0 * subject.serving, some)
        assert subject.standing.rounds > 2


def test_a_disk_that_takes_no_standing_keeps_what_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standing = serving(tmp_path)
    with opened(tmp_path) as (subject, _):
        monkeypatch.setattr("edge.contracts.stored.replace_file", _full)
        assert not subject.switch(on=False)
        assert subject.standing == standing
        assert "disk" in subject.state.trouble
        subject.score(np.ones(99), np.full(99, 2.0), np.full(99, 2.0))  # worse live: that is not put off
        assert subject.standing.serving == EXPORTED


def test_a_disk_that_takes_no_standing_costs_no_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as (subject, trainee):
        subject.offer(left()[:300])
        with monkeypatch.context() as full:
            full.setattr("edge.contracts.stored.replace_file", _full)
            assert subject.due()
            assert subject.learn(trainee, always) is None
            assert "disk" in subject.state.trouble
            assert not subject.due()
            assert list(tmp_path.glob(f"*{ENDING}")) == []
        subject.offer(left()[300:400])
        assert subject.due()
        assert subject.learn(trainee, always) is not None
        assert subject.state.trouble == ""


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_samples_are_on_disk_when_they_are_counted(tmp_path: Path) -> None:
    with opened(tmp_path) as (subject, _):
        stored = subject.offer(left()[:50]).stored
        with sqlite3.connect(tmp_path / "samples.db") as database:
            found = database.execute("SELECT count(*) FROM samples").fetchone()[0]
        database.close()
        assert found == stored > 0
        assert subject.state.learnt_from + subject.state.held_out == stored
        assert list(Part) == [Part.LEARN, Part.JUDGE]


def test_how_long_a_sample_is() -> None:
    assert span_s(learning_bundle()) == 3 * 0.5 + 2.0
