"""Whether the broker lets us in."""

import threading
from collections.abc import Iterator

from edge.contracts.errors import BrokerError
from edge.doctor.findings import Finding, ok, trouble, warning
from edge.mqtt.session import V5, V311, Session
from edge.mqtt.settings import MqttSettings

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def broker(settings: MqttSettings) -> Iterator[Finding]:
    """Connect under another name than the daemon's, so that a running one keeps its place."""
    where = f"{settings.host}:{settings.port}"
    guest = settings.model_copy(update={"client_id": f"{settings.name[:56]}-doctor"})
    try:
        version = _connected(guest)
    except BrokerError as error:
        yield trouble("broker", str(error), f"check that a broker listens on {where}, and what mqtt.* says of it")
        return
    if settings.tls is None and settings.host not in LOCAL:
        yield warning("broker", f"{where} by MQTT {version}, in plain text", "encrypt: mqtt.tls, port 8883")
    else:
        yield ok("broker", f"{where} by MQTT {version}")


def _connected(settings: MqttSettings) -> str:
    """The version that the broker speaks."""
    session = Session(settings, V5, lambda _: None, lambda _: None)
    try:
        session.open(threading.Event())
    except BrokerError:
        if not session.wrong_version:
            raise
        older = Session(settings, V311, lambda _: None, lambda _: None)
        try:
            older.open(threading.Event())
        finally:
            older.close()
        return "3.1.1"
    finally:
        session.close()
    return "5"
