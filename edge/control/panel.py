"""Commands that come in over MQTT: `<camera>/<thing>/set` turns a knob, and retained `.../state` says how it stands."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edge.contracts.bus import Bus, Message
from edge.contracts.errors import MessageError
from edge.contracts.inbound import PRESS
from edge.contracts.topics import Command, Topics
from edge.control.knobs import TELL, TURN, Controls, Knobs

LOG_PAUSE_S = 10.0
Action = Callable[[], None]  # called on the bus's thread: be quick, never wait
Said = Callable[[str, bytes], None]  # the thing and what is said of it; may raise a MessageError
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turned:
    """A knob that people have turned, and how the configuration had it: where that has changed, it counts anew."""

    wanted: str
    configured: str


@dataclass(slots=True)
class _Camera:
    knobs: Knobs
    configured: Controls = field(init=False)

    def __post_init__(self) -> None:
        self.configured = self.knobs.now


class ControlPanel:
    """Obeys commands. Whatever is not understood changes nothing.

    A retained command is not obeyed: nobody knows how old it is, and it would come again with each connection.

    Args:
        bus: states go out by it.
        topics: of this device.
        knobs: of each camera, as configured.
        actions: what else can be asked for.
        turned: what an earlier run kept.
        texts: who takes what is said of other things, by the first level of its topic.
    """

    def __init__(
        self,
        bus: Bus,
        topics: Topics,
        knobs: Mapping[str, Knobs],
        actions: Mapping[Command, Action],
        turned: Mapping[str, Turned],
        texts: Mapping[str, Said] | None = None,
    ) -> None:
        self._bus, self._topics, self._actions = bus, topics, actions
        self._texts = texts or {}
        self._cameras = {name: _Camera(one) for name, one in knobs.items()}
        self._lock = threading.Lock()
        self._logged_s = -LOG_PAUSE_S
        self._restore(turned)

    def tell(self) -> None:
        """Say how everything stands."""
        for name, camera in self._cameras.items():
            for thing in TELL:
                self._tell(name, thing, camera.knobs.now)

    def heard(self, message: Message) -> None:
        """Obey a command on one of `Topics.every_set`."""
        command = self._topics.command(message.topic)
        if command is None or message.retained:
            return
        action = self._actions.get(command)
        if action and message.payload == PRESS:
            action()
        elif command.camera in self._texts or (command.camera in self._cameras and command.thing in TURN):
            try:
                if taken := self._texts.get(command.camera):
                    taken(command.thing, message.payload)
                else:
                    self._turn(command, message.payload)
            except MessageError as error:
                self._complain(f"{command.camera}/{command.thing}/{error}")

    def turned(self) -> dict[str, Turned]:
        """Every knob that does not stand as configured, by `<camera>/<thing>`: what is to be kept over a restart."""
        found = {}
        for name, camera in self._cameras.items():
            for thing, tell in TELL.items():
                one = Turned(tell(camera.knobs.now).decode(), tell(camera.configured).decode())
                if one.wanted != one.configured:
                    found[f"{name}/{thing}"] = one
        return found

    def _turn(self, command: Command, payload: bytes) -> None:
        knobs = self._cameras[command.camera].knobs
        with self._lock:
            before = knobs.now
            knobs.now = TURN[command.thing](before, payload)
        self._tell(command.camera, command.thing, knobs.now)
        if knobs.now != before:
            _log.info("%s: %s is %s now", command.camera, command.thing, TELL[command.thing](knobs.now).decode())

    def _tell(self, camera: str, thing: str, controls: Controls) -> None:
        self._bus.publish(self._topics.state(camera, thing), TELL[thing](controls), retain=True)

    def _restore(self, turned: Mapping[str, Turned]) -> None:
        for name, camera in self._cameras.items():
            for thing, tell in TELL.items():
                one = turned.get(f"{name}/{thing}")
                if one is not None and one.configured == tell(camera.configured).decode():
                    try:
                        camera.knobs.now = TURN[thing](camera.knobs.now, one.wanted.encode())
                    except MessageError as error:
                        self._complain(f"what was kept of {name}/{thing} is of no use: {error}")

    def _complain(self, about: str) -> None:
        """Anybody may send nonsense, as fast as they like; the log is to stay readable."""
        now_s = time.monotonic()
        if now_s - self._logged_s >= LOG_PAUSE_S:
            self._logged_s = now_s
            _log.warning("ignored: %s", about)
