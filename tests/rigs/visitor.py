"""A client of the broker that signs in by a certificate, and says how it was received."""

import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.mqtt.session import tls_context
from edge.mqtt.settings import TlsSettings
from tests.patience import patient

LIMIT_S = 30.0


class Visitor:
    """Use as a context manager: entering waits until it is let in, or refused (`inside` says which).

    Args:
        port: of the broker on this machine.
        trusted: certificates of the authorities that the broker's is checked by.
        folder: where `device.crt` or `host.crt` and the key lie; None to show none.
        name: its client id.
    """

    def __init__(self, port: int, trusted: Path, folder: Path | None, name: str = "visitor") -> None:
        self.inside = self.gone = False
        self.heard: list[str] = []
        self._codes: dict[int, list[int]] = {}
        self._port, self._changed = port, threading.Condition()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        self._client.tls_set_context(tls_context(_shown(trusted, folder)))
        self._client.on_connect = lambda *got: self._note("inside", not got[3].is_failure)
        self._client.on_disconnect = lambda *_: self._note("gone", True)
        self._client.on_publish = lambda *got: self._answered(got[2], [got[3].value])
        self._client.on_subscribe = lambda *got: self._answered(got[2], [code.value for code in got[3]])
        self._client.on_message = lambda *got: self._hear(got[2].topic)

    def __enter__(self) -> Self:
        try:
            self._client.connect("127.0.0.1", self._port, 20)
        except (OSError, ssl.SSLError):
            self.gone = True
        else:
            self._client.loop_start()
            self._wait(lambda: self.inside or self.gone)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def says(self, topic: str) -> bool:
        """Whether the broker takes a message under a topic."""
        return self._asked(self._client.publish(topic, b"x", 1).mid)[0] < 0x80

    def listens(self, topics: str) -> None:
        """Subscribe."""
        self._asked(int(self._client.subscribe(topics, 1)[1] or 0))

    def hears(self, topic: str) -> list[str]:
        """All topics that were heard until this one was."""
        self._wait(lambda: topic in self.heard)
        with self._changed:
            return self.heard[: self.heard.index(topic) + 1]

    def _asked(self, number: int) -> list[int]:
        self._wait(lambda: number in self._codes)
        return self._codes[number]

    def _wait(self, done: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(done, patient(LIMIT_S))

    def _note(self, what: str, value: bool) -> None:
        with self._changed:
            setattr(self, what, value)
            if what == "inside" and not value:
                self.gone = True
            self._changed.notify_all()

    def _answered(self, number: int, codes: list[int]) -> None:
        with self._changed:
            self._codes[number] = codes
            self._changed.notify_all()

    def _hear(self, topic: str) -> None:
        with self._changed:
            self.heard.append(topic)
            self._changed.notify_all()


def _shown(trusted: Path, folder: Path | None) -> TlsSettings:
    if folder is None:
        return TlsSettings(ca_file=trusted)
    kind = "device" if (folder / "device.crt").exists() else "host"
    return TlsSettings(ca_file=trusted, cert_file=folder / f"{kind}.crt", key_file=folder / f"{kind}.key")
