"""The state of the updates: how it changes, and how it lies on disk."""

import json
import math
from pathlib import Path

import pytest

from edge.contracts.release import Kind, Purpose, encode_purpose
from edge.contracts.stored import StateError
from edge.contracts.update_state import MOST_TOLD, BlockedFile, Desired, Wish
from edge.updates import state as states
from edge.updates.baseline import NOTHING, Baseline
from edge.updates.state import EMPTY, Action, Artifact, State, Trial
from edge.updates.state_file import FILE, StateFile

PULSE = Baseline(10.0, 2.0, 0.0, 0.75, broker=True)
PLACE = "street.tflite"


def content(version: str = "1", number: int = 0, kind: Kind = Kind.MODEL) -> Artifact:
    task = "detector" if kind is Kind.MODEL else ""
    return Artifact("models/street.tflite", Purpose(kind, task, version, "", ("pi4",), ()), f"{number:064x}", 5)


def blocked(number: int = 0) -> BlockedFile:
    return BlockedFile(f"{number:064x}", "models/street.tflite", "1", "sick", "no frame came", 7)


def good(version: str, number: int, state: State = EMPTY) -> State:
    return states.completed(
        states.accepted(states.on_trial(state, PLACE, content(version, number), PULSE), PLACE), PLACE
    )


def full() -> State:
    state = states.on_trial(good("1", 1), PLACE, content("2", 2), PULSE)
    state = states.on_trial(state, "configuration", content("3", 3, Kind.CONFIGURATION), NOTHING)
    state = states.returned(state, "configuration", blocked(3))
    return states.wanting(states.started(state, PLACE), Desired("r1", (Wish("models/street.tflite", "2"),)))


@pytest.mark.parametrize("state", [EMPTY, good("1", 1), full()])
def test_what_is_written_is_read(tmp_path: Path, state: State) -> None:
    StateFile(tmp_path).write(state)
    assert json.loads(json.dumps(repr(StateFile(tmp_path).state))) == repr(state)  # NaN is equal to nothing
    assert StateFile(tmp_path).state.good == state.good


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    StateFile(tmp_path).write(EMPTY)
    assert list(tmp_path.iterdir()) == []


def test_a_score_of_nothing_stays_one(tmp_path: Path) -> None:
    StateFile(tmp_path).write(states.on_trial(EMPTY, PLACE, content(), NOTHING))
    assert math.isnan(StateFile(tmp_path).state.trials[PLACE].baseline.score)


def stored(name: str) -> dict[str, object]:
    """A state with one good file, that has this name."""
    good = {"place": PLACE, "name": name, "sha256": "0" * 64, "purpose": encode_purpose(content().purpose), "utc_ns": 1}
    nothing = {"rollout": "", "wishes": []}
    return {"good": [good], "trials": [], "owed": [], "floors": [], "barred": [], "desired": nothing}


def test_a_name_of_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"version": 1, "value": stored("models/a.tflite")}))
    assert StateFile(tmp_path).state.good[PLACE].name == "models/a.tflite"


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"good": [{"place": PLACE, "name": "a", "sha256": "../x", "purpose": {}, "utc_ns": 1}]},
        stored(".."),
        stored("models/.."),
        stored(""),
        {"good": [], "trials": 1, "owed": [], "floors": [], "barred": [], "desired": {}},
    ],
)
def test_what_is_damaged_is_put_aside(tmp_path: Path, value: object) -> None:
    (tmp_path / FILE).write_text(json.dumps({"version": 1, "value": value}))
    assert StateFile(tmp_path).state == EMPTY
    assert [path.name for path in tmp_path.iterdir()] == [f"{FILE}.damaged"]


def test_what_a_newer_one_wrote_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"version": 2, "value": {}}))
    with pytest.raises(StateError, match="newer"):
        StateFile(tmp_path)


def test_what_is_accepted_serves_and_is_to_be_kept() -> None:
    state = states.accepted(states.on_trial(EMPTY, PLACE, content("2", 2), PULSE), PLACE)
    assert (state.good[PLACE].sha256, state.trials, state.minimum_versions) == (f"{2:064x}", {}, {PLACE: "2"})
    assert state.pending[PLACE].action is Action.COMMIT


def test_what_is_returned_is_blocked_and_leaves_the_minimum_version() -> None:
    state = states.returned(states.on_trial(good("1", 1), PLACE, content("2", 2), PULSE), PLACE, blocked(2))
    assert (state.good[PLACE].sha256, state.trials, state.minimum_versions) == (f"{1:064x}", {}, {PLACE: "1"})
    assert state.pending[PLACE].action is Action.ROLL_BACK
    assert [each.sha256 for each in state.blocked_entries(f"{2:064x}")] == [f"{2:064x}"]
    assert state.blocked_entries(f"{1:064x}") == ()


def test_the_oldest_that_were_blocked_are_forgotten() -> None:
    state = EMPTY
    for number in range(MOST_TOLD + 2):
        state = states.returned(states.on_trial(state, PLACE, content("2", number), PULSE), PLACE, blocked(number))
    assert len(state.blocked) == MOST_TOLD
    assert state.blocked[0].sha256 == f"{2:064x}"


def test_the_minimum_version_never_sinks() -> None:
    assert good("1.5", 2, good("2", 1)).minimum_versions == {PLACE: "2"}
    assert good("10", 2, good("2", 1)).minimum_versions == {PLACE: "10"}


@pytest.mark.parametrize(
    ("version", "minimum", "older"),
    [("1", "", False), ("1", "1", False), ("1", "1.0.1", True), ("2", "10", True), ("10", "9", False)],
)
def test_older(version: str, minimum: str, older: bool) -> None:
    assert states.is_older(version, minimum) is older


def test_what_is_on_trial_goes_first() -> None:
    state = states.on_trial(good("1", 1), PLACE, content("2", 2), PULSE)
    assert [(place, each.sha256) for place, each in state.artifacts()] == [(PLACE, f"{2:064x}")]
    assert state.trials[PLACE] == Trial(content("2", 2), 0, PULSE)
