"""Learning in the running daemon: over a real broker, with a real model file, switched, killed and started again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish

from edge.learners.order import Order
from tests.rigs.broker import Broker
from tests.rigs.daemon import Daemon
from tests.rigs.learning_daemon import LIMIT_S, Gauge, configured, learner_of, tank
from tests.rigs.listener import Heard, Listener
from tests.rigs.wire_check import check_all


class Bench:
    """A broker, somebody who listens, and a gauge that publishes."""

    def __init__(self, broker: Broker, listener: Listener, gauge: Gauge) -> None:
        self.port, self.listener, self.gauge = broker.port, listener, gauge

    def send(self, payload: str) -> None:
        publish.single("foresight/dev/learn/set", payload, qos=1, hostname="127.0.0.1", port=self.port)

    def state(self, wanted: Any, after_s: float) -> Heard:
        """The first state as wanted."""
        return self.listener.wait_for(
            lambda heard: heard.topic == "learn/state" and heard.payload and wanted(heard.json), LIMIT_S, after_s
        )

    def done(self) -> None:
        check_all("learn_state", [heard.json for heard in self.listener.heard("learn/state") if heard.payload])


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Broker() as broker, Listener(broker.port, "dev") as listener:
        gauge = Gauge(broker.port)
        yield Bench(broker, listener, gauge)
        gauge.close()


def learnt(state: Any) -> bool:
    return bool(state["subjects"]) and tank(state)["serving"] == "learnt"


def scorer_of(state: Any) -> Any:
    """Its part of the learner's state."""
    return tank(state, "tank-scorer")


def learnt_scorer(state: Any) -> bool:
    return bool(scorer_of(state)["serving"] == "learnt")


def test_a_sensor_is_learnt_switched_and_reset_and_the_learner_may_die(tmp_path: Path, bench: Bench) -> None:
    with Daemon(configured(tmp_path, bench.port)) as daemon:
        at = bench.gauge.waves_until(bench.listener, learnt)
        held = tank(at.json)["held"]
        assert held["candidate"] < 0.9 * held["base"]
        bench.send("off")
        at = bench.state(lambda state: (state["enabled"], state["doing"]) == (False, "off"), at.at_s)
        assert tank(at.json)["serving"] == "learnt"
        weights = tank(at.json)["weights"]
        bench.send("rollback tank")
        at = bench.state(lambda state: tank(state)["weights"] != weights, at.at_s)
        bench.send("reset tank")  # while nothing is kept of what still comes
        at = bench.state(lambda state: (tank(state)["samples"], tank(state)["serving"]) == (0, "base"), at.at_s)
        bench.send('{"enabled": true}')
        at = bench.state(lambda state: state["enabled"] and state["doing"] in ("collecting", "training"), at.at_s)
        learner_of(daemon.process.pid).kill()
        at = bench.state(lambda state: state["doing"] == "broken" and "ended" in state["reason"], at.at_s)
        bench.gauge.wave()
        bench.listener.wait_for(lambda heard: heard.topic == "sensor/tank/forecast", LIMIT_S, at.at_s)
        bench.state(lambda state: state["restarts"] == 1 and state["doing"] in ("collecting", "training"), at.at_s)
        assert daemon.process.poll() is None
        assert daemon.stop()[0] == 0
        assert "Traceback" not in daemon.log
    bench.done()


def test_what_serves_goes_on_after_the_daemon_was_killed_while_it_learnt(tmp_path: Path, bench: Bench) -> None:
    with Daemon(configured(tmp_path, bench.port)) as daemon:
        bench.gauge.waves_until(bench.listener, learnt)
        assert daemon.stop()[0] == 0
        configured(tmp_path, bench.port, percent=1.0, epochs=1000)  # a round takes minutes
        daemon.start()
        bench.gauge.waves_until(bench.listener, lambda state: state["learning"] == "tank", daemon.started_s)
        daemon.kill()
        standing = json.loads((tmp_path / "state/learning/tank/standing.json").read_text())["value"]
        assert (standing["phase"], bool(standing["serving"])) == ("training", True)
        daemon.start()
        at = bench.state(lambda state: tank(state)["phase"], daemon.started_s)
        assert tank(at.json)["weights"] == standing["serving"]
        assert tank(at.json)["trouble"] == ""
        assert daemon.stop()[0] == 0
        assert "Traceback" not in daemon.log
    bench.done()


def test_a_scorer_learns_beside_the_forecaster_and_tells_of_a_fault(tmp_path: Path, bench: Bench) -> None:
    with Daemon(configured(tmp_path, bench.port, scorer=True)) as daemon:
        at = bench.gauge.waves_until(bench.listener, lambda state: state["subjects"] and learnt_scorer(state))
        assert scorer_of(at.json)["held"]["candidate"] < 0.9 * scorer_of(at.json)["held"]["base"]
        assert tank(at.json)["samples"] > 0
        assert bench.listener.heard("events") == []
        tasks = Order.decode(learner_of(daemon.process.pid).cmdline()[-2]).sensors
        assert [(task.name, round(task.share, 3)) for task in tasks] == [("tank", 0.667), ("tank-scorer", 0.667)]
        bench.gauge.rattle()
        odd = bench.listener.wait_for(lambda heard: heard.topic == "events", LIMIT_S)
        assert (odd.json["kind"], odd.json["sensor"]) == ("anomaly", "tank")
        bench.listener.wait_for(lambda heard: heard.topic == "sensor/tank/anomaly" and heard.json["anomaly"] >= 0.5)
        bench.gauge.wave()
        end = bench.listener.wait_for(lambda heard: heard.topic == "events", LIMIT_S, odd.at_s + 1e-6)
        assert end.json["kind"] == "normal"
        bench.send("reset tank-scorer")
        bench.state(lambda state: scorer_of(state)["serving"] == "base", at.at_s)
        assert daemon.stop()[0] == 0
        assert "Traceback" not in daemon.log
    check_all("sensor_event", [heard.json for heard in bench.listener.heard("events")])
    check_all("anomaly", [heard.json for heard in bench.listener.heard("sensor/tank/anomaly")])
    bench.done()
