"""Encoders against the schema, and the schema against what a reader needs."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import pytest

from edge.contracts import messages
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.learning_state import (
    NO_ERRORS,
    Errors,
    LearningState,
    Offers,
    ServedSubject,
    SubjectState,
    read_subject,
    told_subject,
    unopened,
)
from edge.contracts.messages import Stamp, wire_schema
from edge.contracts.taught import TaughtReport
from edge.contracts.types import (
    Event,
    EventKind,
    Expectation,
    Forecasts,
    Near,
    Outcome,
    PathPoint,
    Reading,
    SeriesForecast,
    Tracks,
)
from edge.events.tally import Tally
from tests.rigs.healthy import camera_health, health

UTC_NS = 1_795_000_000_123_456_789
STAMP = Stamp(camera="door", run="4f2a", seq=7, utc_ns=UTC_NS)
LABELS = ("person", "traffic light")


def checked(definition: str, payload: bytes) -> Any:
    """The payload's JSON, after the schema has accepted it."""
    told = json.loads(payload)
    schema = wire_schema()
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}).validate(told)
    return told


def tracks(count: int) -> Tracks:
    row = np.linspace(0.1, 0.9, count, dtype=np.float32)
    box = np.stack([row, row, row + 1 / 3, row + 0.1], axis=1).astype(np.float32)
    ids = np.arange(count, dtype=np.int64) + 1
    history, age = np.zeros((count, 3, 4), np.float32), np.zeros((count, 3), np.float32)
    return Tracks(ids, box, box - 1, row, ids % 2, row, row, row, row, history, age)


def forecasts(count: int, *horizon_s: float) -> Forecasts:
    box = np.full((count, len(horizon_s), 4), 2 / 3, np.float32)
    sigma = np.full((count, len(horizon_s)), 0.05, np.float32)
    return Forecasts.single(np.arange(count, dtype=np.int64) + 1, np.array(horizon_s, np.float32), box, sigma)


def encoded(some: Tracks, ahead: Forecasts, sub_labels: Mapping[int, str] | None = None) -> Any:
    return checked("tracks", messages.encode_tracks(STAMP, some, ahead, LABELS, sub_labels or {}))


def event() -> Event:
    point = PathPoint(horizon_s=0.5, box=(0.1, 0.2, 1 / 3, 0.4), sigma=0.01)
    expectation = Expectation(number=3, probability=2 / 3, eta_s=1.25, outcome=Outcome.OPEN)
    box = (0.1, 0.2, 1 / 3, 0.4)
    return Event(
        EventKind.EXPECTED, "door", 12, "person", "", 0.75, box, UTC_NS, "yard", "", (point,), expectation, None
    )  # fmt: skip


def test_no_tracks() -> None:
    assert encoded(tracks(0), forecasts(0)) == {
        "v": 1, "camera": "door", "run": "4f2a", "seq": 7, "utc_ns": UTC_NS, "tracks": [],
    }  # fmt: skip
    assert encoded(tracks(0), forecasts(0, 0.5, 1)) == encoded(tracks(0), forecasts(0))


def test_a_track_with_its_forecast() -> None:
    told = encoded(tracks(1), forecasts(1, 0.5, 3), {1: "red"})["tracks"]
    assert told == [
        {
            "id": 1, "label": "traffic light", "sub_label": "red", "score": 0.1, "seen_s": 0.1, "lost_s": 0.1,
            "box": [0.1, 0.1, 0.43333, 0.2], "velocity": [-0.9, -0.9, -0.56667, -0.8],
            "forecast": [[horizon, 0.66667, 0.66667, 0.66667, 0.66667, 0.05] for horizon in (0.5, 3)],
        }
    ]  # fmt: skip


def test_tracks_without_forecasts() -> None:
    assert [row["forecast"] for row in encoded(tracks(2), forecasts(2))["tracks"]] == [[], []]


def test_labels_that_need_escapes_and_labels_out_of_range() -> None:
    odd = 'a"\\\n%sä😀'
    payload = messages.encode_tracks(
        replace(STAMP, camera='c"%d'), tracks(2), forecasts(2, 1.0), ("person",), {1: odd, 2: "%"}
    )
    told = json.loads(payload)
    assert told["camera"] == 'c"%d'
    assert [(row["label"], row["sub_label"]) for row in told["tracks"]] == [("1", odd), ("person", "%")]


def test_rows_that_json_cannot_say_are_left_out() -> None:
    some = tracks(3)
    broken = some.velocity.copy()
    broken[1, 2] = np.nan
    assert [row["id"] for row in encoded(replace(some, velocity=broken), forecasts(3, 1.0))["tracks"]] == [1, 3]


def test_forecasts_of_other_tracks_are_refused() -> None:
    with pytest.raises(ValueError, match="match"):
        messages.encode_tracks(STAMP, tracks(2), forecasts(3, 1.0), LABELS, {})


def test_event_as_body_and_numbered() -> None:
    body = messages.encode_event(event(), "shed", "4f2a")
    told = checked("event_body", body)
    assert told["box"] == [0.1, 0.2, 0.33333, 0.4]
    assert told["forecast"] == [[0.5, 0.1, 0.2, 0.33333, 0.4, 0.01]]
    assert told["expectation"] == {"number": 3, "probability": 0.66667, "eta_s": 1.25, "outcome": "open"}
    checked("event", b'{"stream":"ab","seq":1,"prev":0,' + body[1:])


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_is_in_the_schema(kind: EventKind) -> None:
    plain = replace(event(), kind=kind, forecast=(), expectation=None, zone="")
    assert checked("event_body", messages.encode_event(plain, "shed", "r"))["kind"] == kind.value


def test_a_near_miss() -> None:
    near = replace(event(), kind=EventKind.NEAR_MISS, zone="", near=Near(13, "car", 2 / 3))
    told = checked("event_body", messages.encode_event(near, "shed", "r"))
    assert told["near"] == {"track": 13, "label": "car", "distance": 0.66667}


def test_a_score() -> None:
    fresh = checked("score", messages.encode_score(Tally(1.0).score("yard", 3.0)))
    assert (fresh["place"], fresh["questions"], fresh["skill"], fresh["reliability"]) == ("yard", 0, None, [])
    tally = Tally(1.0)
    tally.answered(0.75, True)
    tally.answered(0.75, False)
    told = checked("score", messages.encode_score(tally.score("yard", 3.0)))
    assert (told["brier"], told["reliability"]) == (0.3125, [[0.75, 0.5, 2]])


def test_what_was_taught() -> None:
    nothing = TaughtReport((), (), (), None, None, False, 0.9, 0, 0.0)
    assert checked("teach_state", messages.encode_taught(nothing, ""))["names"] == []
    report = TaughtReport(("rex", "bob"), (5, 1), ((4, 0, 1), (0, 0, 0)), 1.0, 0.8, True, 2 / 3, 30, 0.05)
    told = checked("teach_state", messages.encode_taught(report, "yard/17 is rex"))
    assert (told["confusion"], told["limit"]) == ([[4, 0, 1], [0, 0, 0]], 0.667)


def test_a_number_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        messages.encode_event(replace(event(), score=math.nan), "shed", "r")


def test_stats() -> None:
    told = checked("stats", messages.encode_stats(health(camera_health("door")), "shed", UTC_NS))
    assert told["uptime_s"] == 60.123
    assert told["temperature_c"] is None
    assert told["cameras"][0] == {
        "camera": "door", "online": True, "reason": "", "lost": 0, "captured_fps": 4.988, "detected_fps": 5.0,
        "dropped": 1, "skipped": 2, "failed": 0, "detect_ms": None, "latency_ms": 31.25,
    }  # fmt: skip


def test_sensors() -> None:
    ahead = SeriesForecast("tank", UTC_NS, (60.0, 120.0), ((1.5,), (1.25,)), ((0.1,), (0.2,)), 1 / 3)
    assert checked("reading", messages.encode_reading(Reading("tank", UTC_NS, (1 / 3,))))["values"] == [1 / 3]
    assert checked("series_forecast", messages.encode_series_forecast(ahead))["values"] == [[1.5], [1.25]]
    assert checked("anomaly", messages.encode_anomaly(ahead))["anomaly"] == 0.33333


@pytest.mark.parametrize(
    ("definition", "payload"),
    [
        ("status", messages.encode_online(True)),
        ("status", messages.encode_online(False)),
        ("switch", messages.encode_switch(True)),
        ("switch", messages.encode_switch(False)),
        ("expected", messages.encode_switch(True)),
    ],
)
def test_bare_texts(definition: str, payload: bytes) -> None:
    assert payload.decode() in wire_schema()["$defs"][definition]["enum"]


def test_counts_and_acknowledgements() -> None:
    assert checked("count", messages.encode_count(0)) == 0
    assert checked("count", messages.encode_count(12)) == 12
    assert [checked("fraction", messages.encode_fraction(one)) for one in (0.0, 1e-9, 0.123456, 1.0)] == [
        0,
        0,
        0.12346,
        1,
    ]
    assert checked("ack", messages.encode_ack("ab", 5)) == {"v": 1, "stream": "ab", "upto": 5}


def broken(change: Callable[[dict[str, Any]], object]) -> bytes:
    told = json.loads(messages.encode_tracks(STAMP, tracks(1), forecasts(1, 1.0), LABELS, {}))
    change(told)
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "payload",
    [
        broken(lambda told: told.pop("utc_ns")),
        broken(lambda told: told.update(v=2)),
        broken(lambda told: told.update(extra=1)),
        broken(lambda told: told["tracks"][0]["box"].pop()),
        broken(lambda told: told["tracks"][0]["forecast"][0].append(1)),
        broken(lambda told: told["tracks"][0].update(score="high")),
    ],
)
def test_the_schema_refuses_other_payloads(payload: bytes) -> None:
    with pytest.raises(jsonschema.ValidationError):
        checked("tracks", payload)


def test_the_schema_is_one_and_says_where_each_payload_goes() -> None:
    schema = wire_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    parts = {"box", "path", "event_body", "recognised_body", "sensor_event_body", "forecaster_score", "learn_errors"}
    assert all(found.get("title") and found.get("description") for found in schema["$defs"].values())
    assert {name for name, found in schema["$defs"].items() if "x-topic" not in found} == parts


def test_learning_in_every_state_keeps_the_schema() -> None:
    nothing = LearningState(True, "idle", "", "", 0, 0, (), {})
    assert checked("learn_state", messages.encode_learning(nothing, "pi", 1))["subjects"] == []
    errors = Errors(3, 0.5, math.nan, math.inf)
    state = SubjectState(
        "yard", "shadow", "", "", "ab" * 32, 9, 5, 4, 3, 2, 1, errors, NO_ERRORS, errors, Offers(2, 1, errors), ""
    )
    subjects = (ServedSubject(state, "street", "", 0), ServedSubject(unopened("tank", "no room"), "", "cd" * 32, 7))
    some = LearningState(False, "broken", "", "gone", 1, 2, subjects, {"door": "straight lines"})
    told = checked("learn_state", messages.encode_learning(some, "pi", 1))
    yard, tank = told["subjects"]
    assert yard["held"] == {"count": 3, "base": 0.5, "serving": None, "candidate": None}
    assert (yard["offers"]["judged"], yard["offers"]["taken"], tank["offers"]["judged"]) == (2, 1, 0)
    assert yard["offers"]["errors"] == yard["held"]
    assert (yard["serving"], yard["since_utc_ns"], tank["serving"], tank["since_utc_ns"]) == ("base", None, "learnt", 7)
    assert told["others"] == [{"name": "door", "reason": "straight lines"}]


def test_a_subject_is_read_as_it_was_told() -> None:
    errors = Errors(3, 0.5, 0.25, 0.125)
    state = SubjectState(
        "yard", "shadow", "a", "b", "c", 9, 5, 4, 3, 2, 1, errors, NO_ERRORS, errors, Offers(2, 1, errors), ""
    )
    assert read_subject(json.loads(json.dumps(told_subject(state)))) == state
    with pytest.raises(MalformedError):
        read_subject({**told_subject(state), "samples": -1})
    with pytest.raises(MalformedError):
        read_subject({**told_subject(state), "offers": [1]})
