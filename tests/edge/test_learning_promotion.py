"""Who may serve: every step by table."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from edge.learning.promotion import (
    Began,
    Brought,
    Counted,
    Ended,
    Event,
    Live,
    Promoted,
    Reset,
    RolledBack,
    Score,
    Stopped,
    Switched,
    Terms,
    Unreadable,
    after,
    due,
)
from edge.learning.standing import EXPORTED, Phase, Standing, resumed

TERMS = Terms(first=10, every=5, shadow=8, window=6, soonest=3, tolerance=0.01, rest=20, most_doublings=2)
A, B, C = "a" * 64, "b" * 64, "c" * 64
NEW = Standing()
TRAINING = Standing(phase=Phase.TRAINING, rounds=1, tried=10)
SHADOW = Standing(phase=Phase.SHADOW, candidate=A, rounds=1, tried=10)
SERVING = Standing(serving=A, promoted=1, rounds=1, tried=10)
OVER = Standing(phase=Phase.SHADOW, serving=A, previous=C, candidate=B, promoted=2, rounds=3, tried=30)
GOOD, NONE = Score(8, 1.0, 0.9, 0.8), Score(0, 0.0, 0.0, 0.0)
NAN = float("nan")


def live(newest: Score = NONE, shadow: Score = NONE, seen: int = 50, sure: float = 0.1) -> Live:
    return Live(seen, newest, shadow, sure)


@pytest.mark.parametrize(
    ("standing", "event", "expected"),
    [
        # a round
        (NEW, Began(12), Standing(phase=Phase.TRAINING, tried=12, rounds=1)),
        (replace(NEW, on=False), Began(12), replace(NEW, on=False)),
        (SHADOW, Began(12), SHADOW),
        (TRAINING, Ended(A, passes=True), SHADOW),
        (TRAINING, Ended(A, passes=False), replace(TRAINING, phase=Phase.COLLECTING)),
        (TRAINING, Ended(EXPORTED, passes=True), replace(TRAINING, phase=Phase.COLLECTING)),
        (replace(TRAINING, serving=A), Ended(A, passes=True), replace(TRAINING, serving=A, phase=Phase.COLLECTING)),
        (NEW, Ended(A, passes=True), NEW),
        (TRAINING, Stopped(), replace(TRAINING, phase=Phase.COLLECTING)),
        (SHADOW, Stopped(), SHADOW),
        # what others have learnt
        (NEW, Brought(A, 5), replace(NEW, phase=Phase.SHADOW, candidate=A)),
        (NEW, Brought(EXPORTED, 5), NEW),
        (replace(NEW, on=False), Brought(A, 5), replace(NEW, on=False)),
        (TRAINING, Brought(B, 50), TRAINING),
        (SHADOW, Brought(B, 50), SHADOW),
        (SERVING, Brought(A, 50), SERVING),
        (SERVING, Brought(B, 50), replace(SERVING, phase=Phase.SHADOW, candidate=B)),
        (Standing(phase=Phase.RESTING, rest_until=60), Brought(A, 59), Standing(phase=Phase.RESTING, rest_until=60)),
        (
            Standing(phase=Phase.RESTING, rest_until=60),
            Brought(A, 60),
            Standing(phase=Phase.SHADOW, rest_until=60, candidate=A),
        ),
        # the shadow
        (SHADOW, live(shadow=replace(GOOD, count=7)), SHADOW),
        (SHADOW, live(shadow=Score(8, 1.0, 1.0, 0.9)), SERVING),
        (
            SHADOW,
            live(shadow=Score(8, 1.0, 1.0, 0.995)),  # better, and not worth the risk
            Standing(phase=Phase.RESTING, rest_until=70, failures=1, rounds=1, tried=10),
        ),
        (
            SHADOW,
            live(shadow=Score(8, 1.0, 1.0, NAN)),
            Standing(phase=Phase.RESTING, rest_until=70, failures=1, rounds=1, tried=10),
        ),
        (
            OVER,
            live(shadow=GOOD),
            Standing(serving=B, previous=A, promoted=3, rounds=3, tried=30),
        ),
        (
            OVER,
            live(shadow=Score(8, 0.7, 0.9, 0.8)),  # better than what serves, and worse than what was exported
            replace(OVER, phase=Phase.RESTING, candidate=EXPORTED, rest_until=70, failures=1),
        ),
        (SHADOW, live(shadow=Score(8, 1.0, 1.0, 0.9), sure=0.0), SHADOW),  # better, but that may be luck
        (SHADOW, live(shadow=Score(31, 1.0, 1.0, 0.9), sure=-np.inf), SHADOW),
        (SHADOW, live(shadow=Score(31, 1.0, 1.0, 0.9), sure=0.001), SERVING),
        (
            SHADOW,
            live(shadow=Score(32, 1.0, 1.0, 0.9), sure=-np.inf),  # it never became sure
            Standing(phase=Phase.RESTING, rest_until=70, failures=1, rounds=1, tried=10),
        ),
        (replace(SHADOW, failures=1), live(shadow=Score(15, 1.0, 1.0, 0.9)), replace(SHADOW, failures=1)),
        (replace(SHADOW, failures=1), live(shadow=Score(16, 1.0, 1.0, 0.9)), replace(SERVING, failures=1)),
        (replace(SERVING, failures=3), live(newest=Score(6, 1.0, 1.0, 1.0)), SERVING),
        (replace(SERVING, failures=3), live(newest=Score(5, 1.0, 1.0, 1.0)), replace(SERVING, failures=3)),
        # what serves
        (SERVING, live(newest=Score(6, 1.0, 1.009, 1.0)), SERVING),
        (SERVING, live(newest=Score(5, 1.0, 1.011, 1.0)), SERVING),
        (SERVING, live(newest=Score(2, 1.0, 9.0, 1.0)), SERVING),
        (
            SERVING,
            live(newest=Score(3, 1.0, 1.03, 1.0)),  # worse by far, and soon
            Standing(phase=Phase.RESTING, rest_until=70, failures=1, promoted=1, returned=1, rounds=1, tried=10),
        ),
        (NEW, live(newest=Score(6, 1.0, 2.0, 1.0)), NEW),
        (
            SERVING,
            live(newest=Score(6, 1.0, 1.011, 1.0)),
            Standing(phase=Phase.RESTING, rest_until=70, failures=1, promoted=1, returned=1, rounds=1, tried=10),
        ),
        (
            SERVING,
            live(newest=Score(6, 1.0, NAN, 1.0)),
            Standing(phase=Phase.RESTING, rest_until=70, failures=1, promoted=1, returned=1, rounds=1, tried=10),
        ),
        (
            OVER,
            live(newest=Score(6, 1.0, 1.1, 0.5), shadow=GOOD),  # the candidate was made on top of what failed
            Standing(phase=Phase.RESTING, rest_until=70, failures=1, promoted=2, returned=1, rounds=3, tried=30),
        ),
        (
            replace(SERVING, failures=9),
            live(newest=Score(6, 1.0, 1.1, 1.0)),
            Standing(phase=Phase.RESTING, rest_until=130, failures=10, promoted=1, returned=1, rounds=1, tried=10),
        ),
        # by hand
        (NEW, Promoted(), NEW),
        (OVER, Promoted(), Standing(serving=B, previous=A, promoted=3, rounds=3, tried=30)),
        (
            OVER,
            RolledBack(40),
            Standing(phase=Phase.RESTING, serving=C, rest_until=60, failures=1, promoted=2, rounds=3, tried=30),
        ),
        (
            SERVING,
            RolledBack(40),
            Standing(phase=Phase.RESTING, previous=A, rest_until=60, failures=1, promoted=1, rounds=1, tried=10),
        ),
        (
            replace(SERVING, serving=EXPORTED, previous=A, promoted=0),
            RolledBack(40),
            replace(SERVING, phase=Phase.RESTING, rest_until=60, failures=1, promoted=0),
        ),
        (NEW, RolledBack(40), NEW),
        (SHADOW, RolledBack(40), SHADOW),
        (
            replace(NEW, phase=Phase.RESTING, rest_until=50, failures=1),
            RolledBack(40),
            replace(NEW, phase=Phase.RESTING, rest_until=50, failures=1),
        ),
        # samples
        (NEW, Counted(0), NEW),
        (OVER, Counted(30), OVER),
        (OVER, Counted(29), replace(OVER, tried=29)),
        (
            Standing(phase=Phase.RESTING, tried=5000, rest_until=5040, failures=2, rounds=9),
            Counted(5001),
            Standing(phase=Phase.RESTING, tried=5000, rest_until=5040, failures=2, rounds=9),
        ),
        (
            Standing(phase=Phase.RESTING, tried=5000, rest_until=5040, failures=2, rounds=9),
            Counted(3),  # the file of samples is a new one
            Standing(phase=Phase.RESTING, tried=3, rest_until=43, failures=2, rounds=9),
        ),
        (OVER, Reset(), NEW),
        (replace(OVER, on=False), Reset(), replace(NEW, on=False)),
        (
            OVER,
            Switched(on=False),
            replace(OVER, on=False, phase=Phase.COLLECTING, candidate=EXPORTED),
        ),
        (replace(SERVING, on=False), Switched(on=True), SERVING),
        # what the disk has lost
        (OVER, Unreadable("d" * 64), OVER),
        (OVER, Unreadable(A), replace(OVER, serving=EXPORTED)),
        (OVER, Unreadable(B), replace(OVER, candidate=EXPORTED, phase=Phase.COLLECTING)),
        (OVER, Unreadable(C), replace(OVER, previous=EXPORTED)),
    ],
)
def test_every_step(standing: Standing, event: Event, expected: Standing) -> None:
    assert after(standing, event, TERMS) == expected


@pytest.mark.parametrize(
    ("standing", "seen", "expected"),
    [
        (NEW, 0, False),
        (NEW, 9, False),
        (NEW, 10, True),
        (replace(NEW, on=False), 10, False),
        (TRAINING, 100, False),
        (SHADOW, 100, False),
        (SERVING, 14, False),
        (SERVING, 15, True),
        (replace(SERVING, phase=Phase.RESTING, rest_until=40), 39, False),
        (replace(SERVING, phase=Phase.RESTING, rest_until=40), 40, True),
    ],
)
def test_when_a_round_is_due(standing: Standing, seen: int, expected: bool) -> None:
    assert due(standing, seen, TERMS) == expected


def test_nobody_who_served_is_lost_by_rolling_back_twice() -> None:
    once = after(OVER, RolledBack(40), TERMS)
    twice = after(once, RolledBack(41), TERMS)
    assert (once.serving, twice.serving, twice.previous) == (C, EXPORTED, C)
    assert after(twice, RolledBack(42), TERMS).serving == C


def test_a_round_that_a_restart_cut_off_is_begun_anew() -> None:
    assert resumed(TRAINING).phase is Phase.COLLECTING
    assert resumed(SHADOW) == SHADOW


def test_whatever_happens_what_serves_was_decided_to() -> None:
    """Ten thousand events by chance: what serves is what was exported, or what was once in the shadow and promoted."""
    chance = random.Random(1)
    names = itertools.count()
    standing, earned = NEW, {EXPORTED}
    for step in range(10_000):
        score = Score(chance.choice([0, 8]), 1.0, chance.choice([0.8, 1.0, 1.2]), chance.choice([0.7, 0.9, 1.3, NAN]))
        events: list[Event] = [
            Began(step),
            Ended(f"{next(names):064d}", passes=chance.random() < 0.7),
            Stopped(),
            Live(step, score, score, chance.choice([-np.inf, 0.1])),
            Counted(chance.randrange(step + 1)),
            Promoted(),
            RolledBack(step),
            Reset(),
            Switched(on=chance.random() < 0.8),
            Unreadable(standing.serving),
        ]
        event = chance.choice(events)
        before, standing = standing, after(standing, event, TERMS)
        if standing.serving != before.serving:
            assert standing.serving in {before.candidate, before.previous, EXPORTED}
            earned.add(standing.serving)
        assert standing.candidate == EXPORTED or standing.phase is Phase.SHADOW
        assert standing.phase is not Phase.SHADOW or standing.candidate != EXPORTED
        assert standing.previous in earned
        if isinstance(event, Live) and before.serving != EXPORTED and score.count and score.serving > 1.01:
            assert standing.serving == EXPORTED
    assert len(earned) > 20
