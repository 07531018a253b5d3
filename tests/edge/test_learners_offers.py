"""What others have learnt, from the file that was laid down to the weights that serve; and what is refused."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.federated import Ask
from edge.contracts.types import F32
from edge.federated.subjects import subjects
from edge.federated.turn import Manner, take_turn
from edge.learning.checkpoint import ENDING, read_checkpoint
from edge.learning.comparing import Gain
from edge.learning.offered import OFFERED, offer
from edge.learning.round import NEVER_S, Judgement
from edge.learning.subject import Subject
from edge.learning.ways import Way
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable
from tests.rigs.gauges import NEVER, Gauges

ENOUGH = 100  # held out, to be sure
PRAISED = Judgement(Way(1.0, mapped=False), 1.0, 1.0, 0.1, *(Gain(0.9, 0.8, 500),) * 3, NEVER_S)  # elsewhere


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> F32:
    """What another device has learnt about the same."""
    other = Gauges(tmp_path_factory.mktemp("other"), "z")
    other.live_until(lambda: other.state("z").serving)
    return served(other, "z")


def served(gauges: Gauges, name: str) -> F32:
    """(N,) the weights on disk that serve."""
    bundle = gauges.bundle
    found = read_checkpoint(gauges.folder / name, gauges.state(name).serving, bundle.sha256, bundle.head)
    return found.weights.weights


def offered(gauges: Gauges, name: str = "a") -> list[Path]:
    return list((gauges.folder / name / OFFERED).glob("*"))


def held(gauges: Gauges) -> int:
    return gauges.state("a").held_out


def test_what_is_better_here_too_goes_through_the_shadow_and_serves(tmp_path: Path, learnt: F32) -> None:
    gauges = Gauges(tmp_path, "ab", NEVER)
    gauges.live_until(lambda: held(gauges) >= ENOUGH)
    offer(gauges.folder / "a", gauges.bundle, learnt, 3, PRAISED)
    gauges.now_s += 10
    assert gauges.learn()
    state = gauges.state("a")
    assert (state.phase, state.serving, bool(state.candidate)) == ("shadow", "", True)
    assert (state.offers.judged, state.offers.taken) == (1, 1)
    assert state.offers.errors.candidate < 0.9 * state.offers.errors.base
    assert offered(gauges) == []
    assert not gauges.learn()  # there is nothing more to do
    gauges.live_until(lambda: gauges.state("a").serving)
    assert np.array_equal(served(gauges, "a"), learnt)
    assert (gauges.state("a").promoted, gauges.state("a").rounds, gauges.state("b").serving) == (1, 0, "")


@pytest.mark.parametrize("factor", [-1.0, 100.0, 1e30])
def test_what_is_poisoned_is_refused_however_it_was_praised(tmp_path: Path, learnt: F32, factor: float) -> None:
    gauges = Gauges(tmp_path, "a", NEVER)
    gauges.live_until(lambda: held(gauges) >= ENOUGH)
    offer(gauges.folder / "a", gauges.bundle, (learnt * np.float32(factor)).astype(np.float32), 3, PRAISED)
    gauges.now_s += 10
    assert gauges.learn()
    state = gauges.state("a")
    assert (state.phase, state.serving, state.candidate) == ("collecting", "", "")
    assert (state.offers.judged, state.offers.taken) == (1, 0)
    assert offered(gauges) == []
    assert list((gauges.folder / "a").glob(f"*{ENDING}")) == []
    assert not gauges.learn()


@pytest.mark.parametrize(("factor", "taken"), [(1.0, 1), (-1.0, 0)])
def test_the_turn_of_a_federated_round_lays_down_what_is_judged_here(
    tmp_path: Path, learnt: F32, factor: float, taken: int
) -> None:
    gauges = Gauges(tmp_path, "ab", NEVER)
    gauges.live_until(lambda: held(gauges) >= ENOUGH)
    ask = Ask(1, False, True, 60.0, gauges.bundle.sha256, (learnt * np.float32(factor)).astype(np.float32))
    with open_trainable(gauges.bundle, RuntimeSettings(threads=1)) as trainee:
        exported = trainee.weights().weights
        own = subjects(gauges.folder, gauges.bundle, exported)
        take_turn(trainee, exported, own, ask, Manner(rate=0.05, epochs=1, margin=0.03), lambda: True)
    assert len(offered(gauges)) == taken
    gauges.now_s += 10
    while gauges.learn():
        pass
    assert [gauges.state(name).offers.taken for name in "ab"] == [taken, taken]
    assert offered(gauges) == []


def test_it_must_be_better_than_what_serves_not_only_than_the_model_file(tmp_path: Path, learnt: F32) -> None:
    gauges = Gauges(tmp_path, "a")
    gauges.live_until(lambda: gauges.state("a").serving and gauges.state("a").phase == "collecting")
    serving, half = gauges.state("a").serving, (learnt * np.float32(0.5)).astype(np.float32)
    offer(gauges.folder / "a", gauges.bundle, half, 3, PRAISED)
    gauges.now_s += 10
    gauges.learn()
    state = gauges.state("a")
    assert (state.offers.judged, state.offers.taken, state.serving) == (1, 0, serving)
    assert state.offers.errors.serving < state.offers.errors.candidate < state.offers.errors.base


def test_it_waits_until_there_is_enough_to_judge_by(tmp_path: Path, learnt: F32) -> None:
    gauges = Gauges(tmp_path, "a", NEVER)
    offer(gauges.folder / "a", gauges.bundle, learnt, 3, PRAISED)
    assert not gauges.learn()
    assert len(offered(gauges)) == 1
    while held(gauges) < 10:
        gauges.wave()
        assert held(gauges) >= 24 or not gauges.learn()
    assert (len(offered(gauges)), gauges.state("a").offers.judged) == (1, 0)
    gauges.live_until(lambda: gauges.state("a").serving)
    assert np.array_equal(served(gauges, "a"), learnt)
    assert offered(gauges) == []


def test_it_waits_while_nothing_is_sure(tmp_path: Path, learnt: F32, monkeypatch: pytest.MonkeyPatch) -> None:
    gauges = Gauges(tmp_path, "a", NEVER)
    gauges.live_until(lambda: held(gauges) >= ENOUGH)
    offer(gauges.folder / "a", gauges.bundle, learnt, 3, PRAISED)
    unsure = replace(PRAISED, over_serving=Gain(0.9, -math.inf, 30))
    with monkeypatch.context() as patched:
        patched.setattr(Subject, "judge_others", lambda *_: unsure)
        gauges.now_s += 10
        assert gauges.learn()
        gauges.now_s += 50
        assert not gauges.learn()
    assert (len(offered(gauges)), gauges.state("a").offers.judged) == (1, 0)
    gauges.now_s += 10
    assert gauges.learn()
    assert (len(offered(gauges)), gauges.state("a").offers.taken) == (0, 1)


def test_what_cannot_be_read_or_removed_is_refused_once_and_told(tmp_path: Path) -> None:
    gauges = Gauges(tmp_path, "a", NEVER)
    gauges.live_until(lambda: held(gauges) >= ENOUGH)
    (gauges.folder / "a" / OFFERED / f"{'0' * 64}{ENDING}").mkdir(parents=True)  # which no `unlink` removes
    for _ in range(2):
        gauges.now_s += 10
        gauges.learn()
    state = gauges.state("a")
    assert (state.offers.judged, state.offers.taken, state.candidate) == (1, 0, "")
    assert "cannot be removed" in state.trouble
    (gauges.folder / "a" / OFFERED / f"{'0' * 64}{ENDING}").rmdir()
    gauges.now_s += 10
    gauges.learn()
    assert gauges.state("a").trouble == ""
