"""What carries the demo's messages: this process, a mosquitto of its own, or the user's broker."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from edge.bus import LocalBus
from edge.contracts.bus import Carrier
from edge.contracts.errors import BrokerError
from edge.contracts.process import dying_with_us
from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings

NONE = "none"
INSIDE = "a bus inside this process"
CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Carriage:
    """A bus, and in words where its messages can be seen."""

    carrier: Carrier
    where: str


@contextmanager
def choose_carrier(broker: str | None, settings: MqttSettings) -> Iterator[Carriage]:
    """The broker that the user names; else a mosquitto started for the demo, if it starts; else this process itself.

    Raises:
        BrokerError: the named broker does not answer.
    """
    program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
    with ExitStack() as stack:
        if broker == NONE or (broker is None and program is None):
            yield Carriage(LocalBus(), f"{INSIDE} (install mosquitto to see them with mosquitto_sub)")
        elif broker is not None:
            yield stack.enter_context(_linked(settings, *address(broker)))
        elif port := stack.enter_context(_mosquitto(str(program))):
            yield stack.enter_context(_linked(settings, "localhost", port))
        else:
            yield Carriage(LocalBus(), f"{INSIDE} (mosquitto does not start here; try it: {program} -p 1883)")


def address(broker: str) -> tuple[str, int]:
    """Host and port of `host`, `host:port`, `[IPv6]:port` or a bare IPv6 address.

    Raises:
        BrokerError: there is no host, or the port is no number.
    """
    if broker.startswith("["):
        host, _, rest = broker[1:].partition("]")
        colon, port = rest[:1], rest[1:]
    elif broker.count(":") > 1:
        host, colon, port = broker, "", ""
    else:
        host, colon, port = broker.partition(":")
    if not host or colon not in ("", ":"):
        raise BrokerError(f"broker {broker}: there is no host in it; write host, host:port or [IPv6 address]:port")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BrokerError(f"broker {broker}: the port must be a number from 1 to 65535; write host or host:port")
    return host, int(port or 1883)


@contextmanager
def _linked(settings: MqttSettings, host: str, port: int) -> Iterator[Carriage]:
    with MqttLink(settings.model_copy(update={"host": host, "port": port})) as link:
        if not link.wait_connected(CONNECT_S):
            shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            raise BrokerError(f"broker {shown} does not answer; start it, or leave BROKER= out")
        yield Carriage(link, f"{host}:{port}: mosquitto_sub -h {host} -p {port} -v -t '{settings.base}/#'")


@contextmanager
def _mosquitto(program: str) -> Iterator[int]:
    """The loopback port of a mosquitto that runs as long as the demo; 0 where it does not start.

    In a container it may not: as root it wants to become another user.
    """
    with socket.socket() as held:
        # Kept open, not listening: nobody else is given this port, and mosquitto may listen there all the same.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
        silent = subprocess.DEVNULL
        # In a session of its own: Ctrl-C is for the demo, which then ends it.
        command = dying_with_us([program, "-p", str(port)])
        process = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent, start_new_session=True)
        try:
            yield port if _listens(port, process) else 0
        finally:
            process.terminate()
            process.wait(5)


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline_s = time.monotonic() + CONNECT_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False
