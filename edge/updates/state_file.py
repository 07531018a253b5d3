"""The state of the updates on disk: one file, each change of which is on disk before anything is done by it.

Some of its keys are older than the names here, and stay: "owed" are actions that are pending, "floors" minimum
versions, "barred" files that are blocked, "doubted" trials without a verdict, "before" a baseline.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, cast

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import Object, below, count, member, number, objects, real, text
from edge.contracts.release import encode_purpose, parse_purpose, parse_version
from edge.contracts.stored import Json, Stored
from edge.contracts.update_state import BlockedFile, Desired, Wish
from edge.updates.baseline import Baseline
from edge.updates.state import EMPTY, Action, Artifact, PendingAction, State, Trial
from edge.updates.store import file_name
from edge.updates.trust.refusal import RefusedError

FILE = "state.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_Value = TypeVar("_Value")


class StateFile:
    """One process at a time writes it, one thread of it at a time; any thread may read `state`.

    Args:
        home: folder of the updates.

    Raises:
        OSError: it is there and cannot be read now.
        StateError: a newer Foresight wrote it.
    """

    def __init__(self, home: Path) -> None:
        self._stored = Stored(home / FILE)
        self._state = EMPTY
        try:
            value = self._stored.read_or_raise()
            self._state = EMPTY if value is None else _parse(below(value, "state"))
        except MalformedError as error:
            self._stored.put_aside(error)

    @property
    def state(self) -> State:
        """As it is on disk."""
        return self._state

    def write(self, state: State) -> None:
        """It is on disk when this returns. Raises OSError; then it is as it was."""
        if state != self._state:
            self._stored.write(_encode(state))
            self._state = state

    def confirm(self) -> None:
        """Write it once more: raises OSError where the disk takes nothing now."""
        self._stored.write(_encode(self._state))


def _encode(state: State) -> Json:
    value: dict[str, object] = {
        "good": [{"place": place, **_artifact(artifact)} for place, artifact in state.good.items()],
        "trials": [{"place": place, **_trial(trial)} for place, trial in state.trials.items()],
        "doubted": [{"place": place, **_trial(trial)} for place, trial in state.inconclusive.items()],
        "owed": [{"place": place, **_pending(pending)} for place, pending in state.pending.items()],
        "floors": [{"place": place, "version": version} for place, version in state.minimum_versions.items()],
        "barred": [asdict(blocked) for blocked in state.blocked],
        "desired": asdict(state.desired),
    }
    return cast("Json", value)


def _parse(told: Object) -> State:
    return State(
        good=_by_place(told, "good", _read_artifact),
        trials=_by_place(told, "trials", _read_trial),
        pending=_by_place(told, "owed", _read_pending),
        minimum_versions=_by_place(told, "floors", _read_version),
        blocked=tuple(map(_read_blocked, objects(told, "barred"))),
        desired=_read_desired(below(told.get("desired"), "desired")),
        inconclusive=_by_place(told, "doubted", _read_trial) if "doubted" in told else {},  # older ones know of none
    )


def _by_place(told: Object, key: str, read: Callable[[Object], _Value]) -> Mapping[str, _Value]:
    return MappingProxyType({text(entry, "place"): read(entry) for entry in objects(told, key)})


def _artifact(artifact: Artifact) -> dict[str, object]:
    return {
        "name": artifact.name,
        "purpose": encode_purpose(artifact.purpose),
        "sha256": artifact.sha256,
        "utc_ns": artifact.utc_ns,
    }


def _read_artifact(entry: Object) -> Artifact:
    sha256 = text(entry, "sha256")
    if not _SHA256.fullmatch(sha256):
        raise MalformedError(f"{sha256!r:.80} is no SHA-256")
    name = text(entry, "name")
    try:
        file_name(name)
    except RefusedError as error:
        raise MalformedError(str(error)) from error
    return Artifact(name, parse_purpose(entry.get("purpose")), sha256, count(entry, "utc_ns"))


def _trial(trial: Trial) -> dict[str, object]:
    return {**_artifact(trial.artifact), "starts": trial.starts, "before": _baseline(trial.baseline)}


def _read_trial(entry: Object) -> Trial:
    return Trial(_read_artifact(entry), count(entry, "starts"), _read_baseline(below(entry.get("before"), "before")))


def _pending(pending: PendingAction) -> dict[str, object]:
    return {**_artifact(pending.artifact), "duty": pending.action.value}


def _read_pending(entry: Object) -> PendingAction:
    return PendingAction(member(Action, entry, "duty"), _read_artifact(entry))


def _baseline(baseline: Baseline) -> dict[str, object]:
    return {**asdict(baseline), "score": None if math.isnan(baseline.score) else baseline.score}


def _read_baseline(entry: Object) -> Baseline:
    score = entry.get("score")
    return Baseline(
        frames_s=real(entry, "frames_s"),
        looks_s=real(entry, "looks_s"),
        failures_s=real(entry, "failures_s"),
        score=math.nan if score is None else number(score, "score"),
        broker=entry.get("broker") is True,
    )


def _read_version(entry: Object) -> str:
    version = text(entry, "version")
    parse_version(version)
    return version


def _read_blocked(entry: Object) -> BlockedFile:
    sha256, name, version, reason, detail = (
        text(entry, key) for key in ("sha256", "name", "version", "reason", "detail")
    )
    return BlockedFile(sha256, name, version, reason, detail, count(entry, "utc_ns"))


def _read_desired(entry: Object) -> Desired:
    wishes = tuple(Wish(text(wish, "name"), _read_version(wish)) for wish in objects(entry, "wishes"))
    return Desired(text(entry, "rollout"), wishes)
