"""`foresight run` as a process, a real broker, and what a subscriber gets to see."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.paths import data
from tests.rigs.broker import Broker
from tests.rigs.clips import walker
from tests.rigs.daemon import Daemon
from tests.rigs.host import wait_until
from tests.rigs.listener import Heard, Listener
from tests.rigs.relay import Relay
from tests.rigs.wire_check import check_all

# What an operator writes: ten lines.
CONFIG = """\
device: {{state_dir: {folder}/state}}
mqtt: {{host: 127.0.0.1, port: {port}, device: dev, reconnect_max_s: 0.5}}
{model}
cameras:
  yard:
    source: {{path: {clip}, loop: true}}
    zones:
      - name: middle
        points: [[0.3, 0.1], [0.7, 0.1], [0.7, 1], [0.3, 1]]
    lines: [{{name: across, points: [[0.5, 1], [0.5, 0]]}}]
"""
STOP_S = 5.0


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


def daemon(folder: Path, port: int, clip: Path, model: Path | None = None) -> Daemon:
    path = folder / "foresight.yaml"
    path.write_text(CONFIG.format(folder=folder, port=port, clip=clip, model=f"model: {model}" if model else ""))
    return Daemon(path)


def event(*kinds: str) -> Callable[[Heard], bool]:
    return lambda heard: heard.topic == "events" and heard.json["kind"] in kinds


def text(topic: str, payload: bytes) -> Callable[[Heard], bool]:
    return lambda heard: (heard.topic, heard.payload) == (topic, payload)


def about(topic: str) -> Callable[[Heard], bool]:
    return lambda heard: heard.topic == topic


def with_objects(heard: Heard) -> bool:
    return heard.topic == "yard/tracks" and bool(heard.json["tracks"])


def events(listener: Listener) -> list[Any]:
    return [heard.json for heard in listener.heard("events")]


def numbers(told: list[Any]) -> list[int]:
    """Of events, each once: one that is sent again keeps its number."""
    return sorted({each["seq"] for each in told})


def kept(database: Path) -> list[Any]:
    """The events that an outbox holds: what stopping had no time to send is sent by the next start."""
    if not database.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        try:
            return [json.loads(body) for (body,) in db.execute("SELECT body FROM events ORDER BY seq")]
        except sqlite3.OperationalError:  # not made yet
            return []


def tracks(told: list[Any], kind: str) -> set[int]:
    """The tracks of all events of a kind."""
    return {each["track"] for each in told if each["kind"] == kind}


def all_ended(told: list[Any]) -> bool:
    """Whether there was something, and the end of everything was told."""
    return tracks(told, "new") == tracks(told, "end") != set()


def passage(told: list[Any]) -> list[Any]:
    """How somebody entered, crossed and left, of the first track that did all of it; empty where none has yet."""
    kinds = ("entered", "crossed", "left")
    whole = set.intersection(*(tracks(told, kind) for kind in kinds))
    return [next(one for one in told if (one["kind"], one["track"]) == (kind, min(whole))) for kind in kinds if whole]


@pytest.fixture(params=["moving things", "ssd"])
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path | None]:
    """A clip, and the model to watch it with."""
    if request.param == "ssd":
        return data("videos", "plaza_walkers.avi"), data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    return walker(tmp_path / "walker.avi"), None


def test_ten_lines_of_configuration_tell_everything(
    broker: Broker, tmp_path: Path, watched: tuple[Path, Path | None]
) -> None:
    with Listener(broker.port, "dev") as listener, daemon(tmp_path, broker.port, *watched) as running:
        online = listener.wait_for(text("available", b"online"))
        for wanted in (text("yard/status", b"online"), with_objects, event("new")):
            listener.wait_for(wanted)
        code, took_s = running.stop()
        listener.wait_for(text("available", b"stopped"))
        assert code == 0, running.log
        assert took_s <= STOP_S + running.allowance_s(online.at_s)
        assert "Traceback" not in running.log
        check_all("tracks", [heard.json for heard in listener.heard("yard/tracks")])
        check_all("event", events(listener))
        assert numbers(events(listener)) == list(range(1, len(numbers(events(listener))) + 1))
        assert len({each["stream"] for each in events(listener)}) == 1
        assert wait_until(lambda: all_ended([*events(listener), *kept(tmp_path / "state" / "outbox.db")]))
    with Listener(broker.port, "dev") as late:
        for topic in ("available", "yard/status", "zone/yard/all", "zone/middle/all"):
            late.wait_for(about(topic))
        retained = {heard.topic: heard.payload for heard in late.heard()}
        assert all(heard.retained for heard in late.heard())
    assert retained["available"] == b"stopped"
    assert retained["yard/status"] == b"offline"
    assert (retained["zone/yard/all"], retained["zone/middle/all"]) == (b"0", b"0")


def test_zones_and_lines_are_told(broker: Broker, tmp_path: Path) -> None:
    clip = walker(tmp_path / "walker.avi")
    with Listener(broker.port, "dev") as listener, daemon(tmp_path, broker.port, clip):
        assert wait_until(lambda: bool(passage(events(listener))), 120)
        entered, crossed, left = passage(events(listener))
        inside = listener.wait_for(text("zone/middle/all", b"1"))
        listener.wait_for(text("zone/middle/all", b"0"), after_s=inside.at_s)
    assert (entered["zone"], left["zone"]) == ("middle", "middle")
    assert (crossed["zone"], crossed["direction"]) == ("across", "forward")
    assert entered["label"] == "moving"


def test_what_happens_while_there_is_no_broker_is_told_later(tmp_path: Path) -> None:
    clip = walker(tmp_path / "walker.avi")
    with (
        Broker() as broker,
        Listener(broker.port, "dev") as listener,
        Relay(broker.port) as relay,
        daemon(tmp_path, relay.port, clip) as running,
    ):
        assert wait_until(lambda: len(kept(tmp_path / "state" / "outbox.db")) >= 3), running.log
        assert wait_until(lambda: "cannot be reached" in running.log), running.log
        assert running.process.poll() is None
        assert listener.heard() == []
        relay.open()  # only now that the listener hears all that the broker is told
        assert wait_until(lambda: {1, 2, 3, 4} <= set(numbers(events(listener)))), running.log
        listener.wait_for(text("available", b"online"))


def test_killed_and_started_again_it_goes_on_with_the_same_stream(broker: Broker, tmp_path: Path) -> None:
    clip = walker(tmp_path / "walker.avi")
    with Listener(broker.port, "dev") as listener, daemon(tmp_path, broker.port, clip) as running:
        before = listener.wait_for(event("new")).json
        running.kill()
        listener.wait_for(text("available", b"offline"))  # the last will
        running.start()
        after = listener.wait_for(lambda heard: event("new")(heard) and heard.json["run"] != before["run"]).json
        assert after["stream"] == before["stream"]
        assert numbers(events(listener)) == list(range(1, after["seq"] + 1))
        assert running.stop()[0] == 0


def test_a_clip_that_ends_ends_the_daemon(broker: Broker, tmp_path: Path) -> None:
    clip = walker(tmp_path / "walker.avi")
    with Listener(broker.port, "dev") as listener, daemon(tmp_path, broker.port, clip) as running:
        path = tmp_path / "foresight.yaml"
        running.kill()
        path.write_text(path.read_text().replace("loop: true", "speed: 0"))
        running.start()
        assert running.process.wait(120) == 0
        listener.wait_for(text("available", b"stopped"))
        assert wait_until(lambda: all_ended([*events(listener), *kept(tmp_path / "state" / "outbox.db")]))
