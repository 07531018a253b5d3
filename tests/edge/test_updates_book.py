"""The state of the updates: how it changes, and how it lies on disk."""

import json
import math
from pathlib import Path

import pytest

from edge.contracts.release import Kind, Purpose, encode_purpose
from edge.contracts.stored import StateError
from edge.contracts.update_state import MOST_TOLD, Barred, Desired, Wish
from edge.updates import state as states
from edge.updates.book import FILE, Book
from edge.updates.gate import NOTHING, Pulse
from edge.updates.state import EMPTY, Content, Duty, State, Trial

PULSE = Pulse(10.0, 2.0, 0.0, 0.75, broker=True)
PLACE = "street.tflite"


def content(version: str = "1", number: int = 0, kind: Kind = Kind.MODEL) -> Content:
    task = "detector" if kind is Kind.MODEL else ""
    return Content("models/street.tflite", Purpose(kind, task, version, "", ("pi4",), ()), f"{number:064x}", 5)


def barred(number: int = 0) -> Barred:
    return Barred(f"{number:064x}", "models/street.tflite", "1", "sick", "no frame came", 7)


def good(version: str, number: int, state: State = EMPTY) -> State:
    return states.paid(states.accepted(states.on_trial(state, PLACE, content(version, number), PULSE), PLACE), PLACE)


def full() -> State:
    state = states.on_trial(good("1", 1), PLACE, content("2", 2), PULSE)
    state = states.on_trial(state, "configuration", content("3", 3, Kind.CONFIGURATION), NOTHING)
    state = states.returned(state, "configuration", barred(3))
    return states.wanting(states.started(state, PLACE), Desired("r1", (Wish("models/street.tflite", "2"),)))


@pytest.mark.parametrize("state", [EMPTY, good("1", 1), full()])
def test_what_is_written_is_read(tmp_path: Path, state: State) -> None:
    Book(tmp_path).write(state)
    assert json.loads(json.dumps(repr(Book(tmp_path).state))) == repr(state)  # NaN is equal to nothing
    assert Book(tmp_path).state.good == state.good


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    Book(tmp_path).write(EMPTY)
    assert list(tmp_path.iterdir()) == []


def test_a_score_of_nothing_stays_one(tmp_path: Path) -> None:
    Book(tmp_path).write(states.on_trial(EMPTY, PLACE, content(), NOTHING))
    assert math.isnan(Book(tmp_path).state.trials[PLACE].before.score)


def stored(name: str) -> dict[str, object]:
    """A state with one good file, that has this name."""
    good = {"place": PLACE, "name": name, "sha256": "0" * 64, "purpose": encode_purpose(content().purpose), "utc_ns": 1}
    nothing = {"rollout": "", "wishes": []}
    return {"good": [good], "trials": [], "owed": [], "floors": [], "barred": [], "desired": nothing}


def test_a_name_of_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"version": 1, "value": stored("models/a.tflite")}))
    assert Book(tmp_path).state.good[PLACE].name == "models/a.tflite"


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
    assert Book(tmp_path).state == EMPTY
    assert [path.name for path in tmp_path.iterdir()] == [f"{FILE}.damaged"]


def test_what_a_newer_one_wrote_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"version": 2, "value": {}}))
    with pytest.raises(StateError, match="newer"):
        Book(tmp_path)


def test_what_is_accepted_serves_and_is_to_be_kept() -> None:
    state = states.accepted(states.on_trial(EMPTY, PLACE, content("2", 2), PULSE), PLACE)
    assert (state.good[PLACE].sha256, state.trials, state.floors) == (f"{2:064x}", {}, {PLACE: "2"})
    assert state.owed[PLACE].duty is Duty.KEEP


def test_what_is_returned_is_barred_and_leaves_the_floor() -> None:
    state = states.returned(states.on_trial(good("1", 1), PLACE, content("2", 2), PULSE), PLACE, barred(2))
    assert (state.good[PLACE].sha256, state.trials, state.floors) == (f"{1:064x}", {}, {PLACE: "1"})
    assert state.owed[PLACE].duty is Duty.GO_BACK
    assert [each.sha256 for each in state.barring(f"{2:064x}")] == [f"{2:064x}"]
    assert state.barring(f"{1:064x}") == ()


def test_the_oldest_that_were_barred_are_forgotten() -> None:
    state = EMPTY
    for number in range(MOST_TOLD + 2):
        state = states.returned(states.on_trial(state, PLACE, content("2", number), PULSE), PLACE, barred(number))
    assert len(state.barred) == MOST_TOLD
    assert state.barred[0].sha256 == f"{2:064x}"


def test_the_floor_never_sinks() -> None:
    assert good("1.5", 2, good("2", 1)).floors == {PLACE: "2"}
    assert good("10", 2, good("2", 1)).floors == {PLACE: "10"}


@pytest.mark.parametrize(
    ("version", "floor", "older"),
    [("1", "", False), ("1", "1", False), ("1", "1.0.1", True), ("2", "10", True), ("10", "9", False)],
)
def test_older(version: str, floor: str, older: bool) -> None:
    assert states.is_older(version, floor) is older


def test_what_is_on_trial_goes_first() -> None:
    state = states.on_trial(good("1", 1), PLACE, content("2", 2), PULSE)
    assert [(place, each.sha256) for place, each in state.contents()] == [(PLACE, f"{2:064x}")]
    assert state.trials[PLACE] == Trial(content("2", 2), 0, PULSE)
