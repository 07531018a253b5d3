"""Many simulated devices at a real broker, over a few connections: what a roll-out sees of a fleet.

A broker cannot tell them from real ones, but for the last will: that a device is offline is published for it.
"""

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Protocol, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.contracts.topics import Topics
from edge.contracts.update_state import Desired, parse_desired
from tests.rigs.host import wait_until
from tests.rigs.simulated_device import Later, Nature, SimulatedDevice

PER_CONNECTION = 125
Act = Callable[[], None]


class AnyDevice(Protocol):
    """What answers at the broker. All of it on one thread."""

    @property
    def version(self) -> str:
        """That runs."""

    @property
    def returned(self) -> int:
        """How often it went back by itself."""

    @property
    def trying(self) -> bool:
        """Whether something is on trial."""

    def wants(self, desired: Desired) -> None:
        """What is wanted of it is told, perhaps once more."""

    def tell(self) -> None:
        """Report."""


Make = Callable[[str, Nature, Later, Callable[[bytes], None]], AnyDevice]


class SimulatedFleet:
    """Use as a context manager: entering has every device online but those of `offline`.

    Args:
        port: of the broker on this machine.
        natures: of each device, by its name.
        offline: devices that are never there, until `online` is called.
        make: of a device; its name, its nature, what does something later, and where it reports.
    """

    def __init__(
        self, port: int, natures: Mapping[str, Nature], offline: Iterable[str] = (), make: Make = SimulatedDevice
    ) -> None:
        self._port, self._natures, self._offline = port, natures, set(offline)
        self._acts: queue.SimpleQueue[tuple[float, Act]] = queue.SimpleQueue()
        self._stop, self._order = threading.Event(), itertools.count()
        self._clients: dict[str, paho.Client] = {}
        self._thread = threading.Thread(target=self._work, name="fleet")
        self.devices = {name: make(name, nature, self._later, self._report(name)) for name, nature in natures.items()}

    def __enter__(self) -> Self:
        names = list(self._natures)
        for first in range(0, len(names), PER_CONNECTION):
            some = names[first : first + PER_CONNECTION]
            client = self._connected(some)
            self._clients.update(dict.fromkeys(some, client))
        self._thread.start()
        for name in names:
            if name not in self._offline:
                self.online(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(30)
        for client in set(self._clients.values()):
            client.disconnect()
            client.loop_stop()

    def online(self, name: str) -> None:
        """It connects: says so, reports, and hears what is wanted of it."""
        self._later(0, lambda: self._online(name))

    def offline(self, name: str) -> None:
        """Its connection is lost."""
        self._later(0, lambda: self._gone(name))

    def flap(self, name: str, on_s: float, off_s: float) -> None:
        """It is offline now and then, from now on."""
        self.offline(name)
        self._later(off_s, lambda: self.online(name))
        self._later(off_s + on_s, lambda: self.flap(name, on_s, off_s))

    def versions(self) -> dict[str, str]:
        """What runs on each."""
        return {name: device.version for name, device in self.devices.items()}

    def settled(self) -> bool:
        """Whether nothing is on trial any more."""
        return not any(device.trying for device in self.devices.values())

    def _report(self, name: str) -> Callable[[bytes], None]:
        def report(payload: bytes) -> None:
            if name not in self._offline:
                self._clients[name].publish(Topics(name).update_reported, payload, 1, retain=True)

        return report

    def _online(self, name: str) -> None:
        self._offline.discard(name)
        self._clients[name].publish(Topics(name).available, "online", 1, retain=True)
        self._clients[name].subscribe(Topics(name).update_desired, 1)
        self.devices[name].tell()

    def _gone(self, name: str) -> None:
        self._offline.add(name)
        self._clients[name].unsubscribe(Topics(name).update_desired)
        self._clients[name].publish(Topics(name).available, "offline", 1, retain=True)

    def _wants(self, name: str, payload: bytes) -> None:
        if name not in self._offline:
            self.devices[name].wants(parse_desired(payload))

    def _later(self, delay_s: float, act: Act) -> None:
        self._acts.put((time.monotonic() + delay_s, act))

    def _work(self) -> None:
        due: list[tuple[float, int, Act]] = []
        while not self._stop.is_set():
            wait_s = min(0.1, max(0.001, due[0][0] - time.monotonic())) if due else 0.1
            try:
                at_s, act = self._acts.get(timeout=wait_s)
                heapq.heappush(due, (at_s, next(self._order), act))
            except queue.Empty:
                pass
            while due and due[0][0] <= time.monotonic():
                heapq.heappop(due)[2]()

    def _connected(self, names: list[str]) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        heard = {Topics(name).update_desired: name for name in names}

        def message(_client: paho.Client, _data: object, told: paho.MQTTMessage) -> None:
            name, payload = heard[told.topic], bytes(told.payload)
            self._later(0, lambda: self._wants(name, payload))

        def connected(*_: object) -> None:
            for name in names:
                if name not in self._offline and self._thread.is_alive():  # after an outage
                    self.online(name)

        client.on_message, client.on_connect = message, connected
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", self._port, 60)
        client.loop_start()
        assert wait_until(client.is_connected)
        return client
