"""Rounds of learning together: who is asked, how long is waited, what becomes of the answers."""

import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edge.contracts.federated import Answer, Ask, Tried
from edge.contracts.types import F32
from trainer.errors import TrainError
from trainer.federated.averaging import Average, Terms, Update, average

LOOK_S = 0.5  # between looks at who is there


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
    tried: Mapping[str, Tried]  # device -> how the weights of the round before do there
    taken: int
    seconds: float


Told = Callable[[Round, F32], None]


def conduct(fleet: Fleet, first: F32, base_sha256: str, course: Course, terms: Terms, told: Told) -> F32:
    """Learn together; the weights (N,) after the last round.

    After the last round every device tries what came of it once more, which tells how good it is. A device that is
    gone costs one deadline: in the rounds after it is asked, but not waited for, until it answers again.

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
        ask = Ask(number, number <= course.rounds, course.deadline_s, base_sha256, weights)
        found = _round(fleet, devices, ask, terms, silent)
        silent = frozenset(device for device in devices if device not in found.heard)
        weights = (weights + found.average.change).astype(np.float32)
        told(found, weights)
    return weights


def _round(fleet: Fleet, devices: Sequence[str], ask: Ask, terms: Terms, dead: frozenset[str]) -> Round:
    """Whoever did not answer in the round before is not waited for, unless nobody did."""
    begin_s = time.monotonic()
    awaited = frozenset(devices) - dead or frozenset(devices)
    heard = fleet.ask(devices, ask, awaited)
    seconds = time.monotonic() - begin_s
    answers = {device: one for device, one in heard.items() if isinstance(one, Answer)}
    updates = [Update(name, one.change, one.samples) for name, one in answers.items() if ask.learn and one.samples]
    silent = {name: _why(name, heard, ask.deadline_s) for name in devices if name not in answers}
    if ask.learn:
        silent |= {name: "it has nothing to learn from" for name, one in answers.items() if not one.samples}
    tried = {name: one.tried for name, one in answers.items() if one.tried.samples}
    taken = sum(one.taken for one in answers.values())
    made = average(updates, len(ask.weights), terms)
    return Round(ask.round, tuple(devices), tuple(heard), silent, made, tried, taken, seconds)


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
