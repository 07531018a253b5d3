"""The update machine, ended at steps by which it changes its disk: it comes back with the old or the new, whole."""

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.bench import update_faults
from tests.rigs.updating.judge import Line, faults
from tests.rigs.updating.life import Task
from tests.rigs.updating.power import Powered
from tests.rigs.updating.series import KILL, LATER, LOST, TORN, TWICE, Lives, Plan, lives
from tests.rigs.updating.stories import STORIES, STREET

NEXT, SICK = STORIES["next"], STORIES["sick"]
Last = Callable[[], dict[str, object]]
OLD, NEW, BAD = NEXT.old[STREET], NEXT.new[STREET], SICK.new[STREET]


def test_killed_now_and_then_it_comes_back_whole() -> None:
    with lives(on_card=False) as found:
        outcomes = list(found.series(["next", "sick"], Plan((KILL,), every=30)))
    assert len(outcomes) >= 10
    assert [outcome for outcome in outcomes if not outcome.killed] == []
    assert [outcome for outcome in outcomes if outcome.faults] == []


@pytest.mark.long
@pytest.mark.parametrize("story", list(STORIES))
def test_cut_off_at_every_step_it_comes_back_whole(story: str) -> None:
    with lives(on_card=True) as found:
        outcomes = list(found.series([story], Plan((LOST,), (KILL, TORN, LATER, TWICE), seldom=2)))
        assert len(outcomes) >= 1.5 * found.edges[story] > 200
    assert [outcome for outcome in outcomes if not outcome.killed] == []
    assert [outcome for outcome in outcomes if outcome.faults] == []


@pytest.fixture
def harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing ends a life."""
    run = Lives._run
    monkeypatch.setattr(Lives, "_run", lambda self, task: run(self, spared(task)))


def spared(task: Task) -> Task:
    return replace(task, kill_at=0)


@pytest.mark.usefixtures("harmless")
def test_a_life_that_nothing_ended_is_a_failure_of_the_rig() -> None:
    with lives(on_card=False) as found:
        outcomes = list(found.series(["one"], Plan((KILL,), every=60)))
    assert len(outcomes) > 0
    assert [outcome for outcome in outcomes if outcome.killed] == []


@pytest.fixture
def figures(capsys: pytest.CaptureFixture[str]) -> Iterator[Last]:
    """The last line of the benchmark."""
    before = signal.getsignal(signal.SIGTERM)
    yield lambda: json.loads(capsys.readouterr().out.splitlines()[-1])
    signal.signal(signal.SIGTERM, before)


def test_the_benchmark_counts_lives_that_were_killed(figures: Last) -> None:
    update_faults.main(["--part", "killed", "--every", "80"])
    found = figures()
    killed = found.pop("killed")
    assert isinstance(killed, dict)
    assert killed["lives_killed"] == killed["edges"] > 4
    assert found == {"edges": killed["edges"], "mixed": 0, "unended": 0}


@pytest.mark.usefixtures("harmless")
def test_the_benchmark_fails_where_nothing_was_killed(figures: Last) -> None:
    with pytest.raises(SystemExit) as ended:
        update_faults.main(["--part", "killed", "--every", "150"])
    found = figures()
    assert (ended.value.code, found["edges"], found["mixed"], found["unended"] != 0) == (1, 0, 0, True)
    assert found["killed"] == {"lives_killed": 0, "edges": 0, "mixed": 0, "unended": found["unended"]}


def test_the_last_line_sums_what_several_parts_know_of() -> None:
    assert update_faults.summed({}) == {}
    parts = {
        "killed": {"edges": 3, "mixed": 1, "unended": 0},
        "cut": {"edges": 5, "mixed": 0, "unended": 2},
        "bad": {"bad_targets": 7, "installed": 0},
    }
    assert update_faults.summed(parts) == {"edges": 8, "mixed": 1, "unended": 2, "bad_targets": 7, "installed": 0}


@pytest.mark.long
def test_power_that_was_not_cut_is_a_failure_of_the_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    order = Powered.order
    monkeypatch.setattr(Powered, "order", lambda self, line: None if line.startswith("cut") else order(self, line))
    with lives(on_card=True) as found:
        outcomes = list(found.series(["one"], Plan((LOST, LATER), every=60)))
    assert len(outcomes) > 0
    assert [outcome for outcome in outcomes if outcome.killed] == []


@pytest.mark.long
@pytest.mark.parametrize("lazy", ["file", "folder"])
def test_what_is_not_synchronised_is_seen(lazy: str) -> None:
    with lives(on_card=True, lazy=lazy) as found:
        outcomes = list(found.series(["sick"], Plan((LOST,), at_words=True)))
    assert [outcome for outcome in outcomes if outcome.faults] != []


def line(what: str, **changes: object) -> Line:
    """Of a device that has the old."""
    plain: dict[str, object] = {
        "serving": dict(NEXT.old),
        "good": dict(NEXT.old),
        "trials": {},
        "blocked": [],
        "damaged": [],
        "aside": [],
        "files": ["street.tflite", "door.yaml"],
    }
    return {"what": what, **plain, **changes}


END = line("end", serving=dict(NEXT.new), good=dict(NEXT.new))


def test_a_device_that_has_done_nothing_yet_has_no_faults() -> None:
    assert faults(NEXT, [], [line("start"), END]) == []
    assert faults(NEXT, [], []) == ["it does not come back"]


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ([], [line("start", serving={})], "neither old nor new"),
        ([], [line("start", serving={**NEXT.old, STREET: "0" * 64})], "neither old nor new"),
        ([], [line("start", aside=["state.json.damaged"])], "put aside"),
        ([], [line("start", damaged=["a"])], "not what its hash says"),
        ([], [line("start", blocked=[OLD])], "is blocked, and serves"),
        ([{"what": "activate", "sha256": NEW}], [line("start")], "nobody knows of it"),
        ([{"what": "commit", "sha256": NEW}], [line("start")], "was good, and is no more"),
        ([{"what": "roll_back", "sha256": NEW}], [line("start")], "not blocked"),
        ([line("start", trials={STREET: [NEW, 1]})], [line("start", trials={STREET: [NEW, 1]})], "1 starts"),
        ([], [line("start"), line("end")], "in the end"),
        ([], [line("start"), {**END, "blocked": [BAD]}], "in the end"),
        ([], [line("start"), {**END, "files": ["a", "b", "c"]}], "left over"),
    ],
)
def test_faults_are_seen(before: list[Line], after: list[Line], wrong: str) -> None:
    ended = after if any(each["what"] == "end" for each in after) else [*after, END]
    assert any(wrong in fault for fault in faults(NEXT, before, ended))
