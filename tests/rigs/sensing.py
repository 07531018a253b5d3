"""Sensors at work without a daemon: a bus in the process, and who hears what is told."""

import math
import random
from pathlib import Path

from edge.bus import LocalBus
from edge.contracts.sensors import SensorStatus
from edge.contracts.topics import Topics
from edge.outbox.store import Priority
from edge.sensing.build import build_sensing
from edge.sensing.hub import Sensing
from edge.sensing.memory import SensorMemory
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed
from edge.sensing.publisher import SensorPublisher
from edge.sensing.settings import SensorSettings

TOPICS = Topics("dev")


class Ears(SensorObserver):
    """Remembers everything."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Sensed]] = {}
        self.status: dict[str, SensorStatus] = {}

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        self.heard.setdefault(sensor, []).append(sensed)

    def stands(self, sensor: str, status: SensorStatus, odd: bool) -> None:
        self.status[sensor] = status


class Events:
    """An outbox that is a list."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def put(self, topic: str, body: bytes, priority: Priority = Priority.NORMAL) -> int:
        self.bodies.append(body)
        return len(self.bodies)


class House:
    """Sensors on a bus of their own. `sensing` is made anew with each call of `begin`."""

    def __init__(self, folder: Path, **sensors: object) -> None:
        self.bus, self.events, self.ears, self._folder = LocalBus(), Events(), Ears(), folder
        self.settings = {name: SensorSettings.model_validate(one) for name, one in sensors.items()}

    def begin(self) -> Sensing:
        rates = {name: one.publish_per_s for name, one in self.settings.items()}
        publisher = SensorPublisher(self.bus, self.events, TOPICS, "run", rates)
        memory = SensorMemory(self._folder)
        return build_sensing(self.settings, [publisher, self.ears], memory, self.bus, lambda: True)


def wave(count: int, seed: int = 1) -> list[float]:
    """A slow wave with a little noise."""
    dice = random.Random(seed)
    return [20 + 3 * math.sin(k / 10) + dice.gauss(0, 0.1) for k in range(count)]
