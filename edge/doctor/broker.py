"""Whether the broker lets us in, and lets us speak and listen."""

import threading
from collections.abc import Iterator

from edge.contracts.bus import Message
from edge.contracts.errors import BrokerError
from edge.doctor.findings import Finding, ok, trouble, warning
from edge.mqtt.session import V5, V311, Session
from edge.mqtt.settings import MqttSettings

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
ECHO_S = 5.0


def broker(settings: MqttSettings) -> Iterator[Finding]:
    """Connect and send ourselves a message, as a guest: a running daemon keeps its place at the broker.

    The guest's topics, its last will among them, lie below `<prefix>/<device>/doctor`, which the daemon's rights cover.
    """
    where = f"{settings.host}:{settings.port}"
    changes = {"client_id": f"{settings.name[:56]}-doctor", "device": f"{settings.device}/doctor"}
    try:
        version, heard = _visit(settings.model_copy(update=changes))
    except BrokerError as error:
        yield trouble("broker", str(error), f"check that a broker listens on {where}, and what mqtt.* says of it")
        return
    if not heard:
        said = f"{where} takes the login, but a message below {settings.base}/ does not come back"
        todo = f"allow the user to write and read {settings.base}/# in the broker's access list"
        yield warning("broker", said, todo)
    elif settings.tls is None and settings.host not in LOCAL:
        yield warning("broker", f"{where} by MQTT {version}, in plain text", "encrypt: mqtt.tls, port 8883")
    else:
        yield ok("broker", f"{where} by MQTT {version}; may publish and subscribe")


def _visit(guest: MqttSettings) -> tuple[str, bool]:
    """The version that the broker speaks, and whether our message came back.

    Raises:
        BrokerError: it cannot be reached, or refuses us.
    """
    heard = threading.Event()

    def received(_message: Message) -> None:
        heard.set()

    session = Session(guest, V5, lambda _: None, received)
    version = "5"
    try:
        session.open(threading.Event())
    except BrokerError:
        session.close()
        if not session.wrong_version:
            raise
        session, version = Session(guest, V311, lambda _: None, received), "3.1.1"
        session.open(threading.Event())
    try:
        topic = f"{guest.base}/echo"
        session.subscribe([topic])
        session.publish(topic, b"", 1, False, None)
        return version, heard.wait(ECHO_S)
    finally:
        session.close()
