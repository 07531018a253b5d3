"""Updates beside the running daemon: they outlive what it watches, and its connections."""

import logging
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from edge import __version__
from edge.composed import Composed
from edge.config.settings import Settings
from edge.contracts.bus import Message
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.release import Kind
from edge.contracts.topics import Topics, group_desired
from edge.contracts.update_state import parse_desired
from edge.periodic import Periodic
from edge.retained import RetainedTopics
from edge.updates.seams import Installer
from edge.updates.system.installer import Board, SystemInstaller
from edge.updates.system.rauc import Rauc
from edge.updates.trust.sources import source
from edge.updates.updates import Device, Links, Updates
from edge.updating.beginning import home_of
from edge.updating.configurations import ConfigurationInstaller
from edge.updating.models import ModelInstaller
from edge.updating.pulse import Pulse
from edge.updating.reading import Reading
from edge.updating.relay import Relay
from edge.updating.seat import Seat
from edge.updating.shipped import Shipped
from edge.updating.telling import Telling, explained

TELL_S = 0.5
WRITING = 0.8
_log = logging.getLogger(__name__)


class UpdateSide(Composed):
    """Use as a context manager: entering begins.

    Args:
        settings: of the device, as its own file has them.
        reading: of its configuration.
        seat: of the daemon.
    """

    def __init__(self, settings: Settings, reading: Reading, seat: Seat) -> None:
        self._settings, self._reading, self._seat = settings, reading, seat
        self._relay, self._topics = Relay(), Topics(settings.mqtt.device, settings.mqtt.prefix)
        self._telling = Telling(self._relay, self._topics)
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._updates: Updates | None = None
        self.pulse = Pulse(seat, lambda: self._relay.connected)
        self._models = ModelInstaller(seat, reading, self._files, self.pulse.forget)

    def follow(self, bus: RetainedTopics) -> None:
        """From now on this bus leads to the broker. Before it is connected: what is kept there comes only once."""
        self._telling.known(bus.under(f"{self._topics.base}/update/"))
        self._relay.follow(bus)

    @property
    def places(self) -> tuple[str, ...]:
        """Where anything can be taken up, as far as is known."""
        return self._telling.places

    def _open(self, stack: ExitStack) -> None:
        updates = self._settings.updates
        device = Device(self._settings.mqtt.device, __version__)
        links = Links(
            source=source(updates.trust, self._relay, self._topics),
            installers=self._installers(),
            body=self.pulse,
            changed=self._tell,
            shipped=Shipped(self._seat),
        )
        self._updates = Updates(updates, device, home_of(self._settings), links)
        for group in updates.groups:
            self._relay.subscribe(group_desired(group, self._settings.mqtt.prefix), partial(self._heard, group))
        self._relay.subscribe(self._topics.update_desired, partial(self._heard, ""))
        stack.enter_context(Periodic(self._tell, 0.0, TELL_S))
        stack.enter_context(self._updates)
        stack.callback(self._ended.set)  # first of all: what waits for a system to be written stops

    def _files(self) -> Mapping[str, Path]:
        return self._updates.serving().files if self._updates else {}

    def _installers(self) -> dict[Kind, Installer]:
        return {
            Kind.MODEL: self._models,
            Kind.CONFIGURATION: ConfigurationInstaller(self._seat, self._reading, self._files, self.pulse.forget),
            Kind.SYSTEM: SystemInstaller(Rauc(), home_of(self._settings), self._ended.wait, self._board()),
        }

    def _board(self) -> Board:
        """Of what a system may take until it serves, writing it takes the most."""
        return Board(install_s=WRITING * self._settings.updates.serve_s)

    def _heard(self, group: str, message: Message) -> None:
        """What is wanted: a retained message is as good as a new one."""
        try:
            desired = parse_desired(message.payload)
        except MalformedError as error:
            _log.warning("ignored: %s: %s", message.topic, error)
            return
        if self._updates:
            self._updates.heard(desired, group)

    def _tell(self) -> None:
        """Not before anything runs: what the device was shipped with is known only then."""
        if self._updates and self._seat.began:
            with self._lock:
                self._telling.tell(explained(self._updates.reported(), self._models.how))


def kept(settings: Settings) -> tuple[object, ...]:
    """What the updates of a device are made of."""
    return settings.device, settings.updates, settings.mqtt.base
