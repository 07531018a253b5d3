"""Rounds of learning together: who is asked, how long is waited, what becomes of the answers.

A round is two questions: learn on from the weights that the host stands by; then try what came of it. What the devices
find no worse takes the place of those weights, and is offered to all with the first question of the next round.
"""

import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from edge.contracts.federated import Answer, Ask, Outcome, Tried
from edge.contracts.types import F32
from trainer.errors import TrainError
from trainer.federated.averaging import Average, Terms, Update, average
from trainer.federated.verdict import UNCHANGED, Verdict, verdict

LOOK_S = 0.5  # between looks at who is there
LEARNING, TRYING = 2 / 3, 1 / 3  # of the deadline of a round
NOT_LEARNT: Mapping[Outcome, str] = {
    Outcome.UNASKED: "it has not learnt",
    Outcome.TOO_LITTLE: "it has too little to learn from",
    Outcome.TOO_LATE: "it had not done learning by the deadline",
    Outcome.FAILED: "its model failed while it learnt",
}


class Fleet(Protocol):
    """The devices, as they can be reached now."""

    def devices(self) -> Sequence[str]:
        """Who is there."""

    def ask(self, devices: Sequence[str], ask: Ask, awaited: Container[str]) -> Mapping[str, Answer | str]:
        """The answers that came within `ask.deadline_s`, or why there is none; a device may be missing.

        Whoever is not awaited is asked as well, but only heard as long as the others take.
        """


@dataclass(frozen=True, slots=True)
class Course:
    """How often, and how long is waited."""

    rounds: int = 5
    deadline_s: float = 600.0  # of a round; whoever answers later is left out of it
    patience_s: float = 3600.0  # for enough devices to be there, before a round
    expected: int = 2  # devices, for whom the first round waits as long; with fewer than the minimum nothing begins


@dataclass(frozen=True, eq=False, slots=True)
class Round:
    """What became of one."""

    number: int
    asked: tuple[str, ...]
    heard: tuple[str, ...]  # whoever said anything
    silent: Mapping[str, str]  # device -> why it is not counted
    average: Average
    verdict: Verdict
    before: Mapping[str, Tried]  # device -> how the weights do there that the round began with
    after: Mapping[str, Tried]  # those that came of it
    taken: int  # cameras and sensors that took them as their candidate
    seconds: float


Told = Callable[[Round, F32], None]


def conduct(fleet: Fleet, first: F32, base_sha256: str, course: Course, terms: Terms, told: Told) -> F32:
    """Learn together; the weights (N,) after the last round.

    After the last round every device is offered what came of it once more. A device that is gone costs one deadline: in
    the rounds after it is asked, but not waited for, until it answers again.

    Args:
        fleet: the devices.
        first: (N,) weights to begin with.
        base_sha256: of the model file.
        course: how often.
        terms: of averaging.
        told: hears of every round as soon as it has ended, and of the weights after it.

    Raises:
        TrainError: too few devices came.
    """
    weights, silent = np.array(first, np.float32), frozenset[str]()
    for number in range(1, course.rounds + 2):
        wanted = course.expected if number == 1 else terms.minimum
        devices = _gathered(fleet, max(wanted, terms.minimum), terms.minimum, course.patience_s)
        learn = number <= course.rounds
        ask = Ask(number, learn, True, course.deadline_s * (LEARNING if learn else 1.0), base_sha256, weights)
        found = _round(fleet, devices, ask, terms, silent)
        silent = frozenset(device for device in devices if device not in found.heard)
        weights = _changed(weights, found.average) if found.verdict.accepted else weights
        told(found, weights)
    return weights


def _round(fleet: Fleet, devices: Sequence[str], ask: Ask, terms: Terms, dead: frozenset[str]) -> Round:
    """Whoever did not answer in the round before is not waited for, unless nobody did."""
    begin_s = time.monotonic()
    awaited = frozenset(devices) - dead or frozenset(devices)
    heard = fleet.ask(devices, ask, awaited)
    answers = _answers(heard)
    learnt = {name: one for name, one in answers.items() if ask.learn and one.outcome is Outcome.LEARNT}
    made = average([Update(name, one.change, one.samples) for name, one in learnt.items()], len(ask.weights), terms)
    before, after = _tried(answers), _tried_out(fleet, list(answers), ask, made)
    judged = verdict(before, after, terms.minimum) if made.used else UNCHANGED
    silent = {name: _why(name, heard, ask.deadline_s) for name in devices if name not in answers}
    if ask.learn:
        silent |= {name: NOT_LEARNT[one.outcome] for name, one in answers.items() if name not in learnt}
    seconds = time.monotonic() - begin_s
    taken = sum(one.taken for one in answers.values())
    return Round(ask.round, tuple(devices), tuple(heard), silent, made, judged, before, after, taken, seconds)


def _tried_out(fleet: Fleet, names: Sequence[str], ask: Ask, made: Average) -> Mapping[str, Tried]:
    """How what came of a round does on those who answered; of nothing, nobody is asked."""
    if not made.used:
        return {}
    deadline_s = ask.deadline_s * TRYING / LEARNING
    trial = replace(ask, learn=False, offered=False, deadline_s=deadline_s, weights=_changed(ask.weights, made))
    return _tried(_answers(fleet.ask(names, trial, frozenset(names))))


def _changed(weights: F32, made: Average) -> F32:
    found: F32 = (weights + made.change).astype(np.float32)
    return found


def _answers(heard: Mapping[str, Answer | str]) -> Mapping[str, Answer]:
    return {device: one for device, one in heard.items() if isinstance(one, Answer)}


def _tried(answers: Mapping[str, Answer]) -> Mapping[str, Tried]:
    return {name: one.tried for name, one in answers.items() if one.tried.samples}


def _why(device: str, heard: Mapping[str, Answer | str], deadline_s: float) -> str:
    found = heard.get(device)
    return found if isinstance(found, str) else f"no answer within {deadline_s:g} s"


def _gathered(fleet: Fleet, wanted: int, minimum: int, patience_s: float) -> Sequence[str]:
    """Who is there, as soon as so many are as are wanted, or when patience ends."""
    end_s = time.monotonic() + patience_s
    while len(devices := fleet.devices()) < wanted:
        left_s = end_s - time.monotonic()
        if left_s <= 0:
            break
        time.sleep(min(LOOK_S, left_s))
    if len(devices) < minimum:
        raise TrainError(
            f"{len(devices)} devices came within {patience_s:g} s, and {minimum} are needed; look whether "
            "`foresight federate` runs on them and reaches this machine"
        )
    return devices
