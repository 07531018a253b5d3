"""Sensors at work without a daemon: a bus in the process, and who hears what is told."""

import math
import random
import time
from collections.abc import Sequence
from pathlib import Path

from edge.bus import LocalBus
from edge.contracts.sensors import SensorStatus
from edge.contracts.topics import Topics
from edge.outbox.store import Priority
from edge.sensing.build import build_chain, build_sensing
from edge.sensing.chain import SensorChain
from edge.sensing.hub import Sensing
from edge.sensing.memory import SensorMemory
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed
from edge.sensing.publisher import SensorPublisher
from edge.sensing.settings import SensorSettings
from tests.rigs.host import wait_until
from tests.rigs.readings import raw

TOPICS = Topics("dev")
STEP_S = 0.01  # of the grids on which sensors work without a daemon


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


def settings(**changes: object) -> SensorSettings:
    """Of a sensor on the topic `t`."""
    return SensorSettings.model_validate({"source": "t", **changes})


def chain(**changes: object) -> SensorChain:
    """The same as a chain."""
    return build_chain("tank", settings(**changes))


def feed(one: SensorChain, values: list[float], begin_s: float = 0.0, step_s: float = 1.0) -> list[Sensed]:
    """What a chain makes of values that come one after another."""
    return [sensed for k, value in enumerate(values) for sensed in one.step(raw(value, begin_s + step_s * k))]


def say(house: House, sensing: Sensing, topic: str, values: Sequence[object]) -> None:
    """Publish values, no two in the same step of a grid, and wait until every sensor has followed them all."""
    wanted = [one.readings + len(values) for one in sensing.health()]
    for value in values:
        time.sleep(1.2 * STEP_S)
        house.bus.publish(topic, str(value).encode())
    assert wait_until(lambda: [one.readings for one in sensing.health()] == wanted)


def wave(count: int, seed: int = 1) -> list[float]:
    """A slow wave with a little noise."""
    dice = random.Random(seed)
    return [20 + 3 * math.sin(k / 10) + dice.gauss(0, 0.1) for k in range(count)]
