"""Announces the entities, again when Home Assistant was born again, and takes back those that are no more."""

import json
import logging
import random
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from edge.contracts.bus import Bus, Message
from edge.contracts.sensors import scorer_name
from edge.contracts.stored import Stored
from edge.contracts.topics import Topics, is_topic
from edge.homeassistant.components import Component, Components, node
from edge.homeassistant.described import Description
from edge.homeassistant.learning import LearningComponents
from edge.homeassistant.sensor_components import SensorComponents
from edge.homeassistant.settings import HomeAssistantSettings
from edge.homeassistant.updates import update_components

FILE_NAME = "homeassistant.json"
JITTER_S = 2.0  # a hundred devices shall not all answer a birth at once
URL = "https://pypi.org/project/foresight-edge/"
_log = logging.getLogger(__name__)

Announced = dict[str, dict[str, str]]  # by topic, the platform of each component by its unique id


class Announcer:
    """What Home Assistant knows of this device. May be told on any thread.

    What was announced is kept on disk: only so can it be taken back after a restart.

    Args:
        bus: retained messages go out by it.
        topics: of this device.
        settings: whether, and where.
        state_dir: where the file lies.
    """

    def __init__(self, bus: Bus, topics: Topics, settings: HomeAssistantSettings, state_dir: Path) -> None:
        self._bus, self._topics, self._settings = bus, topics, settings
        self._components = Components(topics)
        self._sensors = SensorComponents(topics)
        self._learning = LearningComponents(topics)
        self._stored = Stored(state_dir / FILE_NAME)
        self._lock = threading.Lock()
        self._payloads: dict[str, bytes] = {}
        self._announced = self._remembered()
        self._later: threading.Timer | None = None

    def announce(self, description: Description) -> None:
        """Make Home Assistant know exactly this."""
        with self._lock:
            wanted = self._wanted(description) if self._settings.enabled else {}
            for topic in self._announced.keys() - wanted.keys():
                self._bus.publish(topic, b"", retain=True)
            self._payloads = {}
            for topic, payload in wanted.items():
                self._publish(topic, payload)
            self._remember({topic: _platforms(payload) for topic, payload in wanted.items()})

    def heard(self, message: Message) -> None:
        """Home Assistant is born, or has died: a birth is answered soon, with all that there is."""
        if message.payload == b"online" and not (self._later and self._later.is_alive()):
            self._later = threading.Timer(random.uniform(0, JITTER_S), self._again)
            self._later.daemon = True
            self._later.start()

    def close(self) -> None:
        """Answer no birth any more."""
        if self._later:
            self._later.cancel()
            self._later.join(JITTER_S)

    def _again(self) -> None:
        with self._lock:
            for topic, payload in self._payloads.items():
                self._bus.publish(topic, payload, retain=True)

    def _publish(self, topic: str, payload: Mapping[str, object]) -> None:
        """First without the components that are gone: each is named once more, with nothing but its platform."""
        components = payload["components"]
        assert isinstance(components, dict)
        gone = {key: kind for key, kind in self._announced.get(topic, {}).items() if key not in components}
        if gone:
            removing = {**components, **{key: {"platform": kind} for key, kind in gone.items()}}
            self._bus.publish(topic, _encoded({**payload, "components": removing}), retain=True)
        self._payloads[topic] = _encoded(payload)
        self._bus.publish(topic, self._payloads[topic], retain=True)

    def _wanted(self, description: Description) -> dict[str, dict[str, object]]:
        """The payload of each discovery topic: the daemon is one device, each of its cameras and sensors another."""
        own = node(self._topics)
        origin = {"name": "Foresight", "sw_version": description.version, "support_url": URL}
        made = {"manufacturer": "Foresight", "sw_version": description.version}
        device = {"identifiers": [own], "name": f"Foresight {self._topics.device}", "model": "Daemon", **made}
        found: dict[str, dict[str, object]] = {
            self._topic(own): {
                "device": device,
                "origin": origin,
                "components": {
                    **self._components.of_device(description.groups),
                    **(self._learning.of_device() if description.learners else {}),
                    **update_components(self._topics, description.updated),
                },
            }
        }
        things: list[tuple[str, str, dict[str, Component]]] = [
            *((camera.name, "Camera", self._components.of_camera(camera)) for camera in description.cameras),
            *((sensor.name, "Sensor", self._sensors.of_sensor(sensor)) for sensor in description.sensors),
            *((sound.name, "Microphone", self._sensors.of_sound(sound)) for sound in description.sounds),
        ]
        for name, model, entities in things:
            components = {**entities, **self._learnt(name, description.learners)}
            unique = f"{own}_{name}"
            called = f"{self._topics.device} {name}".replace("_", " ").title()
            known = {"identifiers": [unique], "name": called, "model": model, "via_device": own, **made}
            found[self._topic(unique)] = {"device": known, "origin": origin, "components": components}
        return found

    def _learnt(self, name: str, learners: Collection[str]) -> dict[str, Component]:
        """Of what learns of a camera or sensor: its forecaster, its scorer."""
        found: dict[str, Component] = {}
        for subject, title in ((name, ""), (scorer_name(name), "Scorer: ")):
            if subject in learners:
                found |= self._learning.of_subject(subject, title)
        return found

    def _topic(self, unique: str) -> str:
        """Below the device's own name, so that a broker can let each announce itself and no other."""
        return f"{self._settings.prefix}/device/{self._topics.device}/{unique}/config"

    def _remembered(self) -> Announced:
        told = self._stored.read()
        found: Announced = {}
        for topic, platforms in told.items() if isinstance(told, Mapping) else ():
            if isinstance(platforms, Mapping) and is_topic(topic):
                found[topic] = {key: str(kind) for key, kind in platforms.items()}
        return found

    def _remember(self, announced: Announced) -> None:
        if announced != self._announced:
            self._announced = announced
            try:
                self._stored.write(announced)
            except OSError as error:
                _log.warning("after a restart, Home Assistant may keep entities that are gone: %s", error)


def _platforms(payload: Mapping[str, object]) -> dict[str, str]:
    components = payload["components"]
    assert isinstance(components, dict)
    return {key: str(component["platform"]) for key, component in components.items()}


def _encoded(payload: Mapping[str, object]) -> bytes:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
