"""One connection to the broker, from the first byte to the last. It never reconnects: a new one is made instead.

That way paho holds nothing over from one connection to the next: what was on its way is known to be lost, and the
outbox sends it again.
"""

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Literal

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.contracts.bus import Message, Settled
from edge.contracts.errors import BrokerError
from edge.mqtt.settings import MqttSettings, TlsSettings

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
CONNECT_S = 10.0
KEEPALIVE_SHARE = 0.8  # paho notices a silent broker up to 1.5 s later than within twice its keep-alive
CLOSE_S = 2.0
SESSION_EXPIRY_S = 3600  # the broker keeps commands for us so long
BACKLOG = 1000  # messages handed to paho and not yet written (QoS 0) or confirmed (QoS 1)
_UNSUPPORTED_VERSION = 0x84
_LOGIN = frozenset({0x86, 0x87})  # bad user name or password, not authorized
_NO_SUBSCRIBERS = 0x10
_log = logging.getLogger(__name__)


class _Client(paho.Client):
    """A paho client that says when its network thread is over, whatever ended it."""

    def __init__(self, protocol: MQTTProtocolVersion, name: str, ended: threading.Event) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            protocol=protocol,
            clean_session=None if protocol == V5 else True,
            reconnect_on_failure=False,
        )
        self.ended = ended

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception as error:  # noqa: BLE001 - a packet that paho cannot read ends the connection, not the thread
            _log.warning("the broker sent something unreadable (%s: %s)", type(error).__name__, error)
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        finally:
            self.ended.set()


class Session:
    """A connection. `up` is called on paho's thread once it stands, `received` there for each message.

    Args:
        settings: where, and as whom.
        protocol: V5 or V311.
        up, received: of the link.
    """

    def __init__(
        self,
        settings: MqttSettings,
        protocol: MQTTProtocolVersion,
        up: Callable[["Session"], None],
        received: Callable[[Message], None],
    ) -> None:
        self.protocol = protocol
        self.ended = threading.Event()
        self.reason = ""  # why it was refused or ended, where the broker said so
        self.wrong_version = False
        self._code = 0
        self.answered = False  # the broker sent a CONNACK, of whatever kind
        self._settings = settings
        self._up = up
        self._received = received
        self._standing = threading.Event()
        self._lock = threading.Lock()
        self._waiting: dict[int, Settled | None] = {}
        self._early: dict[int, bool] = {}  # confirmed before `publish` had returned the number
        self._client = self._make()

    def open(self, stop: threading.Event) -> None:
        """Connect, and wait until the broker has said yes, or `stop` is set.

        Raises:
            BrokerError: it said no, or nothing.
        """
        settings, v5 = self._settings, self.protocol == V5
        where = f"{settings.host}:{settings.port}"
        keepalive_s = int(KEEPALIVE_SHARE * settings.keepalive_s)
        properties = None
        if v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
        clean: bool | Literal[3] = False if v5 else paho.MQTT_CLEAN_START_FIRST_ONLY  # 3.1.1 has its own flag
        try:
            self._client.connect(settings.host, settings.port, keepalive_s, clean_start=clean, properties=properties)
        except (OSError, ValueError) as error:
            raise BrokerError(f"{where} {trouble_in_words(error)}") from error
        self._client.loop_start()
        deadline_s = time.monotonic() + CONNECT_S
        while not self._standing.wait(0.02) and not self.ended.is_set() and time.monotonic() < deadline_s:
            if stop.is_set():
                break
        if not self._standing.is_set():
            raise BrokerError(f"{where} refuses: {self._refusal()}")

    def _refusal(self) -> str:
        """Why the broker said no, and what to do."""
        if self._code in _LOGIN:
            return f"{self.reason}: check mqtt.username and the user or password that the broker knows"
        if self._settings.tls and not self.answered:
            wanted = "another certificate than" if self._settings.tls.cert_file else "a certificate,"
            return f"it closed the connection; it may want {wanted} mqtt.tls.cert_file"
        return self.reason or "it closed the connection or did not answer"

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, settled: Settled | None) -> bool:
        """Hand to paho, which never queues long: False when too much is on its way, or the connection is gone."""
        if self.ended.is_set() or (len(self._waiting) >= BACKLOG and not retain):
            return False
        info = self._client.publish(topic, payload, qos, retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        with self._lock:
            taken = self._early.pop(info.mid, None)
            if taken is None:
                self._waiting[info.mid] = settled
        if taken is not None and settled:
            settled(taken)
        return True

    def subscribe(self, topic_filters: Iterable[str], qos: int = 1) -> None:
        """Ask for more; the handlers are the link's."""
        wanted = [(topic_filter, qos) for topic_filter in topic_filters]
        if wanted and not self.ended.is_set():
            self._client.subscribe(wanted)

    def unsubscribe(self, topic_filter: str) -> None:
        """Ask for it no more."""
        if not self.ended.is_set():
            self._client.unsubscribe(topic_filter)

    def close(self) -> None:
        """Say good-bye, or cut the line when that takes too long."""
        self._client.disconnect()
        if not self.ended.wait(CLOSE_S if self._standing.is_set() else 0.0):
            line = self._client.socket()
            if isinstance(line, socket.socket):
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
                self.ended.wait(CLOSE_S)

    def _make(self) -> _Client:
        settings = self._settings
        client = _Client(self.protocol, settings.name, self.ended)
        client.max_inflight_messages_set(0)  # the outbox has its own window; paho shall not queue
        client.connect_timeout = CONNECT_S
        client.suppress_exceptions = True
        if settings.username:
            client.username_pw_set(settings.username, settings.secret() or None)
        if settings.tls:
            client.tls_set_context(tls_context(settings.tls))
        client.will_set(f"{settings.base}/available", b"offline", qos=1, retain=True)
        client.on_socket_open = no_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _on_connect(
        self, _client: paho.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self.answered = True
        if code.is_failure:
            self.reason = str(code)
            self._code = code.value
            self.wrong_version = code.value == _UNSUPPORTED_VERSION
            return
        self._up(self)
        self._standing.set()

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self.reason = self.reason or str(code)

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self._received(Message(message.topic, bytes(message.payload), message.retain))

    def _on_publish(self, _client: paho.Client, _data: object, mid: int, code: ReasonCode, _properties: object) -> None:
        taken = not code.is_failure and code.value != _NO_SUBSCRIBERS
        with self._lock:
            if mid not in self._waiting:
                self._early[mid] = taken
                return
            settled = self._waiting.pop(mid)
        if settled:
            settled(taken)


def no_delay(_client: paho.Client, _data: object, line: object) -> None:
    """Small packets must not wait for the acknowledgement of earlier ones: that costs 40 ms a window."""
    if isinstance(line, socket.socket):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


# OpenSSL's numbers of what is wrong with a certificate, and what to do: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_CERTIFICATE = {
    9: "its certificate is not yet valid by this device's clock; the clock is wrong, which is waited for, or its dates",
    10: "its certificate has expired, by this device's clock; renew it, or set the clock",
    18: "its certificate is signed by itself and not in mqtt.tls.ca_file",
    19: "its certificate is signed by an authority that is not in mqtt.tls.ca_file",
    20: "its certificate is signed by an authority that is not in mqtt.tls.ca_file",
    62: "its certificate is for another name; set mqtt.host to the name in it",
    64: "its certificate is for another address; set mqtt.host to the name in it",
}


def trouble_in_words(error: Exception) -> str:
    """Why a broker could not be connected to, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _CERTIFICATE.get(error.verify_code)
        return f"is not trusted: {known or error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"speaks no TLS here, or another kind: {error.reason or error}; check mqtt.port and mqtt.tls"
    return f"cannot be reached: {error}"


class _Tidy(ssl.SSLSocket):
    """Closes itself when the handshake fails; paho leaves that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """A context that checks the broker's certificate and name, TLS 1.2 at least.

    Raises:
        BrokerError: a file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
        if tls.cert_file:
            context.load_cert_chain(str(tls.cert_file), str(tls.key_file) if tls.key_file else None)
    except (OSError, ssl.SSLError) as error:
        raise BrokerError(f"tls: {error}; check ca_file, cert_file and key_file") from error
    context.sslsocket_class = _Tidy
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
