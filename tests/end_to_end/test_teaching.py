"""Somebody tells the running daemon over MQTT who that is, and it knows him again, after a restart too."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish

from tests.paths import data
from tests.rigs.broker import Broker
from tests.rigs.clips import Figure, walkers
from tests.rigs.coco_crops import MODEL
from tests.rigs.daemon import Daemon
from tests.rigs.embedding_model import RECIPE, write_embedding_model
from tests.rigs.listener import Heard, Listener
from tests.rigs.wire_check import check_all

REX, STRANGER = Figure(), Figure((230, 60, 60), 10)  # one below, the other above
MIDDLE = 0.42  # of the picture's height, between them
EMPTY = 5


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


def configured(folder: Path, port: int, embedder: object) -> Path:
    """A camera before which Rex and a stranger pass in turn; motion finds them."""
    clip = walkers(folder / "two.avi", [REX, STRANGER], EMPTY)
    config = {
        "device": {"state_dir": str(folder / "state")},
        "mqtt": {"host": "127.0.0.1", "port": port, "device": "dev", "reconnect_max_s": 0.5},
        "embedder": embedder,
        "classify": {"runs_per_s": 20, "runs_per_frame": 4, "min_side_px": 16},
        "publish": {"tracks_fps": 20},
        "cameras": {"yard": {"source": {"path": str(clip), "loop": True}}},
    }
    path = folder / "foresight.yaml"
    path.write_text(json.dumps(config))  # which is YAML too
    return path


def rows(heard: Heard, figure: Figure) -> list[Any]:
    """The tracks of a figure that is there and has been looked at for a while."""
    if heard.topic != "yard/tracks":
        return []
    return [
        one
        for one in heard.json["tracks"]
        if one["seen_s"] > 1
        and one["lost_s"] == 0
        and ((one["box"][1] + one["box"][3]) / 2 > MIDDLE) is (figure is REX)
    ]


def called(name: str, figure: Figure) -> Callable[[Heard], bool]:
    return lambda heard: any(one["sub_label"] == name for one in rows(heard, figure))


def taught(*names: str) -> Callable[[Heard], bool]:
    return lambda heard: heard.topic == "teach/state" and bool(heard.payload) and heard.json["names"] == list(names)


def send(broker: Broker, wanted: object, retain: bool = False) -> None:
    message = json.dumps(wanted)
    publish.single("foresight/dev/teach", message, qos=1, retain=retain, hostname="127.0.0.1", port=broker.port)


def teach_rex(listener: Listener, broker: Broker) -> Heard:
    """Say so of a track of his; of another one where that was not seen well enough."""
    after_s = 0.0
    while True:
        seen = listener.wait_for(lambda heard: bool(rows(heard, REX)), after_s=after_s)
        send(broker, {"camera": "yard", "track": rows(seen, REX)[0]["id"], "label": "rex"})
        answer = listener.wait_for(lambda heard: heard.topic == "teach/state", after_s=seen.at_s)
        if taught("rex")(answer):
            return answer
        after_s = answer.at_s + 1


def test_a_track_is_named_known_again_and_forgotten(tmp_path: Path, broker: Broker) -> None:
    model = write_embedding_model(tmp_path / "small.tflite")
    path = configured(tmp_path, broker.port, {"path": str(model), **RECIPE})
    with Listener(broker.port, "dev") as listener, Daemon(path) as daemon:
        listener.wait_for(taught())
        send(broker, {"forget": "rex"}, retain=True)  # what is kept by the broker is not obeyed
        lesson = teach_rex(listener, broker)
        listener.wait_for(called("rex", REX), after_s=lesson.at_s)
        listener.wait_for(lambda heard: bool(rows(heard, STRANGER)), after_s=lesson.at_s)
        assert daemon.stop()[0] == 0
        daemon.start()
        listener.wait_for(taught("rex"), after_s=daemon.started_s)
        listener.wait_for(called("rex", REX), after_s=daemon.started_s)
        assert not [heard for heard in listener.heard("yard/tracks") if called("rex", STRANGER)(heard)]
        send(broker, {"forget": "rex"})
        gone = listener.wait_for(taught(), after_s=daemon.started_s + 1e-6)
        again = listener.wait_for(lambda heard: bool(rows(heard, REX)), after_s=gone.at_s + 2)
        assert not called("rex", REX)(again)
        check_all("teach_state", [heard.json for heard in listener.heard("teach/state") if heard.payload])
        assert daemon.stop()[0] == 0, daemon.log


def test_a_real_network_knows_who_it_was_taught(tmp_path: Path, broker: Broker) -> None:
    path = configured(tmp_path, broker.port, str(data("models", MODEL)))
    with Listener(broker.port, "dev") as listener, Daemon(path) as daemon:
        listener.wait_for(taught())
        lesson = teach_rex(listener, broker)
        listener.wait_for(called("rex", REX), after_s=lesson.at_s)
        assert daemon.stop()[0] == 0, daemon.log


def numbers(heard: list[Heard]) -> set[int]:
    return {one["id"] for each in heard for one in each.json["tracks"]}


def refused(track: int) -> Callable[[Heard], bool]:
    said = f"teach: no looks at yard/{track}: never seen well enough, or too long ago"
    return lambda heard: heard.topic == "teach/state" and bool(heard.payload) and heard.json["said"].startswith(said)


def test_a_lesson_about_a_track_of_an_earlier_start_hits_no_other(tmp_path: Path, broker: Broker) -> None:
    """The broker keeps it while the daemon is away, or somebody is slow to type: nobody else is that track since."""
    model = write_embedding_model(tmp_path / "small.tflite")
    path = configured(tmp_path, broker.port, {"path": str(model), **RECIPE})
    with Listener(broker.port, "dev") as listener, Daemon(path) as daemon:
        listener.wait_for(lambda heard: bool(rows(heard, REX)))
        assert daemon.stop()[0] == 0
        before = numbers(listener.heard("yard/tracks"))
        for track in before:
            send(broker, {"camera": "yard", "track": track, "label": "rex"})
        daemon.start()
        kept = [listener.wait_for(refused(track), after_s=daemon.started_s) for track in before]
        seen = listener.wait_for(lambda heard: bool(rows(heard, REX)), after_s=daemon.started_s)
        assert min(numbers([seen])) > max(before)
        send(broker, {"camera": "yard", "track": min(before), "label": "rex"})
        listener.wait_for(refused(min(before)), after_s=max(one.at_s for one in (*kept, seen)))
        told = [one.json for one in listener.heard("teach/state") if one.payload]
        assert all(one["names"] == [] for one in told)
        assert daemon.stop()[0] == 0, daemon.log
