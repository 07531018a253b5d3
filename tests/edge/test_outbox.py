"""The outbox on a real disk: what is stored, what is dropped, and what happens to damaged files."""

import json
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from edge.bus import LocalBus
from edge.contracts.bus import Message
from edge.contracts.errors import ConfigError
from edge.outbox.outbox import BODY_LIMIT_BYTES, Outbox
from edge.outbox.pending import Pending
from edge.outbox.sender import Sender
from edge.outbox.settings import Forget, OutboxSettings
from edge.outbox.store import Entry, Priority, open_store
from tests.rigs.host import Ledger, wait_until

TOPIC = "foresight/dev/events"
ACK = "foresight/dev/ack"
BY_HOST = OutboxSettings(forget=Forget.HOST_ACK)
SMALL = OutboxSettings(forget=Forget.HOST_ACK, limit_bytes=2**18, window=10)


def body(number: int, size: int = 20) -> bytes:
    return json.dumps({"n": number, "padding": "x" * size}).encode()


def fill(outbox: Outbox, count: int, priority: Priority = Priority.NORMAL, size: int = 300) -> None:
    ticket = 0
    for number in range(1, count + 1):
        ticket = outbox.put(TOPIC, body(number, size), priority)
        if number % 200 == 0:
            assert outbox.accepted(ticket, 60)
    assert outbox.accepted(ticket, 60)


def seqs(outbox: Outbox) -> list[int]:
    return [row.seq for row in outbox.read(0, 1_000_000)[1]]


def test_empty(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox:
        stream, rows = outbox.read(0, 10)
        assert len(stream) == 32
        assert rows == []
        assert outbox.stats()[1:] == (0, 0, 0, "")


def test_keeps_events_over_a_restart_and_never_reuses_a_number(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox:
        assert outbox.accepted(outbox.put(TOPIC, body(1)), 60)
        assert outbox.accepted(outbox.put(TOPIC, body(2)), 60)
        stream = outbox.stats().stream
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox:
        assert outbox.read(0, 10) == (stream, [(1, TOPIC, body(1)), (2, TOPIC, body(2))])
        outbox.forget(stream, 2)
        assert wait_until(lambda: outbox.stats().rows == 0)
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox:
        assert outbox.accepted(outbox.put(TOPIC, body(3)), 60)
        assert seqs(outbox) == [3]


def test_forgets_only_numbers_of_its_own_stream(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox:
        fill(outbox, 2)
        stream = outbox.stats().stream
        outbox.forget("another", 2)
        outbox.forget(stream, 3)  # never given out
        fill(outbox, 1)
        assert seqs(outbox) == [1, 2, 3]


def test_closing_writes_what_was_put(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox:
        for number in range(1200):
            outbox.put(TOPIC, body(number))
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox:
        assert outbox.stats().rows == 1200


@pytest.mark.parametrize("wrong", [b"", b"[]", b"{" + b" " * BODY_LIMIT_BYTES])
def test_refuses_what_is_no_event(tmp_path: Path, wrong: bytes) -> None:
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox, pytest.raises(ValueError, match="JSON object"):
        outbox.put(TOPIC, wrong)


def test_full_drops_the_oldest_and_counts_exactly(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", SMALL) as outbox:
        fill(outbox, 2000)
        kept, stats = seqs(outbox), outbox.stats()
        assert stats.dropped == 2000 - len(kept) > 0
        assert stats.rows == len(kept)
        assert kept[: SMALL.window] == list(range(1, SMALL.window + 1))  # these may be with the host already
        assert kept[SMALL.window :] == list(range(kept[SMALL.window], 2001))
        assert (tmp_path / "o.db").stat().st_size <= SMALL.limit_bytes
    with Outbox(tmp_path / "o.db", SMALL) as outbox:
        assert outbox.stats().dropped == stats.dropped


def test_full_drops_the_lowest_priority_first(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", SMALL) as outbox:
        fill(outbox, 100, Priority.HIGH)
        fill(outbox, 100, Priority.NORMAL)
        fill(outbox, 2000, Priority.LOW)
        kept = seqs(outbox)
        assert kept[:200] == list(range(1, 201))
        fill(outbox, 2000, Priority.HIGH)
        kept = seqs(outbox)
        assert min(seq for seq in kept if seq > SMALL.window) > 2200
        assert outbox.stats().dropped == 4200 - len(kept)


def test_full_of_important_events_drops_the_new_unimportant_one(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", SMALL) as outbox:
        fill(outbox, 2000, Priority.HIGH)
        before = seqs(outbox)
        fill(outbox, 1000, Priority.LOW)
        after = seqs(outbox)
        assert after[: len(before)] == before
        assert outbox.stats().dropped == 3000 - len(after) > 3000 - len(before) - 1000


def test_forgotten_events_make_room_before_any_is_dropped(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", SMALL) as outbox:
        stream = outbox.stats().stream
        for upto in range(200, 4001, 200):
            fill(outbox, 200)
            outbox.forget(stream, upto)
        assert outbox.stats().dropped == 0


@pytest.mark.parametrize("damage", [b"not a database at all" * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_damaged_file_is_set_aside(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "o.db"
    path.write_bytes(damage)
    with Outbox(path, BY_HOST) as outbox:
        fill(outbox, 1)
        assert seqs(outbox) == [1]
    (kept,) = tmp_path.glob("o.db.damaged-*")
    assert kept.read_bytes() == damage
    assert "is damaged" in caplog.text


def test_damage_inside_a_page_begins_a_new_stream(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    with Outbox(path, BY_HOST) as outbox:
        fill(outbox, 200)
        stream = outbox.stats().stream
    content = bytearray(path.read_bytes())
    content[4096 * 3 :: 7] = b"\xaa" * len(content[4096 * 3 :: 7])
    path.write_bytes(content)
    with Outbox(path, BY_HOST) as outbox:
        assert outbox.stats().stream not in {"", stream}
        assert outbox.stats().rows == 0


def test_damage_while_running_begins_a_new_stream(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    with Outbox(path, BY_HOST) as outbox:
        fill(outbox, 5000, size=1000)  # more than SQLite keeps in memory
        stream = outbox.stats().stream
        with path.open("r+b") as file:
            file.seek(3 * 4096)
            file.write(b"\xaa" * 4096 * 600)
        outbox.forget(stream, 5000)
        assert wait_until(lambda: outbox.stats().stream not in {"", stream})
        assert outbox.accepted(outbox.put(TOPIC, body(1)), 60)
        assert wait_until(lambda: [row.body for row in outbox.read(0, 10)[1]] == [body(1)])


def test_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    open_store(path, 2**20).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=2")
    db.close()
    with pytest.raises(ConfigError, match="newer version"), Outbox(path, BY_HOST):
        pass
    assert [part.name for part in tmp_path.glob("*damaged*")] == []


def test_second_daemon_is_refused(tmp_path: Path) -> None:
    with Outbox(tmp_path / "o.db", BY_HOST), pytest.raises(ConfigError, match="another daemon"):
        Outbox(tmp_path / "o.db", BY_HOST).__enter__()


def test_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"), Outbox(tmp_path / "file" / "o.db", BY_HOST):
        pass


WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from edge.outbox.outbox import Outbox
    from edge.outbox.settings import OutboxSettings
    with Outbox(Path(sys.argv[1]), OutboxSettings()) as outbox:
        number = 0
        while True:
            for _ in range(7):
                number += 1
                ticket = outbox.put("t", b'{"n": %d}' % number)
            if outbox.accepted(ticket, 5):
                print(number, flush=True)
""")


def test_kill_in_mid_write_loses_nothing_accepted(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    expected = 0
    for life in range(4):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        accepted = 0
        for _ in range(50 + 13 * life):
            accepted = int(process.stdout.readline())
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]
        process.wait(10)
        process.stdout.close()
        expected += int(rest[-1]) if rest else accepted
        with Outbox(path, BY_HOST) as outbox:
            rows = outbox.read(0, 1_000_000)[1]
            assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
            assert len(rows) >= expected
            expected = len(rows)
    assert expected > 1000


def test_full_disk_neither_wedges_nor_kills_and_counts_exactly(tmp_path: Path) -> None:
    settings = OutboxSettings(forget=Forget.HOST_ACK, memory_events=500)
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Outbox(tmp_path / "o.db", settings) as outbox:
            fill(outbox, 500)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2**19, allowed[1]))  # no file grows beyond 512 kB
            tickets = [outbox.put(TOPIC, body(number, 1000)) for number in range(3000)]
            assert wait_until(lambda: outbox.stats().trouble != "")
            tickets += [outbox.put(TOPIC, body(number, 1000)) for number in range(600)]
            resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
            assert outbox.accepted(tickets[-1], 60)
            assert outbox.accepted(outbox.put(TOPIC, body(1)), 60)
            stats = outbox.stats()
            kept = seqs(outbox)
            assert stats.trouble == ""
            assert kept[-1] == 500 + 3600 + 1
            assert stats.dropped == kept[-1] - len(kept) > 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
        signal.signal(signal.SIGXFSZ, handler)
    open_store(tmp_path / "o.db", 2**25).close()  # checks the file


class Collector:
    """A host on a local bus that can be deaf for a while."""

    def __init__(self, bus: LocalBus, database: Path) -> None:
        self.deaf = False
        self.bodies: list[dict[str, object]] = []
        self._bus = bus
        self._ledger = Ledger(database)
        bus.subscribe(TOPIC, self._on_event)

    def _on_event(self, message: Message) -> None:
        if self.deaf:
            return
        new, due = self._ledger.store([message.payload])
        self.bodies += [json.loads(message.payload)] * new
        for stream, upto in due.items():
            self._bus.publish(ACK, json.dumps({"stream": stream, "upto": upto}).encode(), retain=True)


def test_delivers_in_order_and_forgets_what_the_host_stored(tmp_path: Path) -> None:
    bus = LocalBus()
    host = Collector(bus, tmp_path / "host.db")
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox, Sender(outbox, bus, ACK, BY_HOST) as sender:
        fill(outbox, 600)
        assert wait_until(lambda: outbox.stats().rows == 0)
        assert [event["n"] for event in host.bodies] == list(range(1, 601))
        assert [event["seq"] for event in host.bodies] == list(range(1, 601))
        assert sender.stats() == (600, 0, 600, 0)


def test_sends_again_after_silence(tmp_path: Path) -> None:
    bus = LocalBus()
    host = Collector(bus, tmp_path / "host.db")
    settings = OutboxSettings(forget=Forget.HOST_ACK, silence_s=0.1)
    with Outbox(tmp_path / "o.db", settings) as outbox, Sender(outbox, bus, ACK, settings) as sender:
        host.deaf = True
        fill(outbox, 100)
        assert wait_until(lambda: sender.stats().resent >= 16)
        assert outbox.stats().rows == 100
        host.deaf = False
        assert wait_until(lambda: outbox.stats().rows == 0)
        assert [event["n"] for event in host.bodies] == list(range(1, 101))


def test_host_gets_over_dropped_numbers(tmp_path: Path) -> None:
    bus = LocalBus()
    with Outbox(tmp_path / "o.db", SMALL) as outbox:
        fill(outbox, 2000)
        dropped, kept = outbox.stats().dropped, seqs(outbox)
        host = Collector(bus, tmp_path / "host.db")
        with Sender(outbox, bus, ACK, SMALL):
            assert wait_until(lambda: outbox.stats().rows == 0)
        assert [event["seq"] for event in host.bodies] == kept
        assert 2000 - len(host.bodies) == dropped


def test_wrong_acknowledgements_forget_nothing(tmp_path: Path) -> None:
    bus = LocalBus()
    with Outbox(tmp_path / "o.db", BY_HOST) as outbox, Sender(outbox, bus, ACK, BY_HOST) as sender:
        fill(outbox, 10)
        stream = outbox.stats().stream
        for ack in ({"stream": stream, "upto": 11}, {"stream": "another", "upto": 5}, {"stream": stream}, 7):
            bus.publish(ACK, json.dumps(ack).encode())
        assert outbox.accepted(outbox.put(TOPIC, body(11)), 60)
        assert seqs(outbox) == list(range(1, 12))
        assert sender.stats().bad_acks == 3


def test_forget_on_puback_needs_no_host(tmp_path: Path) -> None:
    bus, settings = LocalBus(), OutboxSettings()
    with Outbox(tmp_path / "o.db", settings) as outbox, Sender(outbox, bus, ACK, settings):
        fill(outbox, 500)
        assert wait_until(lambda: outbox.stats().rows == 0)


def test_what_the_writer_has_taken_still_waits_until_it_is_settled() -> None:
    pending = Pending(10)
    for number in range(3):
        pending.put(Entry("t", b"{}", Priority.NORMAL))
        assert len(pending) == number + 1
    for done in (pending.give_back, pending.settle):
        work = pending.take(2, 0.0)
        assert work is not None
        assert (len(work.entries), len(pending)) == (2, 3)
        done(work)
    assert len(pending) == 1
