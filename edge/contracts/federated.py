"""What host and devices say to each other when they learn together: weights, counts and errors, never what was seen.

A round is one question to each device and its answer. Both travel as named arrays and named plain values; whoever
receives them believes nothing. Letters: N learnt numbers of the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import MessageError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import Object, count, member, real, text
from edge.contracts.trainable import MOST_NUMBERS
from edge.contracts.types import F32

FORM = 1
KIND = "train"  # of the messages that carry them
WEIGHTS, CHANGE = "weights", "change"
MOST_ROUNDS, MOST_SAMPLES = 1 << 20, 1 << 40
MOST_ERROR = 1e9  # of a mean error; what is beyond it is no error of a model
NOTHING: F32 = np.zeros(0, np.float32)
Arrays = Mapping[str, NDArray[Any]]
Fields = Mapping[str, int | float | str]


@dataclass(frozen=True, eq=False, slots=True)
class Ask:
    """Of the host: try these weights, and learn on from them."""

    round: int  # from 1 on
    learn: bool  # False: only try them
    offered: bool  # whoever finds them better may take them as its candidate; False: they are not judged yet
    deadline_s: float  # an answer that comes later is not heard
    base_sha256: str  # of the model file that the weights belong to
    weights: F32  # (N,)


@dataclass(frozen=True, slots=True)
class Tried:
    """How weights did on what a device keeps to judge by."""

    samples: int = 0
    given: float = 0.0  # mean error of the weights that it was asked to try
    serving: float = 0.0  # of those that serve there
    base: float = 0.0  # of those in the model file


class Outcome(StrEnum):
    """What became of learning on a device."""

    LEARNT = "learnt"
    UNASKED = "unasked"
    TOO_LITTLE = "too little"  # samples
    TOO_LATE = "too late"  # the deadline came first
    FAILED = "failed"  # the model did


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """Of a device."""

    outcome: Outcome
    samples: int  # that it has learnt from
    change: NDArray[Any]  # (N,) its weights less those that it was given; `NOTHING` where it has not learnt
    tried: Tried
    taken: int  # cameras and sensors that take the weights as their candidate


def told_ask(ask: Ask) -> tuple[Arrays, Fields]:
    """As it travels."""
    counts = {"form": FORM, "round": ask.round, "learn": int(ask.learn), "offered": int(ask.offered)}
    return {WEIGHTS: ask.weights}, {**counts, "deadline_s": ask.deadline_s, "base_sha256": ask.base_sha256}


def heard_ask(arrays: Arrays, fields: Object) -> Ask:
    """What a host has said.

    Raises:
        MessageError: it makes no sense; nothing of it is to be done.
    """
    try:
        _check_form(fields)
        ask = Ask(
            round=count(fields, "round"),
            learn=bool(count(fields, "learn")),
            offered=bool(count(fields, "offered")),
            deadline_s=real(fields, "deadline_s"),
            base_sha256=text(fields, "base_sha256"),
            weights=np.asarray(arrays.get(WEIGHTS, NOTHING)),
        )
    except MalformedError as error:
        raise MessageError(f"what the host asks makes no sense: {error}") from error
    sound = ask.weights.dtype == np.float32 and ask.weights.ndim == 1 and 1 <= len(ask.weights) <= MOST_NUMBERS
    if not (sound and np.isfinite(ask.weights).all()):
        raise MessageError("the host sent weights that are no finite numbers, or far too many; they are not used")
    if not (1 <= ask.round <= MOST_ROUNDS and ask.deadline_s > 0):
        raise MessageError(f"the host asks for round {ask.round} within {ask.deadline_s} s; nothing is done")
    return ask


def told_answer(answer: Answer) -> tuple[Arrays, Fields]:
    """As it travels."""
    tried = answer.tried
    counts = {"form": FORM, "samples": answer.samples, "taken": answer.taken, "tried": tried.samples}
    errors = {"given": tried.given, "serving": tried.serving, "base": tried.base}
    return {CHANGE: answer.change}, {"outcome": answer.outcome.value, **counts, **errors}


def heard_answer(arrays: Arrays, fields: Object) -> Answer:
    """What a device has said; whether its change is of any use is for whoever averages to see.

    Raises:
        MessageError: it makes no sense.
    """
    try:
        _check_form(fields)
        errors = [real(fields, name) for name in ("given", "serving", "base")]
        answer = Answer(
            outcome=member(Outcome, fields, "outcome"),
            samples=min(count(fields, "samples"), MOST_SAMPLES),
            change=np.asarray(arrays.get(CHANGE, NOTHING)),
            tried=Tried(min(count(fields, "tried"), MOST_SAMPLES), *errors),
            taken=min(count(fields, "taken"), MOST_SAMPLES),
        )
    except MalformedError as error:
        raise MessageError(f"what the device answers makes no sense: {error}") from error
    if not 0 <= min(errors) <= max(errors) <= MOST_ERROR:
        raise MessageError(f"the device tells of errors below zero or above {MOST_ERROR:g}")
    return answer


def _check_form(fields: Object) -> None:
    form = count(fields, "form")
    if form != FORM:
        raise MessageError(f"the other side speaks form {form}, and {FORM} is known here; run the same version on both")
