"""Whether a camera that was lost is there again, asked so cheaply that it can be asked each second."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edge.cameras.settings import AnySettings, FileSettings, ImagesSettings, NetworkSettings, V4l2Settings

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
TALKATIVE = {"rtsp": b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "http": b"OPTIONS * HTTP/1.0\r\n\r\n"}


def answers(settings: AnySettings, limit_s: float) -> bool:
    """Whether there is something that may give pictures. True where only opening it can tell.

    Args:
        settings: of any kind of source.
        limit_s: how long a camera on the network may take to say something.
    """
    return ASK[type(settings)](settings, limit_s) if type(settings) in ASK else True


def _network(settings: NetworkSettings, limit_s: float) -> bool:
    """A hung camera still accepts connections, for its kernel does that; so it has to say something, anything."""
    parts = urlsplit(settings.url)
    try:
        port = parts.port or PORTS[parts.scheme]
        with socket.create_connection((parts.hostname or "", port), timeout=limit_s) as line:
            line.settimeout(limit_s)
            if parts.scheme not in TALKATIVE:  # encrypted
                return True
            line.sendall(TALKATIVE[parts.scheme])
            return bool(line.recv(1))
    except (OSError, ValueError):  # a port that is none
        return False


ASK: dict[type, Callable[[Any, float], bool]] = {
    NetworkSettings: _network,
    V4l2Settings: lambda settings, _limit_s: Path(settings.device).exists(),
    FileSettings: lambda settings, _limit_s: settings.path.exists(),
    ImagesSettings: lambda settings, _limit_s: settings.path.is_dir(),
}
