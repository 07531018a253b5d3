"""The state of the updates on disk: one file, each change of which is on disk before anything is done by it."""

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
from edge.contracts.update_state import Barred, Desired, Wish
from edge.updates.gate import Pulse
from edge.updates.state import EMPTY, Content, Duty, Owed, State, Trial
from edge.updates.store import file_name
from edge.updates.trust.refusal import RefusedError

FILE = "state.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_Value = TypeVar("_Value")


class Book:
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
        "good": [{"place": place, **_content(content)} for place, content in state.good.items()],
        "trials": [
            {"place": place, **_content(trial.content), "starts": trial.starts, "before": _pulse(trial.before)}
            for place, trial in state.trials.items()
        ],
        "doubted": [
            {"place": place, **_content(trial.content), "starts": trial.starts, "before": _pulse(trial.before)}
            for place, trial in state.doubted.items()
        ],
        "owed": [
            {"place": place, **_content(owed.content), "duty": owed.duty.value} for place, owed in state.owed.items()
        ],
        "floors": [{"place": place, "version": version} for place, version in state.floors.items()],
        "barred": [asdict(barred) for barred in state.barred],
        "desired": asdict(state.desired),
    }
    return cast("Json", value)


def _parse(told: Object) -> State:
    return State(
        good=_by_place(told, "good", _read_content),
        trials=_by_place(told, "trials", _read_trial),
        owed=_by_place(told, "owed", lambda entry: Owed(member(Duty, entry, "duty"), _read_content(entry))),
        floors=_by_place(told, "floors", _read_version),
        barred=tuple(map(_read_barred, objects(told, "barred"))),
        desired=_read_desired(below(told.get("desired"), "desired")),
        doubted=_by_place(told, "doubted", _read_trial) if "doubted" in told else {},  # older ones know of none
    )


def _by_place(told: Object, key: str, read: Callable[[Object], _Value]) -> Mapping[str, _Value]:
    return MappingProxyType({text(entry, "place"): read(entry) for entry in objects(told, key)})


def _content(content: Content) -> dict[str, object]:
    return {
        "name": content.name,
        "purpose": encode_purpose(content.purpose),
        "sha256": content.sha256,
        "utc_ns": content.utc_ns,
    }


def _read_content(entry: Object) -> Content:
    sha256 = text(entry, "sha256")
    if not _SHA256.fullmatch(sha256):
        raise MalformedError(f"{sha256!r:.80} is no SHA-256")
    name = text(entry, "name")
    try:
        file_name(name)
    except RefusedError as error:
        raise MalformedError(str(error)) from error
    return Content(name, parse_purpose(entry.get("purpose")), sha256, count(entry, "utc_ns"))


def _read_trial(entry: Object) -> Trial:
    return Trial(_read_content(entry), count(entry, "starts"), _read_pulse(below(entry.get("before"), "before")))


def _pulse(pulse: Pulse) -> dict[str, object]:
    return {**asdict(pulse), "score": None if math.isnan(pulse.score) else pulse.score}


def _read_pulse(entry: Object) -> Pulse:
    score = entry.get("score")
    return Pulse(
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


def _read_barred(entry: Object) -> Barred:
    sha256, name, version, reason, detail = (
        text(entry, key) for key in ("sha256", "name", "version", "reason", "detail")
    )
    return Barred(sha256, name, version, reason, detail, count(entry, "utc_ns"))


def _read_desired(entry: Object) -> Desired:
    wishes = tuple(Wish(text(wish, "name"), _read_version(wish)) for wish in objects(entry, "wishes"))
    return Desired(text(entry, "rollout"), wishes)
