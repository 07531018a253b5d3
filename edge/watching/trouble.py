"""Frames that cannot be followed, in the log."""

import logging
import time

from edge.capture import Camera
from edge.contracts.errors import EdgeError
from edge.observer import Observer

LOG_PAUSE_S = 60.0
_log = logging.getLogger(__name__)


class TroubleLog(Observer):
    """Says when frames cannot be followed, once a minute per camera; the daemon goes on."""

    def __init__(self) -> None:
        self._said_s: dict[str, float] = {}

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """Log, but not for every frame."""
        now_s = time.monotonic()
        if now_s - self._said_s.get(camera.name, -LOG_PAUSE_S) >= LOG_PAUSE_S:
            self._said_s[camera.name] = now_s
            _log.error("camera %s: a frame could not be followed: %s", camera.name, error)
