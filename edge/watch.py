"""One configuration at work: its models and cameras, and everybody who wants to know what they see."""

import logging
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Self

from edge.assembly import Models, build_camera
from edge.capture import Camera
from edge.config.settings import ModelFile, Settings
from edge.contracts.errors import EdgeError
from edge.contracts.messages import encode_stats
from edge.contracts.runtime import Accelerator
from edge.contracts.topics import DEVICE, Command
from edge.control.panel import Action, ControlPanel
from edge.delivery import Delivery
from edge.discovery import describe
from edge.engine import Engine
from edge.health import StageClock
from edge.homeassistant.announcer import Announcer
from edge.homeassistant.described import Description
from edge.monitor import Monitor, worst
from edge.observer import Observer
from edge.periodic import Periodic
from edge.publisher import Publisher
from edge.sensing.build import build_sensing
from edge.sensing.hub import Sensing
from edge.sensing.memory import SensorMemory
from edge.sensing.publisher import SensorPublisher
from edge.snapshots import Snapshots

FIRST_STATS_S, STATS_S = 5.0, 60.0
ANNOUNCE_S, REMEMBER_S = 2.0, 1.0
LOG_PAUSE_S = 60.0
_log = logging.getLogger(__name__)


class Watch:
    """Use as a context manager: entering loads models and opens cameras and sensors, `run` does the work.

    Args:
        settings: what is watched, and how.
        delivery: what is found out leaves by it; it is left open.
        ended: set from outside to end it.
        reload: asked for over MQTT.
    """

    def __init__(self, settings: Settings, delivery: Delivery, ended: threading.Event, reload: Action) -> None:
        self._settings, self._delivery, self._ended, self._reload = settings, delivery, ended, reload
        self._described: Description | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        settings, delivery = self._settings, self._delivery
        bus, topics = delivery.bus, delivery.topics
        bus.begin(self._names(), pictures=settings.snapshots.enabled)
        with ExitStack() as stack:
            self.models = Models(settings.runtime, delivery.state_dir, self._accelerator)
            stack.enter_context(self.models)
            clocks = {name: StageClock() for name in settings.cameras}
            cameras = [build_camera(settings, name, self.models, clocks[name]) for name in settings.cameras]
            self._monitor = Monitor(clocks)
            snapshots = stack.enter_context(Snapshots(bus, topics, settings.snapshots))
            self.panel = self._panel(cameras, snapshots)
            self.announcer = Announcer(bus, topics, settings.homeassistant, delivery.state_dir)
            stack.callback(self.announcer.close)
            self._labels = {label for camera in cameras for label in camera.chain.labels}
            run = secrets.token_hex(4)
            publisher = Publisher(bus, delivery.outbox, topics, run, settings.publish)
            observers: list[Observer] = [publisher, self._monitor, snapshots, TroubleLog()]
            self.sensing = self._sensing(run)
            self.engine = stack.enter_context(Engine(cameras, observers, self._ended))
            stack.enter_context(self.sensing)
            stack.enter_context(Periodic(self._tell, FIRST_STATS_S, STATS_S))
            stack.enter_context(Periodic(self._announce, ANNOUNCE_S, ANNOUNCE_S))
            stack.enter_context(Periodic(self._remember, REMEMBER_S, REMEMBER_S))
            stack.callback(self._remember)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self) -> None:
        """Until it is ended, or every clip and recording has."""
        self.panel.tell()
        self._accelerator(worst([runtime.accelerator for runtime in self.models.runtimes]))
        self._announce()
        self.engine.run()
        self.sensing.wait(self._ended)

    def due_s(self) -> Mapping[str, float]:
        """By when each thread comes round again, unless it hangs, by its name."""
        return {**self.engine.due_s(), **self.sensing.due_s()}

    def _sensing(self, run: str) -> Sensing:
        settings, delivery = self._settings, self._delivery
        rates = {name: sensor.publish_per_s for name, sensor in settings.sensors.items()}
        publisher = SensorPublisher(delivery.bus, delivery.outbox, delivery.topics, run, rates)
        memory = SensorMemory(delivery.state_dir)
        link = delivery.link
        runtimes = {
            name: self.models.load(ModelFile(path=sensor.model))
            for name, sensor in settings.sensors.items()
            if sensor.model
        }
        return build_sensing(settings.sensors, [publisher], memory, link, lambda: link.connected, runtimes)

    def _names(self) -> set[str]:
        cameras = self._settings.cameras
        zones = [zone.name for camera in cameras.values() for zone in camera.zones]
        lines = [line.name for camera in cameras.values() for line in camera.lines]
        return {*cameras, *zones, *lines, *self._settings.sensors}

    def _panel(self, cameras: list[Camera], snapshots: Snapshots) -> ControlPanel:
        delivery = self._delivery
        actions: dict[Command, Action] = {Command(DEVICE, "reload"): self._reload}
        for camera in cameras:
            actions[Command(camera.name, "snapshot")] = partial(snapshots.ask, camera.name)
        knobs = {camera.name: camera.knobs for camera in cameras}
        return ControlPanel(delivery.bus, delivery.topics, knobs, actions, delivery.controls.load())

    def _announce(self) -> None:
        """Let Home Assistant know; labels that nobody has seen before come to it by and by."""
        description = describe(
            self._settings, self._delivery.topics, self._delivery.bus.under(""), self._labels, self.sensing.steps_s()
        )
        if description != self._described:
            self._described = description
            self.announcer.announce(description)

    def _remember(self) -> None:
        """What people have turned; not on the network's thread, which must not wait for the disk."""
        self._delivery.controls.keep(self.panel.turned())

    def _accelerator(self, accelerator: Accelerator) -> None:
        every = [accelerator, *(runtime.accelerator for runtime in self.models.runtimes)]
        state = worst(every).state.encode()
        self._delivery.bus.publish(self._delivery.topics.accelerator, state, retain=True)

    def _tell(self) -> None:
        delivery = self._delivery
        health = self._monitor.report(
            self.engine.counts(),
            self.models.runtimes,
            delivery.outbox.stats(),
            delivery.link.stats(),
            self.sensing.health(),
        )
        delivery.link.publish(delivery.topics.stats, encode_stats(health, delivery.topics.device, time.time_ns()))


class TroubleLog(Observer):
    """Says when frames cannot be followed, once a minute per camera; the daemon goes on."""

    def __init__(self) -> None:
        self._said_s: dict[str, float] = {}

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """Log, but not for every frame."""
        now_s = time.monotonic()
        if now_s - self._said_s.get(camera.name, -LOG_PAUSE_S) >= LOG_PAUSE_S:
            self._said_s[camera.name] = now_s
            _log.error("camera %s: a frame could not be followed: %s", camera.name, error)
