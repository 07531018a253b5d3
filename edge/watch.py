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
from edge.config.settings import Settings
from edge.contracts.errors import EdgeError
from edge.contracts.messages import encode_stats
from edge.contracts.runtime import Accelerator
from edge.contracts.topics import DEVICE, GROUPS, Command
from edge.control.panel import Action, ControlPanel
from edge.delivery import Delivery
from edge.discovery import describe
from edge.engine import Engine
from edge.grouping import GroupBook
from edge.health import StageClock
from edge.hearing.sounds import Hearing
from edge.hearing.telling import RecognitionPublisher
from edge.hearing.values import ValueListener, with_grids
from edge.homeassistant.announcer import Announcer
from edge.homeassistant.described import Description
from edge.monitor import Monitor, worst
from edge.observer import Observer
from edge.outcomes import OutcomeBoard
from edge.periodic import Periodic
from edge.publisher import Publisher
from edge.sensing.build import build_sensing
from edge.sensing.hub import Sensing
from edge.sensing.memory import SensorMemory
from edge.sensing.observer import SensorObserver
from edge.sensing.publisher import SensorPublisher
from edge.snapshots import Snapshots
from edge.standings import TELL_S, Standings

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
        self._heard: dict[str, bytes] = {}
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
            boards = {camera.name: camera.chain.scores for camera in cameras}
            self._standings = standings = Standings(bus, topics, boards, delivery.state_dir)
            snapshots = stack.enter_context(Snapshots(bus, topics, settings.snapshots))
            self._book = self._groups(stack)
            self.panel = self._panel(cameras, snapshots)
            self.announcer = Announcer(bus, topics, settings.homeassistant, delivery.state_dir)
            stack.callback(self.announcer.close)
            self._labels = {label for camera in cameras for label in camera.chain.labels}
            run = secrets.token_hex(4)
            publisher = Publisher(bus, delivery.outbox, topics, run, settings.publish)
            outcomes = self._outcomes(cameras)
            observers: list[Observer] = [publisher, self._monitor, snapshots, outcomes, TroubleLog()]
            stack.callback(outcomes.remember)
            told = RecognitionPublisher(bus, delivery.outbox, topics, run)
            self._values = ValueListener(settings.sensors, settings.runtime, delivery.state_dir, told, stack)
            self.hearing = Hearing(settings.sounds, settings.runtime, delivery.state_dir, told)
            self.sensing = self._sensing(run)
            self.engine = stack.enter_context(Engine(cameras, observers, self._ended))
            stack.enter_context(self.sensing)
            stack.enter_context(self.hearing)
            stack.enter_context(Periodic(self._tell, FIRST_STATS_S, STATS_S))
            stack.enter_context(Periodic(self._announce, ANNOUNCE_S, ANNOUNCE_S))
            stack.enter_context(Periodic(self._remember, REMEMBER_S, REMEMBER_S))
            stack.enter_context(Periodic(outcomes.remember, STATS_S, STATS_S))
            stack.callback(self._remember)
            stack.enter_context(Periodic(standings.tell, FIRST_STATS_S, FIRST_STATS_S))
            stack.enter_context(Periodic(standings.keep, TELL_S, TELL_S))
            stack.callback(standings.keep)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self) -> None:
        """Until it is ended, or every clip and recording has."""
        self.panel.tell()
        self._standings.tell()
        if self._book:
            self._book.tell()
        self._accelerator(worst([runtime.accelerator for runtime in self.models.runtimes]))
        self._announce()
        self.engine.run()
        self.sensing.wait(self._ended)
        self.hearing.wait(self._ended)

    def due_s(self) -> Mapping[str, float]:
        """By when each thread comes round again, unless it hangs, by its name."""
        return {**self.engine.due_s(), **self.sensing.due_s(), **self.hearing.due_s()}

    def _sensing(self, run: str) -> Sensing:
        settings, delivery = self._settings, self._delivery
        rates = {name: sensor.publish_per_s for name, sensor in settings.sensors.items()}
        publisher = SensorPublisher(delivery.bus, delivery.outbox, delivery.topics, run, rates)
        memory = SensorMemory(delivery.state_dir)
        link = delivery.link
        observers: list[SensorObserver] = [publisher, self._values]
        return build_sensing(with_grids(settings.sensors), observers, memory, link, lambda: link.connected)

    def _names(self) -> set[str]:
        cameras = self._settings.cameras
        zones = [zone.name for camera in cameras.values() for zone in camera.zones]
        lines = [line.name for camera in cameras.values() for line in camera.lines]
        return {*cameras, *zones, *lines, *self._settings.sensors, *self._settings.sounds}

    def _panel(self, cameras: list[Camera], snapshots: Snapshots) -> ControlPanel:
        delivery = self._delivery
        actions: dict[Command, Action] = {Command(DEVICE, "reload"): self._reload}
        for camera in cameras:
            actions[Command(camera.name, "snapshot")] = partial(snapshots.ask, camera.name)
        knobs = {camera.name: camera.knobs for camera in cameras}
        texts = {GROUPS: self._book.heard} if self._book else {}
        return ControlPanel(delivery.bus, delivery.topics, knobs, actions, delivery.controls.load(), texts)

    def _groups(self, stack: ExitStack) -> GroupBook | None:
        """The names of groups; None where there is nothing that makes any."""
        settings, delivery = self._settings, self._delivery
        if settings.embedder is None:
            return None
        book = GroupBook(
            delivery.bus, delivery.topics, self.models.groups(settings.embedder, settings.groups), delivery.state_dir
        )
        stack.callback(book.remember, now=True)
        stack.enter_context(Periodic(book.tell, FIRST_STATS_S, FIRST_STATS_S))
        stack.enter_context(Periodic(book.remember, STATS_S, STATS_S))
        return book

    def _outcomes(self, cameras: list[Camera]) -> OutcomeBoard:
        board = OutcomeBoard(self._delivery.bus, self._delivery.topics, self._delivery.state_dir)
        for camera in cameras:
            board.restore(camera)
        return board

    def _announce(self) -> None:
        """Let Home Assistant know; labels that nobody has seen before come to it by and by."""
        self._hears()
        description = describe(
            self._settings,
            self._delivery.topics,
            self._delivery.bus.under(""),
            self._labels,
            self.sensing.steps_s(),
            {**self._values.options, **self.hearing.options},
        )
        if description != self._described:
            self._described = description
            self.announcer.announce(description)

    def _hears(self) -> None:
        """Whether each microphone is heard."""
        told = {name: b"online" if heard else b"offline" for name, heard in self.hearing.heard.items()}
        for name, payload in told.items():
            if self._heard.get(name) != payload:
                self._delivery.bus.publish(self._delivery.topics.sensor_status(name), payload, retain=True)
        self._heard = told

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
