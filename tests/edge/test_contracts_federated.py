"""What host and devices say to each other, and what is not believed."""

import numpy as np
import pytest

from edge.contracts.errors import MessageError
from edge.contracts.federated import (
    NOTHING,
    Answer,
    Ask,
    Outcome,
    Tried,
    heard_answer,
    heard_ask,
    told_answer,
    told_ask,
)

ASK = Ask(3, True, False, 60.0, "a" * 64, np.array([1.0, -2.0], np.float32))
ANSWER = Answer(Outcome.LEARNT, 120, np.array([0.5, 0.25], np.float32), Tried(40, 0.5, 0.6, 0.7), 1)


def test_a_question_arrives_as_it_was_asked() -> None:
    found = heard_ask(*told_ask(ASK))
    assert (found.learn, found.offered) == (True, False)
    assert (found.round, found.deadline_s, found.base_sha256) == (3, 60.0, "a" * 64)
    assert found.weights.tolist() == [1.0, -2.0]


def test_an_answer_arrives_as_it_was_given() -> None:
    found = heard_answer(*told_answer(ANSWER))
    assert (found.outcome, found.samples, found.tried, found.taken) == (Outcome.LEARNT, 120, ANSWER.tried, 1)
    assert found.change.tolist() == [0.5, 0.25]
    assert len(heard_answer(*told_answer(Answer(Outcome.TOO_LATE, 0, NOTHING, Tried(), 0))).change) == 0


@pytest.mark.parametrize(
    "weights",
    [
        np.zeros(0, np.float32),
        np.zeros((2, 1), np.float32),
        np.zeros(2, np.float64),
        np.zeros(2, np.int32),
        np.array([1.0, np.nan], np.float32),
        np.array([1.0, np.inf], np.float32),
    ],
)
def test_a_device_refuses_weights_that_are_none(weights: np.ndarray) -> None:
    with pytest.raises(MessageError, match="weights"):
        heard_ask({"weights": weights}, told_ask(ASK)[1])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"form": 2},
        {"round": -1},
        {"round": 0},
        {"round": 1 << 40},
        {"round": "1"},
        {"deadline_s": 0.0},
        {"deadline_s": float("nan")},
        {"base_sha256": 5},
        {"learn": None},
        {"offered": None},
    ],
)
def test_a_device_refuses_what_makes_no_sense(fields: dict[str, object]) -> None:
    arrays, told = told_ask(ASK)
    with pytest.raises(MessageError):
        heard_ask(arrays, {**told, **fields} if fields else {})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"form": 0},
        {"outcome": "well"},
        {"outcome": None},
        {"samples": -1},
        {"samples": 1.5},
        {"given": float("inf")},
        {"given": 1e308},
        {"serving": 1.1e9},
        {"base": -1.0},
        {"tried": True},
    ],
)
def test_the_host_refuses_what_makes_no_sense(fields: dict[str, object]) -> None:
    arrays, told = told_answer(ANSWER)
    with pytest.raises(MessageError):
        heard_answer(arrays, {**told, **fields} if fields else {})


def test_a_count_is_bounded() -> None:
    arrays, told = told_answer(ANSWER)
    found = heard_answer(arrays, {**told, "samples": 1 << 80, "taken": 1 << 80, "tried": 1 << 80})
    assert (found.samples, found.taken, found.tried.samples) == (1 << 40, 1 << 40, 1 << 40)
