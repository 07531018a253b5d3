"""What serves in which place, what is on trial there, and what is never taken again: values, and how they change.

Every change makes a new state, which is written as a whole (`book`): there is nothing in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from edge.contracts.release import Purpose, parse_version
from edge.contracts.update_state import MOST_TOLD, Barred, Desired
from edge.updates.gate import Pulse

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Content:
    """A released file that lies in the store."""

    name: str
    purpose: Purpose
    sha256: str
    utc_ns: int  # when it began to serve


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to show that it is no worse than what was before."""

    content: Content
    starts: int  # of the daemon, that found it on trial
    before: Pulse  # how the daemon did without it


class Duty(StrEnum):
    """What an installer is still to do, after it was written down that it will be."""

    KEEP = "keep"
    GO_BACK = "go_back"


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty, and the file that it is about."""

    duty: Duty
    content: Content


@dataclass(frozen=True, slots=True)
class State:
    """Everything, by place. A place without a good one has what the device was shipped with."""

    good: Mapping[str, Content]
    trials: Mapping[str, Trial]
    owed: Mapping[str, Owed]
    floors: Mapping[str, str]  # the highest version that was good there: nothing older is taken
    barred: tuple[Barred, ...]  # the latest last
    desired: Desired  # that was heard last
    doubted: Mapping[str, Trial] = field(default_factory=dict)  # that ended for want of the broker or of cameras

    def barring(self, sha256: str) -> tuple[Barred, ...]:
        """Why a file is not taken, if it was barred."""
        return tuple(each for each in self.barred if each.sha256 == sha256)

    def contents(self) -> tuple[tuple[str, Content], ...]:
        """What serves now, with its place: what is on trial goes first."""
        tried = {place: trial.content for place, trial in self.trials.items()}
        return tuple({**self.good, **tried}.items())


EMPTY = State({}, {}, {}, {}, (), Desired("", ()))


def on_trial(state: State, place: str, content: Content, before: Pulse) -> State:
    """It is about to be taken up."""
    return replace(state, trials=_with(state.trials, place, Trial(content, 0, before)))


def started(state: State, place: str) -> State:
    """The daemon starts, and finds it on trial."""
    trial = state.trials[place]
    return replace(state, trials=_with(state.trials, place, replace(trial, starts=trial.starts + 1)))


def stopped(state: State, place: str) -> State:
    """The daemon was told to stop, and did: that start is not held against it."""
    trial = state.trials[place]
    return replace(state, trials=_with(state.trials, place, replace(trial, starts=max(0, trial.starts - 1))))


def accepted(state: State, place: str) -> State:
    """It is good."""
    content = state.trials[place].content
    return replace(
        state,
        good=_with(state.good, place, content),
        trials=_without(state.trials, place),
        owed=_with(state.owed, place, Owed(Duty.KEEP, content)),
        floors=_with(state.floors, place, _higher(state.floors.get(place, ""), content.purpose.version)),
        doubted=_without(state.doubted, place),
    )


def returned(state: State, place: str, barred: Barred) -> State:
    """It is not, and is never taken again."""
    others = tuple(each for each in state.barred if each.sha256 != barred.sha256)
    return replace(withdrawn(state, place), barred=(*others, barred)[-MOST_TOLD:])


def doubted(state: State, place: str) -> State:
    """The broker or cameras went away while it was on trial: it may be tried once more."""
    return replace(withdrawn(state, place), doubted=_with(state.doubted, place, state.trials[place]))


def withdrawn(state: State, place: str) -> State:
    """It could not be tried; nothing is held against it."""
    content = state.trials[place].content
    return replace(
        state,
        trials=_without(state.trials, place),
        owed=_with(state.owed, place, Owed(Duty.GO_BACK, content)),
    )


def called(state: State, place: str, content: Content) -> State:
    """What is good there was released once more, under another name or version."""
    kept = replace(content, utc_ns=state.good[place].utc_ns)
    higher = _higher(state.floors.get(place, ""), content.purpose.version)
    return replace(state, good=_with(state.good, place, kept), floors=_with(state.floors, place, higher))


def paid(state: State, place: str) -> State:
    """The installer has done its duty."""
    return replace(state, owed=_without(state.owed, place))


def lost(state: State, place: str) -> State:
    """The file of what was good is damaged: what the device was shipped with serves again."""
    return replace(state, good=_without(state.good, place))


def wanting(state: State, desired: Desired) -> State:
    """What was heard."""
    return replace(state, desired=desired)


def is_older(version: str, floor: str) -> bool:
    """Whether a version is below the highest that was good; "" bounds nothing."""
    return bool(floor) and parse_version(version) < parse_version(floor)


def _higher(one: str, other: str) -> str:
    return one if is_older(other, one) else other


def _with(values: Mapping[str, _Value], place: str, value: _Value) -> Mapping[str, _Value]:
    return MappingProxyType({**values, place: value})


def _without(values: Mapping[str, _Value], place: str) -> Mapping[str, _Value]:
    return MappingProxyType({each: value for each, value in values.items() if each != place})
