"""The update machine, ended at steps by which it changes its disk: it comes back with the old or the new, whole."""

import pytest

from tests.rigs.updating.judge import Line, faults
from tests.rigs.updating.series import KILL, LATER, LOST, TORN, TWICE, Plan, lives
from tests.rigs.updating.stories import STORIES, STREET

NEXT, SICK = STORIES["next"], STORIES["sick"]
OLD, NEW, BAD = NEXT.old[STREET], NEXT.new[STREET], SICK.new[STREET]


def test_killed_now_and_then_it_comes_back_whole() -> None:
    with lives(on_card=False) as found:
        outcomes = list(found.series(["next", "sick"], Plan((KILL,), every=30)))
    assert len(outcomes) >= 10
    assert [outcome for outcome in outcomes if outcome.faults] == []


@pytest.mark.long
@pytest.mark.parametrize("story", list(STORIES))
def test_cut_off_at_every_step_it_comes_back_whole(story: str) -> None:
    with lives(on_card=True) as found:
        outcomes = list(found.series([story], Plan((LOST,), (KILL, TORN, LATER, TWICE), seldom=2)))
        assert len(outcomes) >= 1.5 * found.edges[story] > 200
    assert [outcome for outcome in outcomes if outcome.faults] == []


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
        "barred": [],
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
        ([], [line("start", barred=[OLD])], "is barred, and serves"),
        ([{"what": "take_up", "sha256": NEW}], [line("start")], "nobody knows of it"),
        ([{"what": "keep", "sha256": NEW}], [line("start")], "was good, and is no more"),
        ([{"what": "go_back", "sha256": NEW}], [line("start")], "not barred"),
        ([line("start", trials={STREET: [NEW, 1]})], [line("start", trials={STREET: [NEW, 1]})], "1 starts"),
        ([], [line("start"), line("end")], "in the end"),
        ([], [line("start"), {**END, "barred": [BAD]}], "in the end"),
        ([], [line("start"), {**END, "files": ["a", "b", "c"]}], "left over"),
    ],
)
def test_faults_are_seen(before: list[Line], after: list[Line], wrong: str) -> None:
    ended = after if any(each["what"] == "end" for each in after) else [*after, END]
    assert any(wrong in fault for fault in faults(NEXT, before, ended))
