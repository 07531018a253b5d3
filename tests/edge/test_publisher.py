"""What goes out over a bus, from what the chain found out."""

import json

import pytest

from edge.attention import LookSettings
from edge.bus import LocalBus
from edge.contracts.bus import Message
from edge.contracts.topics import Topics
from edge.outbox.store import Priority
from edge.pipeline import Followed
from edge.publisher import Publisher, PublishSettings
from tests.rigs.scenes import Reel, Scripted, camera, chain, intake, scene

TOPICS = Topics("dev")


class Box:
    """Where events go."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object], Priority]] = []

    def put(self, topic: str, body: bytes, priority: Priority = Priority.NORMAL) -> int:
        self.events.append((topic, json.loads(body), priority))
        return len(self.events)


def published(frames: int, settings: PublishSettings, *, end: bool = False) -> tuple[list[Message], Box]:
    bus, box = LocalBus(), Box()
    heard: list[Message] = []
    bus.subscribe("#", heard.append)
    publisher = Publisher(bus, box, TOPICS, "run", settings)
    one = camera(lambda: Reel([]), Scripted())
    sense = intake()
    for k in range(frames):
        publisher.seen(one, one.chain.step(sense.step(scene(k))))
    if end:
        publisher.gone(one, one.chain.close())
    return heard, box


def test_nothing_seen_says_nothing() -> None:
    heard, box = published(0, PublishSettings())
    assert (heard, box.events) == ([], [])


@pytest.mark.parametrize(("rate", "least", "most"), [(0, 0, 0), (5, 35, 37), (10, 65, 70), (240, 70, 70)])
def test_tracks_go_out_at_most_at_the_configured_rate(rate: float, least: int, most: int) -> None:
    heard, _ = published(70, PublishSettings(tracks_fps=rate))
    count = sum(message.topic == TOPICS.tracks("cam") for message in heard)
    assert least <= count <= most


def test_counts_go_out_when_they_change_and_return_to_nothing() -> None:
    heard, _ = published(75, PublishSettings(), end=True)
    counts = [
        (message.topic.removeprefix("foresight/dev/zone/"), message.payload)
        for message in heard
        if "/zone/" in message.topic
    ]
    assert [payload for topic, payload in counts if topic == "cam/block"] == [b"1", b"0"]
    assert [payload for topic, payload in counts if topic == "right/block"] == [b"1", b"0"]
    assert [payload for topic, payload in counts if topic == "right/all"] == [b"0", b"1", b"0"]


def test_a_camera_is_online_until_it_is_gone() -> None:
    heard, _ = published(3, PublishSettings(), end=True)
    assert [message.payload for message in heard if message.topic == TOPICS.status("cam")] == [b"online", b"offline"]


def test_events_go_to_the_outbox_and_updates_may_be_dropped_first() -> None:
    _, box = published(75, PublishSettings(), end=True)
    kinds = [body["kind"] for _, body, _ in box.events]
    assert kinds[0] == "new"
    assert kinds[-1] == "end"
    assert {topic for topic, _, _ in box.events} == {TOPICS.events}
    assert all((priority is Priority.LOW) == (body["kind"] == "update") for _, body, priority in box.events)


def test_a_frame_without_a_look_publishes_its_forecast() -> None:
    bus = LocalBus()
    heard: list[Message] = []
    bus.subscribe(TOPICS.tracks("cam"), heard.append)
    publisher = Publisher(bus, Box(), TOPICS, "run", PublishSettings(tracks_fps=240))
    one, made, sense = camera(lambda: Reel([]), Scripted()), chain(Scripted(), LookSettings(economical=True)), intake()
    skipped: list[Followed] = []
    for k in range(70):
        followed = made.step(sense.step(scene(k)))
        publisher.seen(one, followed)
        if not followed.looked and k > 30:
            skipped.append(followed)
            assert len(json.loads(heard[-1].payload)["tracks"]) == 1
    assert skipped


def test_what_is_expected_is_told_while_it_is() -> None:
    heard, _ = published(75, PublishSettings(), end=True)
    told = [
        (message.topic.removeprefix("foresight/dev/expected/"), message.payload)
        for message in heard
        if "/expected/" in message.topic
    ]
    assert [payload for topic, payload in told if topic == "right/all"] == [b"OFF", b"ON", b"OFF"]
    assert [payload for topic, payload in told if topic == "right/block"] == [b"ON", b"OFF"]
    assert {topic for topic, _ in told} == {"right/all", "right/block"}
