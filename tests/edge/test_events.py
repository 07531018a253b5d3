from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from edge.contracts.errors import ConfigError
from edge.contracts.types import Event, EventKind, Forecasts, Tracks
from edge.events.log import EventLog
from edge.events.settings import EventSettings, ExpectSettings, LabelFilter, LineSettings, ZoneSettings
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from tests.rigs.tracks import at, tracks

LABELS = ["person", "car"]
YARD = ZoneSettings(name="yard", points=((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)))
GATE = LineSettings(name="gate", points=((0.7, 0.9), (0.7, 0.1)))
FORECASTER = ConstantVelocity(ForecastSettings())

NEW, UPDATE, END = EventKind.NEW, EventKind.UPDATE, EventKind.END
ENTERED, LEFT, LOITERING, CROSSED = EventKind.ENTERED, EventKind.LEFT, EventKind.LOITERING, EventKind.CROSSED


def log(zones: Sequence[ZoneSettings] = (YARD,), lines: Sequence[LineSettings] = (), **settings: Any) -> EventLog:
    """Without expectations, with the delays of the defaults."""
    quiet = ExpectSettings(enabled=False)
    return EventLog("door", LABELS, EventSettings(expected=quiet, **settings), zones, lines)


def step(under: EventLog, now: Tracks, t_s: float, sub_labels: Mapping[int, str] | None = None) -> list[Event]:
    return under.step(now, FORECASTER.forecast(now), sub_labels or {}, t_s, round(t_s * 1e9))


Seen = tuple[float, Tracks]


def lived(under: EventLog, seen: Sequence[Seen]) -> list[tuple[float, str, str]]:
    """Time, kind and zone of all that happens."""
    return [(t_s, event.kind.value, event.zone) for t_s, now in seen for event in step(under, now, t_s)]


def path(*where: tuple[float, float, float], **columns: Any) -> list[Seen]:
    """One object seen at these times and places (t, x, y)."""
    return [(t_s, tracks([at(x, y)], **columns)) for t_s, x, y in where]


def still(x: float, y: float, until_s: float, *, start_s: float = 0.0, dt: float = 0.2, **columns: Any) -> list[Seen]:
    """One object that stands there."""
    return path(*((round(t, 3), x, y) for t in np.arange(start_s, until_s, dt)), **columns)


def nothing(*times_s: float) -> list[Seen]:
    return [(t_s, Tracks.empty()) for t_s in times_s]


def test_nothing_ever_happens() -> None:
    under = log()
    assert lived(under, nothing(0.0, 0.2, 5.0)) == []
    assert under.counts() == {"": {}, "yard": {}}
    assert under.close(0) == []


def test_no_zones_at_all() -> None:
    assert lived(log(zones=()), still(0.4, 0.4, 0.5)) == [(0.4, "new", "")]


@pytest.mark.parametrize(
    ("seen", "happened"),
    [
        (still(0.1, 0.9, 0.3), []),
        (still(0.1, 0.9, 0.5) + nothing(0.6), [(0.4, "new", "")]),
        (
            still(0.1, 0.9, 0.5) + nothing(0.6, 0.8, 1.3, 5.0),
            [(0.4, "new", ""), (1.3, "end", "")],
        ),
        (still(0.1, 0.9, 0.5) + nothing(0.6) + path((0.9, 0.1, 0.9)) + nothing(1.2), [(0.4, "new", "")]),
        (
            still(0.4, 0.5, 0.9) + nothing(1.0, 2.0),
            [(0.4, "new", ""), (0.4, "entered", "yard"), (2.0, "left", "yard"), (2.0, "end", "")],
        ),
        (
            path((0.0, 0.1, 0.5), (0.1, 0.1, 0.5), (0.7, 0.15, 0.5), (0.75, 0.3, 0.5), (2.0, 0.4, 0.5), (2.1, 0.8, 0.5),
                 (2.2, 0.8, 0.5), (2.5, 0.8, 0.5)),
            [(0.7, "new", ""), (2.0, "entered", "yard"), (2.5, "left", "yard")],
        ),
    ],
    ids=["two looks", "three looks", "a whole life", "gone for a moment", "vanishes inside", "irregular times"],
)  # fmt: skip
def test_lives(seen: list[Seen], happened: list[tuple[float, str, str]]) -> None:
    assert lived(log(), seen) == happened


@pytest.mark.parametrize(
    ("scores", "becomes_one"),
    [
        ([], False),
        ([0.9, 0.9], False),
        ([0.6, 0.6, 0.6], True),
        ([0.9, 0.4, 0.4], False),
        ([0.4, 0.9, 0.9], True),
        ([0.9, 0.4, 0.4, 0.9, 0.9], True),
        ([0.1, 0.9, 0.1, 0.9, 0.1], False),
        ([0.1, 0.9, 0.1, 0.9, 0.1, 0.6], True),
    ],
)
def test_the_median_of_three_scores_decides(scores: list[float], becomes_one: bool) -> None:
    under = log(default=LabelFilter(min_score=0.3, threshold=0.5))
    seen = [(n * 0.2, tracks([at(0.4, 0.5)], score=score)) for n, score in enumerate(scores)]
    kinds = [kind for _, kind, _ in lived(under, seen)]
    assert ("new" in kinds) == becomes_one
    assert under.counts()[""] == ({"person": 1} if becomes_one else {})


def test_what_never_was_an_object_ends_without_a_word() -> None:
    under = log()
    assert lived(under, still(0.4, 0.5, 3.0, score=0.35) + nothing(3.0, 9.0)) == []
    assert under.counts() == {"": {}, "yard": {}}


@pytest.mark.parametrize(
    ("settings", "labels"),
    [
        ({}, ["person", "car"]),
        ({"labels": ("car",)}, ["car"]),
        ({"filters": {"person": LabelFilter(threshold=0.95)}}, ["car"]),
        ({"filters": {"person": LabelFilter(min_area=0.05)}}, ["car"]),
        ({"filters": {"car": LabelFilter(max_area=0.001)}}, ["person"]),
    ],
)
def test_filters_by_label(settings: dict[str, Any], labels: list[str]) -> None:
    under = log(**settings)
    now = tracks([at(0.4, 0.5), at(0.8, 0.8)], label=[0, 1])
    told = [event for n in range(5) for event in step(under, now, n * 0.2)]
    assert [event.label for event in told if event.kind == NEW] == labels


def test_an_impossible_filter_is_refused() -> None:
    with pytest.raises(ValidationError):
        LabelFilter(min_area=0.5, max_area=0.1)


def test_labels_of_a_zone_and_of_a_line() -> None:
    yard, gate = YARD.model_copy(update={"labels": ("car",)}), GATE.model_copy(update={"labels": ("car",)})
    under = log([yard], [gate])
    told = []
    for n, x in enumerate((0.4, 0.4, 0.4, 0.4, 0.6, 0.8, 0.9, 0.9, 0.9)):
        told += step(under, tracks([at(x, 0.5), at(x, 0.5)], label=[0, 1]), n * 0.2)
    assert {event.track for event in told if event.zone} == {2}
    assert [event.kind for event in told if event.zone] == [ENTERED, LEFT, CROSSED]


def test_an_event_says_all_there_is() -> None:
    under = log()
    now = tracks([at(0.4, 0.5)], ids=[17], score=0.8, velocity=[[0.1, 0, 0.1, 0]])
    told = [event for n in range(3) for event in step(under, now, 5 + n * 0.2, {17: "postman"})]
    event = told[0]
    assert (event.kind, event.camera, event.track, event.label, event.sub_label) == (
        NEW,
        "door",
        17,
        "person",
        "postman",
    )
    assert event.score == pytest.approx(0.8)
    assert event.box == tuple(now.box[0].tolist())
    assert (event.utc_ns, event.zone, event.direction, event.expectation) == (5_400_000_000, "", "", None)
    assert [point.horizon_s for point in event.forecast] == [0.5, 1.0, 2.0, 3.0]
    assert event.forecast[1].box == pytest.approx(at(0.5, 0.5), abs=1e-6)


def test_the_end_keeps_the_last_box_and_has_no_forecast() -> None:
    under = log()
    told = [event for t_s, now in still(0.8, 0.8, 1.0) + nothing(1.0, 2.0) for event in step(under, now, t_s)]
    assert told[-1].kind == END
    assert told[-1].box == pytest.approx(at(0.8, 0.8))
    assert told[-1].forecast == ()


def test_updates_keep_their_interval() -> None:
    happened = lived(log(update_interval_s=2.0), still(0.8, 0.8, 7.0))
    assert happened == [(0.4, "new", ""), (2.4, "update", ""), (4.4, "update", ""), (6.4, "update", "")]


def test_updates_follow_what_changes_but_not_faster_than_the_gap() -> None:
    under = log(update_interval_s=60.0, update_gap_s=1.0)
    now = tracks([at(0.8, 0.8)])
    told = [(n, event) for n in range(40) for event in step(under, now, n * 0.1, {1: f"name {n}"} if n > 20 else {})]
    assert [(n, event.kind) for n, event in told] == [(2, NEW), (21, UPDATE), (31, UPDATE)]


def test_a_move_is_worth_an_update() -> None:
    happened = lived(log(), still(0.8, 0.8, 2.0) + still(0.9, 0.8, 4.0, start_s=2.0))
    assert happened == [(0.4, "new", ""), (2.0, "update", "")]


def test_loitering_once_a_stay() -> None:
    under = log([YARD.model_copy(update={"loiter_s": 3.0})])
    happened = lived(
        under, still(0.4, 0.5, 9.0) + still(0.9, 0.9, 11.0, start_s=9.0) + still(0.4, 0.5, 16.0, start_s=11.0)
    )
    zone = [(t_s, kind) for t_s, kind, name in happened if name]
    assert zone == [(0.4, "entered"), (3.0, "loitering"), (9.4, "left"), (11.4, "entered"), (14.0, "loitering")]


@pytest.mark.parametrize("fps", [2.0, 5.0, 30.0])
def test_flapping_at_a_border_makes_no_storm(fps: float) -> None:
    random = np.random.default_rng(4)
    under = log([YARD], [GATE])
    near = [(n / fps, 0.6 + random.normal(0, 0.0015), 0.4 + random.normal(0, 0.005)) for n in range(int(60 * fps))]
    on_line = [(60 + t_s, 0.7 + x - 0.6, y) for t_s, x, y in near]
    zone = [kind for _, kind, name in lived(under, path(*near, *on_line)) if name]
    assert zone.count("entered") <= 1
    assert zone.count("left") <= 1
    assert zone.count("crossed") <= 1


def test_crossing_both_ways_and_along() -> None:
    under = log([], [GATE])
    ways = [0.6, 0.6, 0.65, 0.8, 0.85, 0.9, 0.9, 0.6, 0.5, 0.5, 0.5]
    told = [event for n, x in enumerate(ways) for event in step(under, tracks([at(x, 0.5)]), n * 0.2)]
    crossed = [(event.zone, event.direction) for event in told if event.kind == CROSSED]
    assert crossed == [("gate", "forward"), ("gate", "backward")]
    along = path(*((n * 0.2, 0.69, 0.1 + n * 0.05) for n in range(16)))
    assert [kind for _, kind, _ in lived(log([], [GATE]), along) if kind == "crossed"] == []


def test_who_crosses_before_proving_to_be_an_object_is_told_after() -> None:
    seen = path((0.0, 0.6, 0.5), (0.1, 0.8, 0.5), (0.2, 0.85, 0.5), (0.3, 0.9, 0.5), (0.4, 0.9, 0.5))
    assert lived(log([], [GATE]), seen) == [(0.2, "new", ""), (0.4, "crossed", "gate")]


def test_a_coasting_track_neither_enters_nor_leaves() -> None:
    inside, guessed = still(0.4, 0.5, 1.0), still(0.9, 0.9, 5.0, start_s=1.0, lost_s=1.0)
    under = log()
    assert [kind for _, kind, _ in lived(under, inside + guessed)] == ["new", "entered"]
    assert under.counts() == {"": {"person": 1}, "yard": {"person": 1}}


def test_counts_follow_and_return_to_zero() -> None:
    under = log()
    both = tracks([at(0.4, 0.5), at(0.5, 0.5), at(0.9, 0.9)], label=[0, 0, 1])
    lived(under, [(n * 0.2, both) for n in range(4)])
    assert under.counts() == {"": {"car": 1, "person": 2}, "yard": {"person": 2}}
    lived(under, still(0.4, 0.5, 2.0, start_s=0.8))
    assert under.counts() == {"": {"car": 0, "person": 1}, "yard": {"person": 1}}
    lived(under, nothing(2.0, 3.0))
    assert under.counts() == {"": {"car": 0, "person": 0}, "yard": {"person": 0}}


def test_counts_agree_with_entered_and_left() -> None:
    random, under, balance = np.random.default_rng(8), log(), 0
    for n in range(300):
        present = random.choice(8, random.integers(0, 8), replace=False)
        now = tracks([at(*random.uniform(0.1, 0.9, 2)) for _ in present], ids=(present + 8 * (n // 60)).tolist())
        for event in step(under, now, n * 0.4):
            balance += {ENTERED: 1, LEFT: -1}.get(event.kind, 0)
        assert under.counts()["yard"].get("person", 0) == balance
    balance -= sum(event.kind == LEFT for event in under.close(0))
    assert balance == 0


def test_closing_ends_everything_and_what_comes_after_is_new() -> None:
    under = log()
    lived(under, still(0.4, 0.5, 1.0))
    assert [(event.kind, event.zone, event.utc_ns) for event in under.close(77)] == [(LEFT, "yard", 77), (END, "", 77)]
    assert under.counts() == {"": {"person": 0}, "yard": {"person": 0}}
    assert under.close(78) == []
    assert [kind for _, kind, _ in lived(under, still(0.4, 0.5, 2.0, start_s=1.2))] == ["new", "entered"]


def test_a_change_of_label_is_counted_and_told() -> None:
    under = log(update_interval_s=60.0)
    happened = lived(under, still(0.4, 0.5, 2.0) + still(0.4, 0.5, 4.0, start_s=2.0, label=1))
    assert happened == [(0.4, "new", ""), (0.4, "entered", "yard"), (2.0, "update", "")]
    assert under.counts() == {"": {"car": 1, "person": 0}, "yard": {"car": 1, "person": 0}}


def test_what_turns_out_to_be_no_business_of_the_zone_leaves_it_even_at_its_border() -> None:
    under = log([YARD.model_copy(update={"labels": ("person",)})])
    at_border = still(0.599, 0.5, 2.0) + still(0.599, 0.5, 3.0, start_s=2.0, label=1)
    assert [(t_s, kind) for t_s, kind, zone in lived(under, at_border) if zone] == [(0.4, "entered"), (2.4, "left")]


def test_feet_below_the_picture_are_in_the_zone_at_its_edge() -> None:
    floor = ZoneSettings(name="floor", points=((0, 0.8), (1, 0.8), (1, 1), (0, 1)))
    assert lived(log([floor]), still(0.5, 1.02, 0.9)) == [(0.4, "new", ""), (0.4, "entered", "floor")]


def test_the_centre_may_count_instead_of_the_foot() -> None:
    seen = still(0.4, 0.65, 0.9)
    assert [zone for *_, zone in lived(log(anchor="foot"), seen)] == [""]
    assert [zone for *_, zone in lived(log(anchor="centre"), seen)] == ["", "yard"]


def test_one_name_for_two_is_refused() -> None:
    with pytest.raises(ConfigError, match="yard"):
        log([YARD], [LineSettings(name="yard", points=((0, 0), (1, 1)))])


def test_nothing_given_is_written_to() -> None:
    under = log([YARD], [GATE])
    now = tracks([at(0.4, 0.5), at(0.65, 0.5)], velocity=[[0.1, 0, 0.1, 0]] * 2)
    ahead = FORECASTER.forecast(now)
    given = [getattr(now, name) for name in Tracks.__slots__] + [getattr(ahead, name) for name in Forecasts.__slots__]
    before = [column.copy() for column in given]
    for column in given:
        column.flags.writeable = False
    for n in range(20):
        under.step(now, ahead, {}, n * 0.2, n)
    assert all((column == old).all() for column, old in zip(given, before, strict=True))
