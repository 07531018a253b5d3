"""What serves in which place, what is on trial there, and what is never taken again: values, and how they change.

Every change makes a new state, which is written as a whole (`state_file`): there is nothing in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from edge.contracts.release import Purpose, parse_version
from edge.contracts.update_state import LONGEST_DETAIL, MOST_TOLD, BlockedFile, Desired
from edge.updates.baseline import Baseline
from edge.updates.trust.refusal import Reason

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A released file that lies in the store."""

    name: str
    purpose: Purpose
    sha256: str
    utc_ns: int  # when it began to serve


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to show that it is no worse than what was before."""

    artifact: Artifact
    starts: int  # of the daemon, that found it on trial
    baseline: Baseline  # how the daemon did without it


class Action(StrEnum):
    """What an installer is still to do, after it was written down that it will be."""

    COMMIT = "keep"
    ROLL_BACK = "go_back"


@dataclass(frozen=True, slots=True)
class PendingAction:
    """An action, and the file that it is about."""

    action: Action
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class State:
    """Everything, by place. A place without a good one has what the device was shipped with."""

    good: Mapping[str, Artifact]
    trials: Mapping[str, Trial]
    pending: Mapping[str, PendingAction]
    minimum_versions: Mapping[str, str]  # the highest version that was good there: nothing older is taken
    blocked: tuple[BlockedFile, ...]  # the latest last
    desired: Desired  # that was heard last
    inconclusive: Mapping[str, Trial] = field(default_factory=dict)  # that ended for want of the broker or of cameras

    def blocked_entries(self, sha256: str) -> tuple[BlockedFile, ...]:
        """Why a file is not taken, if it was blocked."""
        return tuple(each for each in self.blocked if each.sha256 == sha256)

    def artifact_of(self, place: str, sha256: str) -> Artifact | None:
        """The one that serves in a place with this hash, or has, and is to leave."""
        pending = [self.pending[place].artifact] if place in self.pending else []
        known = [artifact for where, artifact in (*self.good.items(), *self.artifacts()) if where == place]
        return next((artifact for artifact in (*known, *pending) if artifact.sha256 == sha256), None)

    def artifacts(self) -> tuple[tuple[str, Artifact], ...]:
        """What serves now, with its place: what is on trial goes first."""
        tried = {place: trial.artifact for place, trial in self.trials.items()}
        return tuple({**self.good, **tried}.items())


EMPTY = State({}, {}, {}, {}, (), Desired("", ()))


def blocked_file(artifact: Artifact, reason: Reason, why: str, utc_ns: int) -> BlockedFile:
    """As it is written down."""
    version, detail = artifact.purpose.version, why[:LONGEST_DETAIL]
    return BlockedFile(artifact.sha256, artifact.name, version, reason.value, detail, utc_ns)


def on_trial(state: State, place: str, artifact: Artifact, baseline: Baseline) -> State:
    """It is about to be taken up."""
    return replace(state, trials=_with(state.trials, place, Trial(artifact, 0, baseline)))


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
    artifact = state.trials[place].artifact
    return replace(
        state,
        good=_with(state.good, place, artifact),
        trials=_without(state.trials, place),
        pending=_with(state.pending, place, PendingAction(Action.COMMIT, artifact)),
        minimum_versions=_raised(state, place, artifact.purpose.version),
        inconclusive=_without(state.inconclusive, place),
    )


def returned(state: State, place: str, blocked: BlockedFile) -> State:
    """It is not, and is never taken again."""
    others = tuple(each for each in state.blocked if each.sha256 != blocked.sha256)
    return replace(withdrawn(state, place), blocked=(*others, blocked)[-MOST_TOLD:])


def inconclusive(state: State, place: str) -> State:
    """The broker or cameras went away while it was on trial: it may be tried once more."""
    return replace(withdrawn(state, place), inconclusive=_with(state.inconclusive, place, state.trials[place]))


def withdrawn(state: State, place: str) -> State:
    """It could not be tried; nothing is held against it."""
    artifact = state.trials[place].artifact
    return replace(
        state,
        trials=_without(state.trials, place),
        pending=_with(state.pending, place, PendingAction(Action.ROLL_BACK, artifact)),
    )


def renamed(state: State, place: str, artifact: Artifact) -> State:
    """What is good there was released once more, under another name or version."""
    kept = replace(artifact, utc_ns=state.good[place].utc_ns)
    minimum_versions = _raised(state, place, artifact.purpose.version)
    return replace(state, good=_with(state.good, place, kept), minimum_versions=minimum_versions)


def completed(state: State, place: str) -> State:
    """The installer has done its action."""
    return replace(state, pending=_without(state.pending, place))


def lost(state: State, place: str) -> State:
    """The file of what was good is damaged: what the device was shipped with serves again."""
    return replace(state, good=_without(state.good, place))


def wanting(state: State, desired: Desired) -> State:
    """What was heard."""
    return replace(state, desired=desired)


def is_older(version: str, minimum: str) -> bool:
    """Whether a version is below the highest that was good; "" bounds nothing."""
    return bool(minimum) and parse_version(version) < parse_version(minimum)


def _raised(state: State, place: str, version: str) -> Mapping[str, str]:
    """The highest versions, with one that is good now."""
    minimum = state.minimum_versions.get(place, "")
    return _with(state.minimum_versions, place, minimum if is_older(version, minimum) else version)


def _with(values: Mapping[str, _Value], place: str, value: _Value) -> Mapping[str, _Value]:
    return MappingProxyType({**values, place: value})


def _without(values: Mapping[str, _Value], place: str) -> Mapping[str, _Value]:
    return MappingProxyType({each: value for each, value in values.items() if each != place})
