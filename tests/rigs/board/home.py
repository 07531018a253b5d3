"""What a board's card holds of its owner's, and the host that it talks to: a fleet, its broker, certificates."""

import json
import shutil
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.demo.clip import CLIP, MODEL
from edge.mqtt.session import tls_context
from edge.mqtt.settings import TlsSettings
from firmware_tools.identity import members
from firmware_tools.identity.beginning import begin
from firmware_tools.identity.delivery import delivered
from firmware_tools.identity.inventory import read_inventory
from firmware_tools.identity.rights import configuration
from firmware_tools.identity.settling import Template
from firmware_tools.identity.template import FILE, SAYS
from firmware_tools.identity.transaction import opened
from tests.rigs.broker import Broker
from tests.rigs.fleet import NOW, add_host, nobody

HOST = "10.0.2.2"  # this machine, as QEMU's network shows it to the guest
DEVICE = "bench"
ETC = "/etc/foresight/"
# The shipped model on the shipped clip, at a pace that an emulated processor can follow beside other work.
CAMERAS = """
cameras:
  street:
    source: {kind: file, path: "${FORESIGHT_MODELS}/street.mp4", loop: true, speed: 0.3}
    zones:
      - {name: pavement, points: [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]}
model:
  path: ${FORESIGHT_MODELS}/street.tflite
"""


class Home(Broker):
    """A broker by a fleet's own files, with one device and one host program in it. Use as a context manager.

    Args:
        fleet: a folder that is not there yet.
        cameras: the rest of the configuration of every device, in YAML.
        board: of the device.
    """

    def __init__(self, fleet: Path, cameras: str = CAMERAS, board: str = "pi3") -> None:
        super().__init__()
        self.fleet, self._cameras, self._board = fleet, cameras, board

    def given(self) -> dict[str, bytes]:
        """The files of the device below /etc/foresight, by path."""
        found = delivered(self.fleet, DEVICE)
        own = {one.place.removeprefix(ETC): one.source.read_bytes() for one in found if one.place.startswith(ETC)}
        return own | {f"models/{file.name}": file.read_bytes() for file in (CLIP, MODEL)}

    def _configure(self) -> None:
        begin(self.fleet, "home", (HOST, "localhost", "127.0.0.1"), self.port, NOW)
        template = self.fleet / FILE
        template.write_text(f"{SAYS}{self._cameras}")
        models = self.fleet / "models"
        models.mkdir(mode=0o700, exist_ok=True)
        for file in (CLIP, MODEL):
            shutil.copy(file, models)
        with opened(self.fleet, nobody, NOW) as transaction:
            device = members.NewDevice(DEVICE, self._board, "all", (), {})
            members.add(transaction, [device], Template(template.read_text(), template))
        self.collector = add_host(self.fleet, "collector")
        self._config = self.folder / "mosquitto.conf"
        made = configuration(read_inventory(self.fleet), str(self.fleet / "mosquitto"))
        self._config.write_text(f"{made}\nlog_type none\nuser root\n")


class Collector:
    """A program of the fleet's that hears everything the device says, by its certificate."""

    def __init__(self, home: Home) -> None:
        self._home, self._lock, self._heard = home, threading.Lock(), list[tuple[float, str, bytes]]()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "collector", protocol=MQTTProtocolVersion.MQTTv5)
        folder, trusted = home.collector, home.fleet / "mosquitto" / "authority.crt"
        shown = TlsSettings(ca_file=trusted, cert_file=folder / "host.crt", key_file=folder / "host.key")
        self._client.tls_set_context(tls_context(shown))
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._home.port, 30)
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def heard(self, topic: str, since_s: float = 0.0) -> list[bytes]:
        """The messages under a topic (without `foresight/<device>/`) that came after a time."""
        with self._lock:
            return [payload for at_s, heard, payload in self._heard if heard == topic and at_s >= since_s]

    def topics(self, since_s: float = 0.0) -> dict[str, int]:
        """How many messages came under each."""
        with self._lock:
            names = [topic for at_s, topic, _ in self._heard if at_s >= since_s]
        return {name: names.count(name) for name in sorted(set(names))}

    def publish(self, topic: str, payload: bytes) -> None:
        """Say something, retained."""
        self._client.publish(topic, payload, 1, retain=True).wait_for_publish(30)

    def last(self, topic: str) -> Any:
        """The last message of a topic, decoded; None where there is none."""
        heard = self.heard(topic)
        return json.loads(heard[-1]) if heard else None

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe(f"foresight/{DEVICE}/#", 1)

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        topic = message.topic.removeprefix(f"foresight/{DEVICE}/")
        with self._lock:
            self._heard.append((time.monotonic(), topic, bytes(message.payload)))
