"""What the chains find out, as messages: tracks at a bounded rate, counts when they change, events into the outbox."""

import math
from collections.abc import Mapping
from typing import Protocol

from pydantic import BaseModel, Field

from edge.capture import Camera
from edge.contracts.bus import Bus
from edge.contracts.messages import Stamp, encode_count, encode_event, encode_online, encode_tracks
from edge.contracts.topics import ALL, Topics
from edge.contracts.types import Event, EventKind
from edge.expected import Expected
from edge.observer import Observer
from edge.outbox.store import Priority
from edge.pipeline import Followed

# When the outbox is full the least telling events go first.
PRIORITY: Mapping[EventKind, Priority] = {EventKind.UPDATE: Priority.LOW}


class PublishSettings(BaseModel, extra="forbid", frozen=True):
    """How much goes out over MQTT."""

    tracks_fps: float = Field(10.0, ge=0, le=240, description="Messages with tracks per second and camera; 0 = none")


class Events(Protocol):
    """Takes events and delivers them: the outbox."""

    def put(self, topic: str, body: bytes, priority: Priority = Priority.NORMAL) -> int:
        """Take one without waiting."""


class Publisher(Observer):
    """An observer of the engine that tells the world.

    Args:
        bus: for what may be lost: tracks, counts, states.
        events: for what may not.
        topics: of this device.
        run: names this start of the daemon.
        settings: how much.
    """

    def __init__(self, bus: Bus, events: Events, topics: Topics, run: str, settings: PublishSettings) -> None:
        self._bus, self._events, self._topics, self._run = bus, events, topics, run
        self._period_s = 1 / settings.tracks_fps if settings.tracks_fps else math.inf
        self._first_s = -math.inf if settings.tracks_fps else math.inf
        self._due_s: dict[str, float] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._online: dict[str, bool] = {}
        self._expected = Expected(bus, topics)

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Publish what one frame brought."""
        frame = followed.sensed.frame
        self._set_online(camera.name, True)
        due_s = self._due_s.get(camera.name, self._first_s)
        if frame.t_s >= due_s:
            # Half a period of tolerance keeps 10 messages/s of a jittery 10 fps camera.
            self._due_s[camera.name] = max(due_s + self._period_s, frame.t_s + self._period_s / 2)
            stamp = Stamp(camera.name, self._run, frame.seq, frame.utc_ns)
            body = encode_tracks(stamp, followed.tracks, followed.forecasts, camera.chain.labels, followed.sub_labels)
            self._bus.publish(self._topics.tracks(camera.name), body)
        self._put(followed.events)
        self._publish_counts(camera.name, followed.counts)
        self._expected.known(followed.counts)
        if camera.chain.log.near_misses:
            self._expected.watched(camera.name)

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """Nothing is present in front of a camera that is away."""
        self._put(events)
        self._publish_counts(camera.name, camera.chain.counts())
        self._set_online(camera.name, False)

    def _put(self, events: list[Event]) -> None:
        for event in events:
            body = encode_event(event, self._topics.device, self._run)
            self._events.put(self._topics.events, body, PRIORITY.get(event.kind, Priority.NORMAL))
            self._expected.happened(event)

    def _set_online(self, camera: str, online: bool) -> None:
        if self._online.get(camera) != online:
            self._online[camera] = online
            self._bus.publish(self._topics.status(camera), encode_online(online), retain=True)

    def _publish_counts(self, camera: str, counts: Mapping[str, Mapping[str, int]]) -> None:
        for zone, by_label in counts.items():
            name = zone or camera
            for label, count in by_label.items():
                self._publish_count(name, label, count)
            self._publish_count(name, ALL, sum(by_label.values()))

    def _publish_count(self, zone: str, label: str, count: int) -> None:
        if self._counts.get((zone, label)) != count:
            self._counts[zone, label] = count
            self._bus.publish(self._topics.count(zone, label), encode_count(count), retain=True)
