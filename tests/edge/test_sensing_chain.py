"""One sensor's chain: states, what it learns and keeps, and bad input of every kind. No thread."""

import json
import math

import pytest

from edge.anomaly import Anomaly, AnomalySettings
from edge.contracts.errors import ModelError
from edge.contracts.sensors import SensorEventKind, SensorStatus
from edge.contracts.types import Reading, SeriesForecast
from edge.sensing.build import key, makers
from edge.sensing.chain import SensorChain
from edge.sensing.steps import Makers, NoForecaster
from edge.sensors.payload import Reader
from tests.rigs.readings import BEGIN_NS, raw
from tests.rigs.sensing import chain, feed, settings, wave


def test_nothing_is_known_of_a_sensor_that_says_nothing() -> None:
    one = chain()
    assert one.status(0.0, "") == (SensorStatus.OFFLINE, "nothing has come yet")
    assert (one.state(), one.tick(9.0), one.step_s, one.odd) == ({}, [], 0.0, False)


def test_readings_become_samples_with_forecasts() -> None:
    one = chain()
    found = feed(one, wave(100))
    assert len(found) == 100
    told = found[-1].forecast
    assert told.horizon_s == (1.0, 4.0, 12.0)
    assert told.values[0][0] == pytest.approx(wave(101)[-1], abs=1.5)
    health = one.health(100.0, "", 0)
    assert (health.status, health.readings, health.samples, health.step_s) == (SensorStatus.ONLINE, 100, 100, 1.0)
    assert 0 < health.plain_error < 1
    assert health.learnt_error > 0


def test_an_anomaly_is_an_event_with_what_was_expected_and_has_an_end() -> None:
    values = wave(200)
    values[150] += 40
    events = [sensed.event for sensed in feed(chain(), values) if sensed.event]
    begin, end = (event for event in events if event.utc_ns >= BEGIN_NS + 150 * 10**9)
    assert (begin.kind, end.kind) == (SensorEventKind.ANOMALY, SensorEventKind.NORMAL)
    assert begin.values == (values[150],)
    assert begin.expected[0] == pytest.approx(values[149], abs=2.0)
    assert begin.duration_s == 0.0
    assert end.duration_s == pytest.approx(6.0, abs=1.5)
    assert end.anomaly >= begin.anomaly >= 0.5


@pytest.mark.parametrize("content", [b"NaN", b"inf", b"warm", b"", b"\xff", b"[1,2]", b"{}"])
def test_bad_readings_are_refused_and_told_of_once(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    one = chain()
    feed(one, wave(50))
    found = [sensed for k in range(100) for sensed in one.step(raw(content, 50.0 + k))]
    assert found == []
    assert one.health(100.0, "", 0).refused == 100
    assert [record.getMessage().startswith("sensor tank: t: ") for record in caplog.records] == [True]


def test_a_stuck_sensor_is_told_and_not_forecast() -> None:
    one = chain(window={"stuck_s": 100})
    feed(one, wave(50))
    found = feed(one, [7.0] * 200, 50.0)
    assert one.status(250.0, "")[0] is SensorStatus.STUCK
    assert [bool(sensed.forecast.horizon_s) for sensed in found[-90:]] == [False] * 90
    assert [sensed.forecast.anomaly for sensed in found[-90:]] == [0.0] * 90
    assert feed(one, [8.0], 250.0)[0].forecast.horizon_s != ()
    assert one.status(251.0, "")[0] is SensorStatus.ONLINE


def test_silence_is_told_and_after_a_long_one_all_begins_anew() -> None:
    one = chain()
    feed(one, wave(100))
    assert one.status(105.0, "")[0] is SensorStatus.ONLINE
    assert one.status(115.0, "")[0] is SensorStatus.SILENT
    found = feed(one, wave(20), 5000.0)
    assert len(found) == 20
    assert not any(sensed.bridged for sensed in found)
    assert one.health(5020.0, "", 0).gaps == 1
    assert one.status(0.0, "it was unplugged") == (SensorStatus.OFFLINE, "it was unplugged")


def test_time_that_goes_back_or_jumps_changes_nothing_but_is_said(caplog: pytest.LogCaptureFixture) -> None:
    one = chain(source={"topic": "t", "time": "$.t"}, channels={"v": "$.v"})
    found = []
    for k, value in enumerate(wave(300)):
        stamp = 1_700_000_000 + k + (-7200 if k >= 100 else 0) + (10_800 if k >= 200 else 0)
        found += one.step(raw(json.dumps({"t": stamp, "v": value}), float(k)))
    assert len(found) == 300
    assert [sensed.event for sensed in found if sensed.event] == []
    told = [record.getMessage() for record in caplog.records]
    assert [text for text in told if "its clock was set by -7200 s" in text] == told[:1]


@pytest.mark.parametrize("rate", [0, -1])
def test_a_clock_that_stands_or_goes_back_is_told(rate: int, caplog: pytest.LogCaptureFixture) -> None:
    one = chain(source={"topic": "t", "time": "$.t"}, channels={"v": "$.v"})
    for k in range(100):
        one.step(raw(json.dumps({"v": k, "t": BEGIN_NS / 1e9 + rate * k}), float(k)))
    assert [record.message for record in caplog.records] == [
        "sensor tank: its times do not go on with their arrival; without `time`, readings count from that"
    ]


def test_ten_thousand_readings_at_once() -> None:
    one = chain()
    feed(one, wave(50))
    for k in range(10_000):
        one.step(raw(k, 50.0))
    assert one.health(51.0, "", 0).readings == 10_050
    assert len(feed(one, wave(5), 52.0)) >= 4


def test_a_channel_for_each_value() -> None:
    one = chain(channels={"t": "$.t", "h": "$.data[1]"})
    found = [sensed for k in range(30) for sensed in one.step(raw(f'{{"t": {k}, "data": [0, {2 * k}]}}', float(k)))]
    assert found[-1].reading.values == (29.0, 58.0)
    assert len(found[-1].forecast.values[0]) == 2


# what was learnt


def test_what_was_learnt_goes_on_exactly() -> None:
    one, values = chain(), wave(300)
    feed(one, values[:200])
    other = chain()
    other.restore(json.loads(json.dumps(one.state())))
    assert (other.step_s, other.health(0, "", 0).samples) == (1.0, 200)
    begun = feed(other, values[200:], 200.0)
    assert len(begun) == 100
    assert begun[0].forecast.horizon_s == (1.0, 4.0, 12.0)
    assert other.health(0, "", 0).plain_error == pytest.approx(one.health(0, "", 0).plain_error, abs=0.2)


def test_an_anomaly_that_lasts_over_a_restart_has_its_end() -> None:
    one, values = chain(), wave(200)
    feed(one, [*values[:100], 90.0])
    other = chain()
    other.restore(json.loads(json.dumps(one.state())))
    assert other.odd
    events = [sensed.event for sensed in feed(other, values[101:], 101.0) if sensed.event]
    assert [event.kind for event in events] == [SensorEventKind.NORMAL]


@pytest.mark.parametrize(
    "state",
    [None, 5, [], {}, {"key": "other"}, {"key": "KEY"}, {"key": "KEY", "step_s": 0}, {"key": "KEY", "step_s": "1"},
     {"key": "KEY", "step_s": 1.0, "samples": "x", "plain": 5, "score": [[1]], "learnt": "?", "anomaly": "e30=",
      "alarm": [1]}],
)  # fmt: skip
def test_a_state_that_is_of_no_use_is_not_used(state: object) -> None:
    one = chain()
    if isinstance(state, dict) and state.get("key") == "KEY":
        state = {**state, "key": key(settings())}
    one.restore(state)  # type: ignore[arg-type]
    assert one.state() == {}
    assert len(feed(one, wave(20))) == 20


def test_a_part_that_is_of_no_use_begins_anew() -> None:
    one = chain()
    feed(one, wave(100))
    state = {**one.state(), "score": [[1.0]]}
    other = chain()
    other.restore(state)
    assert other.health(0, "", 0).samples == 100
    assert math.isnan(other.health(0, "", 0).plain_error)


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        ("samples", math.inf),
        ("step_s", 1e308),
        ("alarm", [math.inf, 0.5]),
        ("alarm", [1, math.nan]),
        ("alarm", [10**400, 0.5]),
        ("score", [[-1.0, 1.0], [20.0], [10**400], [9.0, 0.1, 0.6], [9.0, 0.1, 0.6]]),
        ("score", [[-1.0, 1.0], [20.0], [1.0], [9.0, 0.1, 0.6], [9.0, 0.1, 0.6]]),
        ("score", [[100.0, 1.0], [20.0], [1e308], [9.0, 0.1, 0.6], [9.0, 0.1, 0.6]]),
        ("plain", [[-1.0], [20.0], [1.0], *[[1.0] * 3] * 4]),
        ("plain", [[100.0], [20.0], [-1.0], *[[1.0] * 3] * 4]),
    ],
)
def test_impossible_numbers_on_disk_stop_nothing(part: str, kept: object) -> None:
    one, values = chain(), wave(60)
    feed(one, values)
    other = chain()
    other.restore({**one.state(), part: kept})  # type: ignore[dict-item]
    assert len(feed(other, values, 60.0)) >= 50
    json.dumps(other.state(), allow_nan=False)


def test_what_is_learnt_belongs_to_what_is_read() -> None:
    assert key(settings()) == key(settings(publish_per_s=9, alarm={"threshold": 0.5}))
    assert key(settings()) != key(settings(channels={"v": "$.v"}))
    assert key(settings()) != key(settings(source="u"))


def scorer() -> Anomaly:
    return Anomaly(AnomalySettings())


class Oracle(NoForecaster):
    """Knows the wave; after some steps it fails, or says what is no number."""

    def __init__(self, ends: str = "") -> None:
        self._ends, self._count = ends, 0

    def step(self, reading: Reading) -> SeriesForecast | None:
        self._count += 1
        if self._count > 100 and self._ends == "fails":
            raise ModelError("the model broke")
        value = math.nan if self._count > 100 and self._ends == "nan" else 20 + 3 * math.sin(self._count / 10)
        return SeriesForecast(reading.sensor, reading.utc_ns, (1.0,), ((value,),), ((0.1,),), 0.0)


@pytest.mark.parametrize(("ends", "serving"), [("", "learnt"), ("fails", "plain"), ("nan", "plain")])
def test_the_learnt_forecast_serves_while_it_is_better_and_works(ends: str, serving: str) -> None:
    given = settings(forecast={"horizons_s": [1.0]})
    made = Makers(lambda _: Oracle(ends), scorer, 0.0, "key")
    one = SensorChain("tank", given, Reader({"value": ""}), made)
    found = feed(one, wave(200))
    health = one.health(0, "", 0)
    assert health.learnt_error < health.plain_error
    exact = 20 + 3 * math.sin(20.0)
    assert (abs(found[-1].forecast.values[0][0] - exact) < 1e-9) is (serving == "learnt")
    assert ("the model broke" in one.health(150.0, "", 0).reason) is (ends == "fails")


def test_a_models_step_goes_before_the_settings() -> None:
    given = settings(window={"step_s": 7.0})
    made = Makers(lambda _: NoForecaster(), scorer, 2.0, "key")
    assert SensorChain("tank", given, Reader({"value": ""}), made).step_s == 2.0
    assert SensorChain("tank", given, Reader({"value": ""}), makers(given)).step_s == 7.0


def test_what_is_filled_in_over_gaps_is_neither_scored_nor_learnt_from() -> None:
    one, values = chain(forecast={"horizons_s": [1.0, 4.0]}), wave(240)
    feed(one, values[:120])
    before = one.health(0, "", 0)
    found = [sensed for k in range(127, 240, 8) for sensed in one.step(raw(values[k], float(k)))]
    assert [sensed.bridged for sensed in found] == ([True] * 7 + [False]) * 15
    after = one.health(0, "", 0)
    assert (after.plain_error, after.learnt_error) == (before.plain_error, before.learnt_error)


def test_a_horizon_that_turns_out_to_be_nearer_than_a_step_is_told(caplog: pytest.LogCaptureFixture) -> None:
    feed(chain(forecast={"horizons_s": [1.0, 120.0]}), wave(30), step_s=60.0)
    told = [record.getMessage() for record in caplog.records]
    assert [text for text in told if "1 s is nearer than a step of 60 s" in text] == told[:1]
