"""Durable events per second against paho alone, and what is lost when the daemon and the broker are killed."""

import argparse
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings
from edge.outbox.outbox import Outbox
from edge.outbox.sender import Sender
from edge.outbox.settings import Forget, OutboxSettings
from tests.bench.report import parser, show
from tests.rigs.broker import Broker
from tests.rigs.host import Counts, wait_until

DEVICE = "bench"
BASE = f"foresight/{DEVICE}"
PAYLOAD_BYTES = 300
ROUNDS = 5
PER_SECOND = 500.0
AHEAD = 2000  # events that the producer may be ahead of the disk


class Faults(NamedTuple):
    """What a series of kills did."""

    accepted: int
    lost: int
    duplicates: int
    resent: int  # the most after any one kill


class HostProcess:
    """The host of `tests.rigs.host` in a process of its own."""

    def __init__(self, port: int, database: Path) -> None:
        command = [sys.executable, "-m", "tests.rigs.host", str(port), str(database), BASE]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._out.readline() == "ready\n"

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def counts(self) -> Counts:
        """What it has seen so far."""
        assert self._process.stdin is not None
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        return Counts(**json.loads(self._out.readline()))

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


class Device:
    """One life of the device of `tests.rigs.device`; knows what it has accepted."""

    def __init__(self, port: int, folder: Path, life: int) -> None:
        self.life = life
        self.accepted = 0
        command = [sys.executable, "-m", "tests.rigs.device", str(port), str(folder), DEVICE, str(life)]
        self._process = subprocess.Popen([*command, str(PER_SECOND)], stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """kill -9; what it had printed by then counts."""
        self._process.kill()
        self._process.wait(10)
        self._reader.join(10)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line.endswith("\n"):
                    self.accepted = int(line)


def body(size: int) -> bytes:
    """An event as the chain makes it, padded so that it has `size` bytes once it is numbered."""
    number = len('"stream":"","seq":10000,"prev":10000,') + 32
    empty = len(json.dumps({"kind": "new", "padding": ""}))
    return json.dumps({"kind": "new", "padding": "x" * (size - empty - number)}).encode()


def durable_rate(port: int, folder: Path, events: int) -> float:
    """Events per second from `put` until the host has stored and acknowledged the last one."""
    mqtt = MqttSettings(host="127.0.0.1", port=port, device=DEVICE)
    settings = OutboxSettings(forget=Forget.HOST_ACK)
    payload = body(PAYLOAD_BYTES)
    with (
        MqttLink(mqtt) as link,
        Outbox(folder / "outbox.db", settings) as outbox,
        Sender(outbox, link, f"{BASE}/ack", settings) as sender,
    ):
        assert link.wait_connected(10)
        began_s = time.perf_counter()
        for number in range(1, events + 1):
            ticket = outbox.put(f"{BASE}/events", payload)
            if number % 500 == 0:
                assert outbox.accepted(ticket - AHEAD, 60)
        assert wait_until(lambda: sender.stats().acked >= events, 120)
        return events / (time.perf_counter() - began_s)


def paho_rate(port: int, stream: str, events: int) -> float:
    """Events per second from the first `publish` until the last PUBACK: nothing on disk, nobody has stored it yet."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(20)
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert wait_until(client.is_connected)
    rest = body(PAYLOAD_BYTES)[1:]
    began_s = time.perf_counter()
    for seq in range(1, events + 1):
        payload = b'{"stream":"%s","seq":%d,"prev":%d,' % (stream.encode(), seq, seq - 1) + rest
        info = client.publish(f"{BASE}/events", payload, qos=1)
    info.wait_for_publish(120)
    rate = events / (time.perf_counter() - began_s)
    client.disconnect()
    client.loop_stop()
    return rate


def rates(events: int) -> tuple[list[float], list[float]]:
    """Five interleaved rounds, a fresh broker and host in each, the same host connected to both contestants."""
    ours, theirs = [], []
    for number in range(ROUNDS):
        for who in ("durable", "paho") if number % 2 == 0 else ("paho", "durable"):
            with _setting() as (broker, host, folder):
                del host
                if who == "durable":
                    ours.append(durable_rate(broker.port, folder, events))
                else:
                    theirs.append(paho_rate(broker.port, f"{number:032}", events))
    return ours, theirs


def faults(kills: int, seed: int, least: int = 0) -> Faults:
    """`kills` times kill -9 of the daemon and as many of the broker, mixed, at random points, at 500 events/s.

    It goes on until `least` events were accepted, for two minutes at most.
    """
    chance = random.Random(seed)
    order = ["daemon", "broker"] * kills
    chance.shuffle(order)
    with _setting() as (broker, host, folder):
        lives, worst, before = [Device(broker.port, folder, 0)], 0, 0
        for who in order:
            time.sleep(chance.uniform(0.3, 2.5))
            resent = host.counts().resent
            worst, before = max(worst, resent - before), resent
            if who == "daemon":
                lives[-1].kill()
                lives.append(Device(broker.port, folder, len(lives)))
            else:
                broker.kill()
                time.sleep(chance.uniform(0.0, 0.5))
                broker.start()
        time.sleep(2.0)
        wait_until(lambda: sum(life.accepted for life in lives) >= least, 120)
        lives[-1].kill()
        drain = Device(broker.port, folder, len(lives))  # delivers what the last one left behind
        accepted = {(life.life, n) for life in lives for n in range(1, life.accepted + 1)}
        wait_until(lambda: accepted <= set(_seen(folder / "host.db")), 240)
        drain.kill()
        seen = _seen(folder / "host.db")
        worst = max(worst, host.counts().resent - before)
    return Faults(len(accepted), len(accepted - set(seen)), len(seen) - len(set(seen)), worst)


@contextmanager
def _setting() -> Iterator[tuple[Broker, HostProcess, Path]]:
    with tempfile.TemporaryDirectory() as name, Broker() as broker:
        host = HostProcess(broker.port, Path(name) / "host.db")
        try:
            yield broker, host, Path(name)
        finally:
            host.kill()


def _seen(database: Path) -> list[tuple[int, int]]:
    db = sqlite3.connect(database)
    rows = db.execute("SELECT json_extract(body, '$.life'), json_extract(body, '$.n') FROM events").fetchall()
    db.close()
    return rows


def main(argv: list[str]) -> None:
    """Run it."""
    options: argparse.ArgumentParser = parser("outbox", __doc__ or "")
    options.add_argument("--events", type=int, default=10_000, help="events in each round (%(default)s)")
    options.add_argument("--kills", type=int, default=20, help="of the daemon, and as many of the broker (%(default)s)")
    options.add_argument("--seed", type=int, default=1, help="of when to kill whom (%(default)s)")
    chosen = options.parse_args(argv)
    ours, theirs = rates(chosen.events)
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    killed = faults(chosen.kills, chosen.seed)
    figures = {
        "ratio_to_paho": round(ratio, 3),
        "events_per_s": round(statistics.median(ours)),
        "lost": killed.lost,
        "duplicates": killed.duplicates,
        "resent": killed.resent,
        "accepted": killed.accepted,
        "paho_events_per_s": round(statistics.median(theirs)),
    }
    rows: list[list[object]] = [[key, value] for key, value in figures.items()]
    show("outbox: durable delivery", ["figure", "value"], rows, figures)
