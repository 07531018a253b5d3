"""What leaves the device, and how: the connection to the broker, and the outbox that nothing is lost from."""

import time
from contextlib import ExitStack
from types import TracebackType

from edge.composed import Composed
from edge.config.settings import Settings
from edge.contracts.errors import ConfigError
from edge.contracts.stored import StateError
from edge.contracts.topics import Topics
from edge.control.memory import ControlMemory
from edge.mqtt.link import MqttLink
from edge.outbox.outbox import Outbox
from edge.outbox.sender import Sender
from edge.outputs import writable_folder
from edge.retained import RetainedTopics

DRAIN_S = 1.0  # what stopping may take longer so that objects are told to have ended


class Delivery(Composed):
    """Use as a context manager. It outlives a change of cameras, models and zones."""

    def __init__(self, settings: Settings) -> None:
        """Raises a StateError where the state directory cannot be written to: that may pass by itself."""
        self._settings = settings
        self.topics = Topics(settings.mqtt.device, settings.mqtt.prefix)
        try:
            self.state_dir = writable_folder(settings.device.state_dir, "device.state_dir")
        except ConfigError as error:
            raise StateError(str(error)) from error
        self.outbox = Outbox(self.state_dir / "outbox.db", settings.outbox)
        self.link = MqttLink(settings.mqtt)
        self.controls = ControlMemory(self.state_dir)
        self.bus = RetainedTopics(self.link, self.topics, self.state_dir)
        self.sender = Sender(self.outbox, self.link, self.topics.ack, settings.outbox)

    def _open(self, stack: ExitStack) -> None:
        # The outbox first: its lock tells a second daemon to go before it takes the place at the broker.
        stack.enter_context(self.outbox)
        stack.enter_context(self.link)
        stack.enter_context(self.sender)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drain()
        self._stack.close()

    def serves(self, settings: Settings) -> bool:
        """Whether another configuration wants the same of it."""
        return _kept(self._settings) == _kept(settings)

    def due_s(self) -> dict[str, float]:
        """By when each of its threads comes round again, unless it hangs, by its name."""
        return {"broker": self.link.due_s, "outbox": self.outbox.due_s, "delivery": self.sender.due_s}

    def _drain(self) -> None:
        """Give the last events a moment to go out; what does not make it waits on disk for the next start."""
        deadline_s = time.monotonic() + DRAIN_S
        while self.link.connected and time.monotonic() < deadline_s:
            stats = self.outbox.stats()
            if not stats.rows and not stats.waiting:
                return
            time.sleep(0.02)


def _kept(settings: Settings) -> tuple[object, ...]:
    """What a delivery is made of."""
    return settings.device, settings.mqtt, settings.outbox, settings.homeassistant.birth_topic
