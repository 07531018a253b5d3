"""Thousands of hostile messages and packets: whether a thread of the daemon dies, or anything changes.

- Messages go through a real mosquitto to every topic that the daemon listens to: random bytes, deep and huge JSON,
  invalid UTF-8, a megabyte, numbers that are none, nearly right acknowledgements, all of it also retained.
- Packets come from a broker that is none: random and cut ones, wrong lengths, invalid topics, from a new connection
  each time.

Afterwards the daemon must have as many threads as before, every state must be as it was, no event may be gone from its
outbox, and it must still do what it is told. `log_lines_per_s` is what it wrote meanwhile.
"""

import contextlib
import json
import random
import sqlite3
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.bench.report import parser, show
from tests.rigs.broker import Broker
from tests.rigs.clips import walker
from tests.rigs.daemon import Daemon
from tests.rigs.host import wait_until
from tests.rigs.listener import Listener
from tests.rigs.wire import CONNACK_5, CONNACK_311, Line, RawServer, connect_level, packet, publish

DEVICE = "bench"
BASE = f"foresight/{DEVICE}"
THINGS = ("enabled", "detection", "threshold", "snapshot", "colour", "")
LARGE = 1 << 20
SHARE_OF_LARGE = 0.02
LIMIT_S = 30.0
Chance = random.Random


def topics(chance: Chance) -> str:
    """One that the daemon listens to, or nearly."""
    camera = chance.choice(["yard", "device", "zone", "x" * 200, "ä", "..", "yard "])
    some = [
        f"{BASE}/ack",
        f"{BASE}/available",
        f"{BASE}/{camera}/{chance.choice(THINGS)}/set",
        f"{BASE}/yard/{chance.choice(THINGS)}/set",
        f"{BASE}/device/reload/set",
        f"{BASE}/teach",
        "homeassistant/status",
    ]
    return chance.choice(some)


def payload(chance: Chance, stream: str) -> bytes:
    """Something that nobody should send."""
    if chance.random() < SHARE_OF_LARGE:
        return chance.choice([b"\x00" * LARGE, b"[" * LARGE, b'{"a":' * (LARGE // 5), b"9" * LARGE])
    return chance.choice(PAYLOADS)(chance, stream)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


PAYLOADS: list[Callable[[Chance, str], bytes]] = [
    lambda chance, _: b"\x80" + chance.randbytes(chance.randrange(200)),
    lambda chance, _: b"\xff\xfe" * chance.randrange(50),
    lambda chance, _: b"[" * chance.randrange(5000) + b"]" * chance.randrange(5000),
    lambda chance, _: chance.choice([b"on", b"OFF ", b" ON", b"1.01", b"NaN", b"-inf", b"1e999", b"2", b"-0.1"]),
    lambda chance, stream: _json({"v": chance.choice([1, 2, -1, None, "1"]), "stream": stream, "upto": 2**70}),
    lambda _, stream: _json({"v": 1, "stream": stream, "upto": 2**62}),
    lambda _, stream: _json({"v": 1, "stream": stream, "upto": -1}),
    lambda chance, stream: _json({"v": 1, "stream": stream[:-1], "upto": chance.randrange(100)}),
    lambda _, stream: _json({"v": 1, "stream": [stream], "upto": True}),
    lambda chance, _: _json({"v": 1, "stream": "\x00" * chance.randrange(3000), "upto": 1}),
    lambda _, stream: _json({"v": 1, "stream": stream, "upto": 1})[:-2],
    lambda chance, _: _json({"camera": "yard", "track": chance.choice([-1, 2**70, "1", 7]), "label": "\x00"}),
    lambda chance, _: _json({"forget": "x" * chance.randrange(3000)}),
    lambda _, __: b"",
    lambda _, __: b"online",  # ten thousand births
]


def packets(chance: Chance) -> bytes:
    """Bytes that look like an MQTT packet from afar."""
    kind = chance.choice([0x20, 0x30, 0x31, 0x32, 0x34, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0, 0xE0, 0xF0, 0x00])
    body = chance.choice(
        [
            chance.randbytes(chance.randrange(100)),
            struct.pack(">H", chance.randrange(65536)) + chance.randbytes(20),
            b"\x00\x04\xff\xfe\xff\xfe" + chance.randbytes(8),
            b"\x00\x03a/+" + chance.randbytes(5),
            b"",
        ]
    )
    length = chance.choice([bytes([len(body)]), b"\xff\xff\xff\xff", bytes([chance.randrange(128)])])
    return bytes([kind]) + length + body


@contextlib.contextmanager
def daemon(folder: Path, port: int) -> Iterator[Daemon]:
    """A running daemon that keeps its events until the host says so, which no host does."""
    clip = folder / "walker.mp4"
    if not clip.exists():
        walker(clip)
    config = {
        "device": {"state_dir": str(folder / f"state-{port}")},
        "mqtt": {"host": "127.0.0.1", "port": port, "device": DEVICE, "reconnect_max_s": 0.05},
        "outbox": {"forget": "host_ack"},
        "cameras": {"yard": {"source": {"path": str(clip), "loop": True}}},
    }
    path = folder / f"foresight-{port}.yaml"
    path.write_text(json.dumps(config))  # which is YAML too
    with Daemon(path) as running:
        yield running


def threads(running: Daemon) -> int:
    """How many it has."""
    return len(list(Path(f"/proc/{running.process.pid}/task").iterdir()))


def stored(folder: Path, port: int) -> tuple[str, list[int]]:
    """The stream, and the numbers of the events that an outbox holds."""
    path = folder / f"state-{port}" / "outbox.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        stream = str(db.execute("SELECT stream FROM meta").fetchone()[0])
        return stream, [int(row[0]) for row in db.execute("SELECT seq FROM events ORDER BY seq")]


def states(listener: Listener) -> dict[str, bytes]:
    """What the daemon last said of everything that a command could change."""
    told = {heard.topic: heard.payload for heard in listener.heard()}
    return {
        topic: last for topic, last in told.items() if topic.endswith(("/state", "/status")) or topic == "available"
    }


def by_messages(folder: Path, count: int) -> tuple[int, int, float]:
    """Threads that died, states that changed, and lines a second in the log."""
    chance = random.Random(7)
    with (
        Broker(("max_queued_messages 0",)) as broker,
        Listener(broker.port, DEVICE) as listener,
        daemon(folder, broker.port) as running,
    ):
        listener.wait_for(lambda heard: heard.topic == "events", LIMIT_S)
        listener.wait_for(lambda heard: heard.topic == "stats", LIMIT_S)  # by now every thread runs
        before, alive, lines = states(listener), threads(running), running.log.count("\n")
        stream, held = stored(folder, broker.port)
        begin_s = time.monotonic()
        attack(broker.port, chance, count, stream)
        rate = (running.log.count("\n") - lines) / (time.monotonic() - begin_s)
        wait_until(lambda: states(listener) == before, 10)
        after = states(listener)
        changed = sum(after.get(topic) != told for topic, told in before.items())
        changed += len(after.keys() - before.keys())
        now_stream, now_held = stored(folder, broker.port)
        changed += now_stream != stream or now_held != list(range(held[0], now_held[-1] + 1))
        died = max(0, alive - threads(running)) + (running.process.poll() is not None)
        died += not obeys(broker.port, listener)
        running.stop()
    return died, changed, rate


def attack(port: int, chance: Chance, count: int, stream: str) -> None:
    """Send it all, and wait until the broker has it."""
    attacker = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    attacker.connect("127.0.0.1", port)
    attacker.loop_start()
    for number in range(count):
        said = attacker.publish(topics(chance), payload(chance, stream), qos=1, retain=chance.random() < 0.1)
        if number % 50 == 0:
            said.wait_for_publish(LIMIT_S)
    said.wait_for_publish(LIMIT_S)
    attacker.disconnect()
    attacker.loop_stop()


def obeys(port: int, listener: Listener) -> bool:
    """Whether it still does what it is told, and tells what it sees."""
    begin_s = time.monotonic()
    sender = paho.Client(CallbackAPIVersion.VERSION2)
    sender.connect("127.0.0.1", port)
    sender.loop_start()
    sender.publish(f"{BASE}/yard/threshold/set", b"0.25", qos=1).wait_for_publish(10)
    sender.disconnect()
    sender.loop_stop()
    try:
        listener.wait_for(lambda heard: (heard.topic, heard.payload) == ("yard/threshold/state", b"0.25"), 20, begin_s)
        listener.wait_for(lambda heard: heard.topic == "yard/tracks", 20, begin_s)
        listener.wait_for(lambda heard: heard.topic == "events", LIMIT_S, begin_s)
    except AssertionError:
        return False
    return True


def by_packets(folder: Path, count: int) -> int:
    """How many threads have died after so many packets of a broker that is none."""
    chance, sent, good = random.Random(8), 0, []

    def serve(line: Line) -> None:
        nonlocal sent
        level = connect_level(packet(line))
        line.sendall(CONNACK_5 if level == 5 else CONNACK_311)
        if sent < count:
            some = [packets(chance) for _ in range(chance.randrange(1, 30))]
            sent += len(some)
            line.sendall(b"".join(some))
            line.settimeout(0.02)
        else:
            line.sendall(publish(f"{BASE}/yard/threshold/set".encode(), b"0.25", level == 5))
        while heard := packet(line):
            if sent >= count and b"yard/threshold/state" in heard and b"0.25" in heard:
                good.append(heard)

    with RawServer(serve) as server, daemon(folder, server.port) as running:
        obeyed = wait_until(lambda: bool(good), 300)
        died = (not obeyed) + (running.process.poll() is not None)
        running.stop()
    return died


def main(argv: list[str]) -> None:
    """Run it."""
    options = parser("hostile", (__doc__ or "").splitlines()[0])
    options.add_argument("--messages", type=int, default=10_000, help="through a real broker (%(default)s)")
    options.add_argument("--packets", type=int, default=2_000, help="from a broker that is none (%(default)s)")
    chosen = options.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        died, changed, rate = by_messages(Path(folder), chosen.messages)
        died += by_packets(Path(folder), chosen.packets)
    figures = {
        "messages": chosen.messages,
        "packets": chosen.packets,
        "dead_threads": died,
        "state_changes": changed,
        "log_lines_per_s": round(rate, 2),
    }
    rows: list[list[object]] = [[key, value] for key, value in figures.items()]
    show("Hostile messages and packets", ["figure", "value"], rows, figures)
