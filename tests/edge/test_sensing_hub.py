"""Sensors at work on their thread: what is told, bursts, faults, memory, ends."""

import base64
import json
import logging
import math
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edge.anomaly import Anomaly, AnomalySettings
from edge.bus import LocalBus
from edge.contracts.bus import Message
from edge.contracts.sensors import SensorStatus
from edge.sensing.hub import TURN
from edge.sensing.memory import SensorMemory
from edge.sensing.outlook import Sensed
from edge.sensing.publisher import SensorPublisher
from edge.sensors.arrival import Raw
from edge.sensors.source import Offer
from tests.rigs.host import wait_until
from tests.rigs.sensing import STEP_S, TOPICS, Events, House, chain, feed, say, wave
from tests.rigs.wire_check import check_all

GRID = {"step_s": STEP_S, "hold_steps": 1000}


def test_no_sensor_is_no_thread(tmp_path: Path) -> None:
    with House(tmp_path).begin() as sensing:
        assert (sensing.due_s(), sensing.health(), sensing.ended) == ({}, (), True)


def test_readings_on_topics_are_told(tmp_path: Path) -> None:
    house = House(tmp_path, tank={"source": "shed/tank", "publish_per_s": 100, "window": GRID})
    told: list[Message] = []
    house.bus.subscribe(f"{TOPICS.base}/#", told.append)
    with house.begin() as sensing:
        say(house, sensing, "shed/tank", [*wave(150), 95])
        assert wait_until(lambda: bool(house.events.bodies))
        assert wait_until(lambda: house.ears.status.get("tank") is SensorStatus.ONLINE)
        assert sensing.due_s()["sensors"] > time.monotonic()
        assert sensing.steps_s() == {"tank": 0.01}
    by_topic: dict[str, list[bytes]] = {}
    for message in told:
        by_topic.setdefault(message.topic.removeprefix(f"{TOPICS.base}/sensor/tank/"), []).append(message.payload)
    check_all("reading", [json.loads(one) for one in by_topic["reading"]])
    check_all("series_forecast", [json.loads(one) for one in by_topic["forecast"]])
    check_all("anomaly", [json.loads(one) for one in by_topic["anomaly"]])
    check_all("sensor_event_body", [json.loads(one) for one in house.events.bodies])
    check_all("sensor_status", [one.decode() for one in by_topic["status"]])
    check_all("problem", [one.decode() for one in by_topic["problem"]])
    assert "ON" in [one.decode() for one in by_topic["problem"]]


def test_messages_come_at_a_bounded_rate(tmp_path: Path) -> None:
    house = House(tmp_path, tank={"source": "t", "publish_per_s": 2, "window": GRID},
                  mute={"source": "t", "publish_per_s": 0, "window": GRID})  # fmt: skip
    told: list[Message] = []
    house.bus.subscribe(f"{TOPICS.base}/sensor/+/reading", told.append)
    begin_s = time.monotonic()
    with house.begin() as sensing:
        say(house, sensing, "t", wave(80))
        assert wait_until(lambda: len(house.ears.heard.get("mute", [])) >= 40)
    took_s = time.monotonic() - begin_s
    assert {message.topic for message in told} == {TOPICS.reading("tank")}
    assert 1 <= len(told) <= 2 * took_s + 2


@pytest.mark.parametrize(("per_s", "readings"), [(0.0, 0), (0.001, 2)])
def test_an_event_brings_its_reading_along_where_readings_are_wanted(per_s: float, readings: int) -> None:
    bus, events, told = LocalBus(), Events(), list[Message]()
    bus.subscribe(TOPICS.reading("tank"), told.append)
    publisher = SensorPublisher(bus, events, TOPICS, "run", {"tank": per_s})
    one = chain()
    for sensed in feed(one, [*wave(100), 90.0]):
        publisher.sensed("tank", sensed)
    assert (len(told), len(events.bodies)) == (readings, 1)


def test_a_burst_is_bounded_the_newest_stay_and_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING)
    house, busy, taken = House(tmp_path, tank={"source": "t", "window": {"queue": 100}}), threading.Event(), list[int]()
    sensing = house.begin()
    one = sensing._sensors[0].chain
    step = one.step

    def slow(raw: Raw) -> list[Sensed]:
        assert busy.wait(60)
        assert isinstance(raw.content, bytes)
        taken.append(int(raw.content))
        return step(raw)

    monkeypatch.setattr(one, "step", slow)
    with sensing:
        for k in range(10_000):
            house.bus.publish("t", str(k).encode())
        assert 10_000 - 100 - TURN <= sensing.health()[0].dropped <= 10_000 - 100
        busy.set()
        assert wait_until(lambda: "the oldest were dropped" in caplog.text)
        assert wait_until(lambda: sensing.health()[0].readings + sensing.health()[0].dropped == 10_000)
    assert taken[-100:] == list(range(9_900, 10_000))


def test_one_broken_sensor_harms_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path, bad={"source": "t"}, good={"source": "u", "window": GRID})
    sensing, faults = house.begin(), list[bool]()
    broken = sensing._sensors[0].chain

    def fault(_: object) -> list[Sensed]:
        faults.append(True)
        raise ZeroDivisionError

    monkeypatch.setattr(broken, "step", fault)
    with sensing:
        for k in range(20):
            house.bus.publish("t", b"1")
            assert wait_until(lambda k=k: len(faults) > k)  # type: ignore[misc]
            house.bus.publish("u", str(k).encode())
        assert wait_until(lambda: len(house.ears.heard.get("good", [])) >= 5)
    assert "bad" not in house.ears.heard


def test_what_was_learnt_outlives_the_thread(tmp_path: Path) -> None:
    house = House(tmp_path, tank={"source": "t", "window": GRID})
    with house.begin() as sensing:
        say(house, sensing, "t", wave(40))
        assert wait_until(lambda: sensing.health()[0].samples >= 20)
        assert not (tmp_path / "sensors").exists()  # not yet
    kept = json.loads((tmp_path / "sensors" / "tank.json").read_text())["value"]
    with house.begin() as sensing:
        assert sensing.health()[0].samples == kept["samples"] >= 20
    (tmp_path / "sensors" / "tank.json").write_text("{half")
    with house.begin() as sensing:
        assert sensing.health()[0].samples == 0
    assert (tmp_path / "sensors" / "tank.json.damaged").exists()


def test_a_sensor_of_many_channels_is_kept_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    channels, rng = 16, np.random.default_rng(1)
    score = Anomaly(AnomalySettings(memory=400))
    for k in range(400):
        score.step(float(k), rng.normal(size=channels), None)
    state = {"anomaly": base64.b64encode(score.state() * 10).decode()}  # as large as with the usual memory of 4000
    memory = SensorMemory(tmp_path)
    memory.offer("rig", state)
    memory.flush()
    assert SensorMemory(tmp_path).load("rig") == state
    assert caplog.records == []


def test_a_disk_that_takes_nothing_costs_only_the_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "sensors").write_text("a file where the folder should be")
    house = House(tmp_path, tank={"source": "t", "remember_s": 1, "window": GRID})
    with house.begin() as sensing:
        say(house, sensing, "t", wave(40))
        assert wait_until(lambda: "is not kept over a restart" in caplog.text)
        assert sensing.health()[0].readings == 40


def test_recordings_end(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("time,v\n" + "".join(f"{k},{value}\n" for k, value in enumerate(wave(50))))
    house = House(tmp_path, tank={"source": {"path": str(path), "speed": 1000}})
    with house.begin() as sensing:
        assert wait_until(lambda: sensing.ended)
        assert sensing.health()[0].readings == 50


def test_a_backlog_on_a_fresh_start_is_history(tmp_path: Path) -> None:
    source = {"topic": "t", "time": "$.t"}
    house = House(tmp_path, tank={"source": source, "channels": {"v": "$.v"}, "forecast": {"learn": False}})
    now_s, values = time.time(), wave(3000)
    with house.begin() as sensing:
        for k, value in enumerate(values):
            house.bus.publish("t", json.dumps({"t": now_s - 3000 + k, "v": value}).encode())
        assert wait_until(lambda: len(house.ears.heard.get("tank", [])) >= 2_990)
        health = sensing.health()[0]
    assert (health.dropped, health.late, health.gaps, health.step_s) == (0, 0, 0, 1.0)
    heard = house.ears.heard["tank"]
    assert [round(one.reading.utc_ns / 1e9 - now_s) for one in heard[:3]] == [-3000, -2999, -2998]
    assert heard[-1].forecast.values[0][0] == pytest.approx(values[-1], abs=1.0)
    assert 0 < health.plain_error < 1


class Slow:
    """A source that says when it was asked to end, and when it was waited for."""

    due_s, trouble, ended = math.inf, "", False

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def begin(self, offer: Offer) -> None:
        self._told.append("begin")

    def end(self) -> None:
        self._told.append("end")

    def close(self, within_s: float = 1.0) -> None:
        self._told.append("close")
        time.sleep(min(within_s, 0.7))  # it hangs


def test_all_sources_are_asked_to_end_before_one_is_waited_for(tmp_path: Path) -> None:
    house = House(tmp_path, **{f"s{n}": {"source": "t"} for n in range(6)})
    told: list[str] = []
    sensing = house.begin()
    for sensor in sensing._sensors:
        sensor.source = Slow(told)
    with sensing:
        assert told == ["begin"] * 6
    assert told == ["begin"] * 6 + ["end"] * 6 + ["close"] * 6
