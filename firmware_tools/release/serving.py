"""`release serve`: answers devices that ask for parts of released files over MQTT. A web server does as well.

What devices ask is not trusted: only files below what is served are read, one part for each question, and nothing is
remembered between two. Devices verify what they get, so the broker needs no trust either.
"""

import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from edge.contracts.backoff import Backoff
from edge.contracts.errors import BrokerError
from edge.contracts.files import NotPlainError, open_plain
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.release_wire import MISSING, Ask, Part, encode_part, parse_ask
from edge.contracts.topics import Topics
from firmware_tools.broker import Endpoint
from firmware_tools.release.repository import Repository

KEEPALIVE_S, CONNECT_S = 30, 15.0
TURN_S, RECONNECT_S = 0.5, 30.0
# As the tools write them: no name begins with a dot, so nothing outside and nothing half written is named.
SERVED = re.compile(r"(?:metadata|targets)(?:/[A-Za-z0-9_][A-Za-z0-9._-]*){1,5}")


def answer(repository: Repository, ask: Ask) -> Part:
    """The part of a file that is asked for."""
    if not SERVED.fullmatch(ask.path):
        return Part(ask.number, MISSING, b"")
    try:
        with open_plain(repository.public / ask.path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(min(ask.offset, size))
            return Part(ask.number, size, file.read(ask.length))
    except (OSError, NotPlainError):
        return Part(ask.number, MISSING, b"")


def serve(repository: Repository, broker: Endpoint, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Answer until `stop` is set, also after outages; `ready` is called at each connection.

    Raises:
        MistakeError: there are no releases.
        BrokerError: the broker cannot be reached at the start, or refuses us.
    """
    repository.must_be_there()
    refused: list[str] = []
    client, backoff = _client(repository, broker, ready, refused.append), Backoff(RECONNECT_S)
    try:
        client.connect(broker.host, broker.port, KEEPALIVE_S)
        while not stop.is_set():  # on this thread: whatever paho cannot read ends the command, not a thread in silence
            if client.loop(TURN_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                continue
            if refused:
                raise BrokerError(f"{broker.address} refuses us: {refused[0]}; check who we are there")
            if not stop.wait(backoff.next_s()):
                with suppress(OSError):
                    client.reconnect()
    except (OSError, ValueError) as error:
        raise BrokerError(f"{broker.address} cannot be reached: {error}; is a broker running there?") from error
    finally:
        client.disconnect()


def _client(
    repository: Repository, broker: Endpoint, ready: Callable[[], None], refused: Callable[[str], None]
) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="")
    client.connect_timeout = CONNECT_S
    if broker.username:
        client.username_pw_set(broker.username, broker.password or None)
    if broker.tls is not None:
        client.tls_set_context(broker.tls)
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
            client.publish(topic, encode_part(answer(repository, ask)))

    client.on_connect, client.on_message = connected, asked
    return client
