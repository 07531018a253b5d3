"""A subject from the first look to weights that serve, on real files."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.errors import EdgeError, ModelError
from edge.contracts.types import Head
from edge.learning.checkpoint import ENDING
from edge.learning.division import Part
from edge.learning.learnt import errors_with, network
from edge.learning.promotion import Terms
from edge.learning.reservoir import Added
from edge.learning.sample import Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.shelf import Shelf
from edge.learning.standing import EXPORTED, Phase, Standing
from edge.learning.subject import Subject
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
        assert trainee.weights().weights.tobytes() == network(trainee.bundle, serving).tobytes()
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


def test_a_restart_gives_what_is_worse_no_new_allowance(tmp_path: Path) -> None:
    """Five in a hundred worse, and restarted before that has shown: still it is sent back, as without restarts."""
    serving(tmp_path)
    for _ in range(3 * TERMS.window // 20):
        with opened(tmp_path) as (subject, _):
            subject.score(np.ones(20), np.full(20, 1.05), np.full(20, 1.05), [""] * 20)
            if subject.standing.serving == EXPORTED:
                break
    with opened(tmp_path) as (subject, _):
        assert (subject.standing.serving, subject.standing.returned) == (EXPORTED, 1)


def test_a_candidate_goes_on_in_the_shadow_after_a_restart(tmp_path: Path) -> None:
    shadowed(tmp_path)
    with opened(tmp_path) as (subject, _):
        before = subject.state.live.shadow.count
        subject.score(np.ones(20), np.ones(20), np.full(20, 0.99), [f"track{number}" for number in range(20)])
    with opened(tmp_path) as (subject, _):
        assert subject.state.live.shadow.count == before + 20


def test_a_candidate_whose_gain_is_one_track_alone_does_not_serve(tmp_path: Path) -> None:
    shadowed(tmp_path)
    with opened(tmp_path) as (subject, _):
        for _ in range(TERMS.patience * TERMS.shadow // 10):
            assert subject.standing.phase is Phase.SHADOW
            subject.score(np.ones(10), np.ones(10), np.full(10, 0.5), ["the same"] * 10)
        assert (subject.standing.phase, subject.standing.serving) == (Phase.RESTING, EXPORTED)


def shadowed(folder: Path) -> None:
    """Live until a candidate is in the shadow, and nothing was compared with it yet."""
    with opened(folder) as (subject, trainee):
        for begin in range(0, len(left()), EACH):
            lives(subject, trainee, left()[begin : begin + EACH])
            if subject.standing.phase is Phase.SHADOW:
                assert subject.state.live.shadow.count == 0
                return
    raise AssertionError("no candidate")


@pytest.mark.parametrize("while_it_runs", [False, True])
def test_a_new_file_of_samples_puts_no_round_off_for_months(tmp_path: Path, while_it_runs: bool) -> None:
    with opened(tmp_path) as (subject, _):
        subject.offer(left()[:400])
    long_ago = Standing(phase=Phase.RESTING, tried=10**9, rest_until=10**9 + 50, failures=1, rounds=40)
    Shelf(tmp_path, "a" * 64, Head.TRAJECTORY, [0]).write(long_ago)
    if not while_it_runs:
        (tmp_path / "samples.db").unlink()
    with opened(tmp_path) as (subject, trainee):
        if while_it_runs:
            subject._reservoir.clear()  # as after damage
        for begin in range(0, 400, EACH):
            subject.offer(left()[begin : begin + EACH])
        assert subject.due()
        assert subject.learn(trainee, always) is not None


@pytest.mark.parametrize(
    "settings",
    [
        LearningSettings(samples=64, holdout=0.05),
        LearningSettings(samples=200, holdout=0.2),
        LearningSettings(samples=80, holdout=0.5),
    ],
)
def test_who_can_never_learn_says_so(tmp_path: Path, settings: LearningSettings) -> None:
    with opened(tmp_path, settings) as (subject, _):
        assert "it can never learn" in subject.state.trouble
        assert "raise learning.max_mb" in subject.state.trouble


@pytest.mark.parametrize(("samples", "holdout"), [(240, 0.2), (96, 0.5), (960, 0.05)])
def test_who_keeps_just_enough_learns(tmp_path: Path, samples: int, holdout: float) -> None:
    with opened(tmp_path, LearningSettings(samples=samples, holdout=holdout, epochs=1)) as (subject, _):
        assert subject.state.trouble == ""
        for begin in range(0, len(left()), EACH):
            subject.offer(left()[begin : begin + EACH])
        assert subject.due()


def test_what_is_reset_during_a_round_is_forgotten_with_what_the_round_would_bring(tmp_path: Path) -> None:
    with opened(tmp_path) as (subject, trainee):
        subject.offer(left()[:400])

        def reset() -> bool:
            assert subject.reset()
            return True

        assert subject.learn(trainee, reset) is None
        assert trainee.steps == 1
        assert (subject.standing, subject.state.judgement, subject.state.trouble) == (Standing(), None, "")
        assert not subject._trained
        assert list(tmp_path.glob(f"*{ENDING}")) == []
        assert not subject.due()


def test_a_disk_that_takes_no_reset_forgets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standing = serving(tmp_path)
    with opened(tmp_path) as (subject, _):
        seen = subject.state.seen
        monkeypatch.setattr("edge.contracts.stored.replace_file", _full)
        assert not subject.reset()
        assert (subject.standing, subject.state.seen) == (standing, seen)


def test_a_round_whose_end_the_disk_did_not_take_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as (subject, trainee):
        subject.offer(left()[:300])
        with monkeypatch.context() as full:

            def fills_up() -> bool:
                full.setattr("edge.contracts.stored.replace_file", _full)
                return True

            subject.learn(trainee, fills_up)
            assert "disk" in subject.state.trouble
        subject.offer(left()[300:500])
        assert subject.standing.phase is Phase.COLLECTING
        assert subject.state.trouble == ""
        assert subject.due()


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
        subject.score(np.ones(99), np.full(99, 2.0), np.full(99, 2.0), [""] * 99)  # worse live: that is not put off
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
