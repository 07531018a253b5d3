"""What host and devices say to each other when they learn together: weights, counts and errors, never what was seen.

A round is one question to each device and its answer. Both travel as named arrays and named plain values; whoever
receives them believes nothing. Letters: N learnt numbers of the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import MessageError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import Object, count, real, text
from edge.contracts.trainable import MOST_NUMBERS
from edge.contracts.types import F32

FORM = 1
KIND = "train"  # of the messages that carry them
WEIGHTS, CHANGE = "weights", "change"
MOST_ROUNDS, MOST_SAMPLES = 1 << 20, 1 << 40
NOTHING: F32 = np.zeros(0, np.float32)
Arrays = Mapping[str, NDArray[Any]]
Fields = Mapping[str, int | float | str]


@dataclass(frozen=True, eq=False, slots=True)
class Ask:
    """Of the host: try these weights, and learn on from them."""

    round: int  # from 1 on
    learn: bool  # False after the last round: only try them
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


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """Of a device."""

    samples: int  # that it has learnt from; 0: it has not learnt
    change: NDArray[Any]  # (N,) its weights less those that it was given; `NOTHING` where it has not learnt
    tried: Tried
    taken: int  # cameras and sensors that take the weights as their candidate


def told_ask(ask: Ask) -> tuple[Arrays, Fields]:
    """As it travels."""
    fields = {"form": FORM, "round": ask.round, "learn": int(ask.learn), "deadline_s": ask.deadline_s}
    return {WEIGHTS: ask.weights}, {**fields, "base_sha256": ask.base_sha256}


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
    fields = {"form": FORM, "samples": answer.samples, "taken": answer.taken, "tried": tried.samples}
    errors = {"given": tried.given, "serving": tried.serving, "base": tried.base}
    return {CHANGE: answer.change}, {**fields, **errors}


def heard_answer(arrays: Arrays, fields: Object) -> Answer:
    """What a device has said; whether its change is of any use is for whoever averages to see.

    Raises:
        MessageError: it makes no sense.
    """
    try:
        _check_form(fields)
        errors = [real(fields, name) for name in ("given", "serving", "base")]
        answer = Answer(
            samples=min(count(fields, "samples"), MOST_SAMPLES),
            change=np.asarray(arrays.get(CHANGE, NOTHING)),
            tried=Tried(min(count(fields, "tried"), MOST_SAMPLES), *errors),
            taken=count(fields, "taken"),
        )
    except MalformedError as error:
        raise MessageError(f"what the device answers makes no sense: {error}") from error
    if min(errors) < 0:
        raise MessageError("the device tells of errors below zero")
    return answer


def _check_form(fields: Object) -> None:
    form = count(fields, "form")
    if form != FORM:
        raise MessageError(f"the other side speaks form {form}, and {FORM} is known here; run the same version on both")
