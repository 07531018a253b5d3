"""A sensor's auto-encoder learns what is usual, gets used to no fault, and brings its limit with its weights."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.limits import FURTHEST, LIMIT, MOST_FALL, MOST_RISE
from edge.contracts.types import F64
from edge.learning.checkpoint import read_checkpoint
from edge.learning.standing import EXPORTED
from tests.rigs.motor import BEGIN_S, NAME, WAVE, Motor, known

PERIOD, OTHER, LIMIT_FILE = 16.0, 5.0, 0.2
MOST_RUNS, GROWTH_S = 40, 2000.0


def usual(t_s: F64) -> F64:
    """What the model was made for, and a hum that it was not made for: an error of about 0.05."""
    noise = np.random.default_rng(int(t_s[0])).normal(0, 0.05, len(t_s))
    return np.sin(2 * np.pi * t_s / PERIOD) + 0.3 * np.sin(2 * np.pi * t_s / OTHER) + noise


def struck(t_s: F64) -> F64:
    """The same with a blow every thirty seconds."""
    return usual(t_s) + np.where(t_s % 30 == 0, 5.0, 0.0)


@pytest.fixture
def motor(tmp_path: Path) -> Iterator[Motor]:
    made = Motor(tmp_path, known(PERIOD), LIMIT_FILE)
    yield made
    made.close()


def live_until(motor: Motor, wanted: Callable[[], bool]) -> None:
    for _ in range(MOST_RUNS):
        motor.run(struck)
        if wanted():
            return
    raise AssertionError(motor.state)


def test_it_learns_what_is_usual_and_finds_smaller_faults_then(motor: Motor) -> None:
    live_until(motor, lambda: motor.model.scores.get(LIMIT, LIMIT_FILE) < 0.3 * LIMIT_FILE)
    limit, served = motor.model.scores[LIMIT], motor.model.served
    assert limit >= MOST_FALL * LIMIT_FILE
    kept = read_checkpoint(motor.folder / NAME, served, motor.bundle.sha256, motor.bundle.head)
    assert kept.scores[LIMIT] == limit
    quiet = motor.run(usual)
    assert (quiet.told[10:] < 0.5).mean() > 0.95
    rattling = motor.run(lambda t_s: usual(t_s) + 0.33 * (-1.0) ** t_s)
    assert rattling.told[10:].min() > 0.5 > rattling.exported.max()


def test_no_window_with_a_fault_is_kept(motor: Motor) -> None:
    live_until(motor, lambda: motor.model.served != EXPORTED)
    kept = motor.kept()
    assert len(kept) > 100
    assert np.abs(kept).max() < 2.0


def test_of_a_fault_that_comes_slowly_no_more_is_learnt_than_the_file_allows(motor: Motor) -> None:
    """What was learnt comes to find it usual for ever; what the file puts far out is odd all the same."""

    def worn(t_s: F64) -> F64:
        return usual(t_s) + (t_s - BEGIN_S) / GROWTH_S * (-1.0) ** t_s

    said = []
    for _ in range(int(0.8 * GROWTH_S) // WAVE):
        said.append(motor.run(worn))
        assert motor.model.scores.get(LIMIT, 0.0) <= MOST_RISE * LIMIT_FILE
    assert motor.state.promoted > 0
    assert errors_of(motor.kept()).max() < FURTHEST * LIMIT_FILE + 1e-3
    told, exported = (np.concatenate([getattr(one, name) for one in said]) for name in ("told", "exported"))
    assert (told[exported > FURTHEST / (1 + FURTHEST)] >= 0.5).all()
    assert (exported[-WAVE:] > FURTHEST / (1 + FURTHEST)).all()
    assert (said[-1].served < 0.5).all()


def errors_of(windows: F64) -> F64:
    """(n,) of windows (n, 8), by the weights of the file."""
    off: F64 = windows - windows @ known(PERIOD)[:64].reshape(8, 8)
    return np.asarray((off**2).mean(axis=1))


def test_a_fault_of_all_readings_stops_learning(motor: Motor) -> None:
    motor.run(usual)
    before = motor.state.samples
    for _ in range(5):
        motor.run(lambda t_s: usual(t_s) + 2.0 * (-1.0) ** t_s)
    assert motor.state.samples - before < 20
    assert motor.state.serving == EXPORTED
