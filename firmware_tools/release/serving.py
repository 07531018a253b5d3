"""`release serve`: answers devices that ask for parts of released files over MQTT. A web server does as well.

What devices ask is not trusted: only files below what is served are read, one part for each question, and nothing is
remembered between two. Devices verify what they get, so the broker needs no trust either.
"""

import os
import re
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from edge.contracts.backoff import Backoff
from edge.contracts.errors import BrokerError
from edge.contracts.files import NotPlainError, open_plain
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.release_wire import MISSING, Ask, Part, encode_part, parse_ask
from edge.contracts.topics import ROOT, Topics
from firmware_tools.errors import MistakeError
from firmware_tools.release.places import Places

KEEPALIVE_S, CONNECT_S = 30, 15.0
TURN_S, RECONNECT_S = 0.5, 30.0
# As the tools write them: no name begins with a dot, so nothing outside and nothing half written is named.
SERVED = re.compile(r"(?:metadata|targets)(?:/[A-Za-z0-9_][A-Za-z0-9._-]*){1,5}")


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """The broker, and who we are there."""

    host: str
    port: int
    username: str
    password: str
    ca_file: Path | None  # encrypts; None: in plain text
    prefix: str = ROOT


def answer(places: Places, ask: Ask) -> Part:
    """The part of a file that is asked for."""
    if not SERVED.fullmatch(ask.path):
        return Part(ask.number, MISSING, b"")
    try:
        with open_plain(places.public / ask.path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(min(ask.offset, size))
            return Part(ask.number, size, file.read(ask.length))
    except (OSError, NotPlainError):
        return Part(ask.number, MISSING, b"")


def serve(places: Places, broker: BrokerPlace, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Answer until `stop` is set, also after outages; `ready` is called at each connection.

    Raises:
        MistakeError: there are no releases, or the authority is no certificate.
        BrokerError: the broker cannot be reached at the start, or refuses us.
    """
    places.must_be_there()
    refused: list[str] = []
    client, backoff = _client(places, broker, ready, refused.append), Backoff(RECONNECT_S)
    try:
        client.connect(broker.host, broker.port, KEEPALIVE_S)
        while not stop.is_set():  # on this thread: whatever paho cannot read ends the command, not a thread in silence
            if client.loop(TURN_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                continue
            if refused:
                raise BrokerError(f"{broker.host}:{broker.port} refuses us: {refused[0]}; check user name and password")
            if not stop.wait(backoff.next_s()):
                with suppress(OSError):
                    client.reconnect()
    except (OSError, ValueError) as error:
        raise BrokerError(
            f"{broker.host}:{broker.port} cannot be reached: {error}; is a broker running there?"
        ) from error
    finally:
        client.disconnect()


def trusting(authority: Path) -> ssl.SSLContext:
    """What takes a broker's certificate that this authority has signed. Raises MistakeError."""
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:  # also what is wrong with the certificate
        raise MistakeError(
            f"{authority} is no certificate in PEM: {error}; name the authority of the broker's certificate"
        ) from error


def _client(
    places: Places, broker: BrokerPlace, ready: Callable[[], None], refused: Callable[[str], None]
) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="")
    client.connect_timeout = CONNECT_S
    if broker.username:
        client.username_pw_set(broker.username, broker.password or None)
    if broker.ca_file is not None:
        client.tls_set_context(trusting(broker.ca_file))
    asks = re.compile(rf"{re.escape(broker.prefix)}/(?P<device>[a-zA-Z0-9_-]+)/update/ask")

    def connected(_client: paho.Client, _data: object, _flags: object, code: ReasonCode, _properties: object) -> None:
        if code.is_failure:
            refused(str(code))
            return
        client.subscribe(f"{broker.prefix}/+/update/ask", 0)
        ready()

    def asked(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        try:
            found = asks.fullmatch(message.topic)
            ask = parse_ask(bytes(message.payload))
        except (MalformedError, UnicodeDecodeError):
            return
        if found and not message.retain:
            topic = Topics(found["device"], broker.prefix).update_part
            client.publish(topic, encode_part(answer(places, ask)))

    client.on_connect, client.on_message = connected, asked
    return client
