"""Updates beside the running daemon: they outlive what it watches, and its connections."""

import logging
import threading
from contextlib import ExitStack
from functools import partial

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
from edge.updates.interfaces import Installer
from edge.updates.startup import Files
from edge.updates.system.installer import Board, SystemInstaller
from edge.updates.system.rauc import Rauc
from edge.updates.trust.sources import source
from edge.updates.updates import Device, Links, Updates
from edge.updating.configurations import ConfigurationInstaller
from edge.updating.control import DaemonControl
from edge.updating.daemon_health import DaemonHealth
from edge.updating.inventory import Inventory
from edge.updating.models import ModelInstaller
from edge.updating.reader import ConfigurationReader
from edge.updating.relay import Relay
from edge.updating.reporter import Reporter
from edge.updating.startup import home_of

TELL_S = 0.5
WRITING = 0.8
_log = logging.getLogger(__name__)


class UpdateSide(Composed):
    """Use as a context manager: entering begins.

    Args:
        settings: of the device, as its own file has them.
        reader: of its configuration.
        control: of the daemon.
    """

    def __init__(self, settings: Settings, reader: ConfigurationReader, control: DaemonControl) -> None:
        self._settings, self._reader, self._control = settings, reader, control
        self._relay, self._topics = Relay(), Topics(settings.mqtt.device, settings.mqtt.prefix)
        self._reporter = Reporter(self._relay, self._topics)
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._updates: Updates | None = None
        self.health = DaemonHealth(control, lambda: self._relay.connected)

    def follow(self, bus: RetainedTopics) -> None:
        """From now on this bus leads to the broker. Before it is connected: what is kept there comes only once."""
        self._reporter.known(bus.under(f"{self._topics.base}/update/"))
        self._relay.follow(bus)

    @property
    def places(self) -> tuple[str, ...]:
        """Where anything can be taken up, as far as is known."""
        return self._reporter.places

    def _open(self, stack: ExitStack) -> None:
        updates = self._settings.updates
        device = Device(self._settings.mqtt.device, __version__)
        links = Links(
            source=source(updates.trust, self._relay, self._topics),
            installers=self._installers(),
            probe=self.health,
            changed=self._tell,
            serving=Inventory(self._control),
        )
        self._updates = Updates(updates, device, home_of(self._settings), links)
        for group in updates.groups:
            self._relay.subscribe(group_desired(group, self._settings.mqtt.prefix), partial(self._heard, group))
        self._relay.subscribe(self._topics.update_desired, partial(self._heard, ""))
        stack.enter_context(Periodic(self._tell, 0.0, TELL_S))
        stack.enter_context(self._updates)
        stack.callback(self._ended.set)  # first of all: what waits for a system to be written stops

    def _files(self) -> Files:
        return self._updates.active_files() if self._updates else {}

    def _installers(self) -> dict[Kind, Installer]:
        shared = self._control, self._reader, self._files, self.health.forget
        return {
            Kind.MODEL: ModelInstaller(*shared),
            Kind.CONFIGURATION: ConfigurationInstaller(*shared),
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
        if self._updates and self._control.has_run:
            with self._lock:
                self._reporter.tell(self._updates.reported())


def kept(settings: Settings) -> tuple[object, ...]:
    """What the updates of a device are made of."""
    return settings.device, settings.updates, settings.mqtt.base
