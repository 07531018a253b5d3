"""One configuration at work: its cameras, sensors and microphones, what is told of them, and what may be turned."""

import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

from edge.assembly import Models
from edge.composed import Composed
from edge.config.settings import Settings
from edge.contracts.bus import Message
from edge.contracts.messages import encode_stats
from edge.contracts.runtime import Accelerator
from edge.contracts.topics import DEVICE, Command
from edge.control.panel import Action
from edge.delivery import Delivery
from edge.discovery import describe
from edge.homeassistant.announcer import Announcer
from edge.homeassistant.described import Description
from edge.learners.side import LearningSide
from edge.monitor import worst
from edge.periodic import Periodic
from edge.updating.lifecycle import UpdateLifecycle
from edge.watching.cameras import CameraSide, places, scored
from edge.watching.sensors import SensorSide

FIRST_STATS_S, STATS_S = 5.0, 60.0
ANNOUNCE_S, REMEMBER_S = 2.0, 1.0


class Watch(Composed):
    """Use as a context manager: entering loads models and opens cameras and sensors, `run` does the work.

    Args:
        settings: what is watched, and how.
        delivery: what is found out leaves by it; it is left open.
        ended: set from outside to end it.
        reload: asked for over MQTT.
        updating: what is to know how it does.
    """

    def __init__(
        self,
        settings: Settings,
        delivery: Delivery,
        ended: threading.Event,
        reload: Action,
        updating: UpdateLifecycle | None = None,
    ) -> None:
        self._settings, self._delivery, self._ended, self._reload = settings, delivery, ended, reload
        self._updating = updating or UpdateLifecycle(None)
        self._described: Description | None = None

    def _open(self, stack: ExitStack) -> None:
        settings, delivery, run = self._settings, self._delivery, secrets.token_hex(4)
        named = {*places(settings), *settings.sensors, *settings.sounds}
        delivery.bus.begin(named, scored=scored(settings), pictures=settings.snapshots.enabled)
        self.models = stack.enter_context(Models(settings.runtime, delivery.state_dir, self._accelerator))
        self.learning = stack.enter_context(LearningSide(settings, delivery, self.models, run))
        more, readings = [self.learning.looks, *self._updating.observers], self.learning.readings
        self._cameras = stack.enter_context(CameraSide(settings, delivery, self.models, run, self._ended, more))
        self._sensors = stack.enter_context(SensorSide(settings, delivery, self.models, run, [readings]))
        self.learning.begin(self._cameras.tables, self._cameras.dropped)
        self.panel = self._cameras.panel({Command(DEVICE, "reload"): self._reload}, self._sensors.said)
        self.announcer = Announcer(delivery.bus, delivery.topics, settings.homeassistant, delivery.state_dir)
        stack.callback(self.announcer.close)
        stack.enter_context(Periodic(self._tell, FIRST_STATS_S, STATS_S))
        stack.enter_context(Periodic(self._announce, ANNOUNCE_S, ANNOUNCE_S))
        stack.enter_context(Periodic(self._remember, REMEMBER_S, REMEMBER_S))
        stack.callback(self._remember)

    def run(self) -> None:
        """Until it is ended, or every clip and recording has."""
        self.panel.tell()
        self._cameras.tell()
        self._accelerator(worst([runtime.accelerator for runtime in self.models.runtimes]))
        self._announce()
        self._cameras.engine.run()
        self._sensors.wait(self._ended)

    def heard(self, message: Message) -> None:
        """Obey a command, or take a lesson."""
        if message.topic == self._delivery.topics.teach:
            self._cameras.taught(message)
        else:
            self.panel.heard(message)

    def captured(self) -> int:
        """Frames of all cameras since it was entered."""
        return sum(counts.captured for counts, _ in self._cameras.engine.counts().values())

    def due_s(self) -> Mapping[str, float]:
        """By when each thread comes round again, unless it hangs, by its name."""
        return {**self._cameras.engine.due_s(), **self._sensors.due_s()}

    def mend(self) -> None:
        """Replace threads of cameras that hang."""
        self._cameras.engine.mend()

    def _announce(self) -> None:
        """Let Home Assistant know; labels that nobody has seen before come to it by and by."""
        self._sensors.tell()
        description = describe(
            self._settings,
            self._delivery.topics,
            self._delivery.bus.under(""),
            self._cameras.labels,
            self._sensors.steps_s(),
            self._sensors.classes,
            self.learning.subjects,
        )
        description = replace(description, updated=tuple(self._updating.places))
        if description != self._described:
            self._described = description
            self.announcer.announce(description)

    def _remember(self) -> None:
        """What people have turned; not on the network's thread, which must not wait for the disk."""
        self._delivery.controls.keep({**self.panel.turned(), **self.learning.turned()})

    def _accelerator(self, accelerator: Accelerator) -> None:
        every = [accelerator, *(runtime.accelerator for runtime in self.models.runtimes)]
        state = worst(every).state.encode()
        self._delivery.bus.publish(self._delivery.topics.accelerator, state, retain=True)

    def _tell(self) -> None:
        delivery, cameras = self._delivery, self._cameras
        health = cameras.monitor.report(
            cameras.engine.counts(),
            self.models.runtimes,
            delivery.outbox.stats(),
            delivery.link.stats(),
            self._sensors.health(),
            self.learning.figures(),
        )
        delivery.link.publish(delivery.topics.stats, encode_stats(health, delivery.topics.device, time.time_ns()))
