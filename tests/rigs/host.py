"""The collector's part in tests and benchmarks: stores events durably, drops duplicates, acknowledges.

`python -m tests.rigs.host PORT DATABASE BASE` runs it as a process until it is killed.
"""

import json
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.mqtt.session import no_delay
from tests.patience import patient

GROUP = 500
LINGER_S = 0.005  # gathers events for one commit and one acknowledgement


class Counts(NamedTuple):
    """What a host has seen so far."""

    received: int
    stored: int
    resent: int  # received although already stored


class Ledger:
    """The host's database: events by (stream, seq), and up to where each stream is complete. One device."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL").fetchall()
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS events"
            " (stream TEXT, seq INTEGER, body TEXT, PRIMARY KEY (stream, seq)) WITHOUT ROWID"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS complete (stream TEXT PRIMARY KEY, upto INTEGER)")
        self._upto: dict[str, int] = dict(self._db.execute("SELECT stream, upto FROM complete"))

    def store(self, bodies: list[bytes]) -> tuple[int, dict[str, int]]:
        """Store a batch, commit, and return how many were new and the acknowledgements that are now due."""
        due: dict[str, int] = {}
        before = self._db.total_changes
        self._db.execute("BEGIN")
        for body in bodies:
            event = json.loads(body)
            stream, seq = event["stream"], event["seq"]
            self._db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", (stream, seq, body))
            if event["prev"] <= self._upto.get(stream, 0):
                self._upto[stream] = max(seq, self._upto.get(stream, 0))
            due[stream] = self._upto.get(stream, 0)
        new = self._db.total_changes - before
        self._db.executemany("INSERT OR REPLACE INTO complete VALUES (?, ?)", due.items())
        self._db.execute("COMMIT")
        return new, due

    def acknowledgements(self) -> dict[str, int]:
        """Up to where each stream is complete."""
        return dict(self._upto)

    def close(self) -> None:
        self._db.close()


class Host:
    """A subscriber to `<base>/events` that acknowledges on `<base>/ack`. Use as a context manager."""

    def __init__(self, port: int, database: Path, base: str, acknowledge: bool = True) -> None:
        self.counts = Counts(0, 0, 0)
        self._port = port
        self._base = base
        self._acknowledge = acknowledge
        self._database = database
        self._inbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="host", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_socket_open = no_delay
        self._client.on_connect = self._on_connect
        self._client.on_message = lambda _client, _data, message: self._inbox.put(bytes(message.payload))
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._writer = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        self._ledger = Ledger(self._database)
        self._writer.start()
        self._client.connect_async("127.0.0.1", self._port, keepalive=10)
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._inbox.put(None)
        self._writer.join(10)
        self._ledger.close()

    def wait_subscribed(self, timeout_s: float = 30) -> None:
        """Wait until the broker passes events on to it."""
        assert self._subscribed.wait(patient(timeout_s))

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe(f"{self._base}/events", 1)
        for stream, upto in self._ledger.acknowledgements().items():
            self._send(stream, upto)

    def _send(self, stream: str, upto: int) -> None:
        if self._acknowledge:
            ack = json.dumps({"stream": stream, "upto": upto})
            self._client.publish(f"{self._base}/ack", ack, qos=1, retain=True)

    def _write(self) -> None:
        while (first := self._inbox.get()) is not None:
            time.sleep(LINGER_S)
            batch = [first]
            while len(batch) < GROUP and not self._inbox.empty():
                item = self._inbox.get()
                if item is None:
                    return
                batch.append(item)
            new, due = self._ledger.store(batch)
            received, stored, resent = self.counts
            self.counts = Counts(received + len(batch), stored + new, resent + len(batch) - new)
            for stream, upto in due.items():
                self._send(stream, upto)


def stored(database: Path) -> list[tuple[str, int, str]]:
    """All events of a host's database: stream, number, body."""
    with sqlite3.connect(database) as db:
        rows = db.execute("SELECT stream, seq, body FROM events ORDER BY stream, seq").fetchall()
    db.close()
    return rows


def wait_until(condition: Callable[[], bool], timeout_s: float = 60) -> bool:
    """Wait for a condition; returns whether it came true."""
    deadline_s = time.monotonic() + patient(timeout_s)
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.01)
    return True


def main(argv: list[str]) -> None:
    """Run until killed, and tell the counts on each line that comes in on standard input."""
    with Host(int(argv[0]), Path(argv[1]), argv[2]) as host:
        host.wait_subscribed()
        print("ready", flush=True)
        for _ in sys.stdin:
            print(json.dumps(host.counts._asdict()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
