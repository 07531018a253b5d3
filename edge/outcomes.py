"""How good the expectations have been: told to the world, and kept over a restart."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from edge.capture import Camera
from edge.contracts.bus import Bus
from edge.contracts.messages import encode_score
from edge.contracts.stored import Json, Stored
from edge.contracts.topics import Topics
from edge.contracts.types import Event
from edge.observer import Observer
from edge.pipeline import Followed

FILE_NAME = "scores.json"
TELL_EVERY_S = 60.0
_log = logging.getLogger(__name__)


class OutcomeBoard(Observer):
    """An observer of the engine that publishes the scores of each camera.

    Args:
        bus: for the scores, retained.
        topics: of this device.
        state_dir: where they are kept.
    """

    def __init__(self, bus: Bus, topics: Topics, state_dir: Path) -> None:
        self._bus, self._topics = bus, topics
        self._stored = Stored(state_dir / FILE_NAME)
        self._lock = threading.Lock()
        kept = self._stored.read_regained()
        self._kept: dict[str, Json] = dict(kept) if isinstance(kept, Mapping) else {}
        self._written: dict[str, Json] = dict(self._kept)
        self._told_s: dict[str, float] = {}
        self._told: dict[str, bytes] = {}

    def restore(self, camera: Camera) -> None:
        """Before the camera runs: go on with what an earlier run kept of it."""
        kept = self._kept.get(camera.name)
        if isinstance(kept, Mapping):
            camera.chain.log.restore_scores(kept)

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Tell now and then."""
        t_s = followed.sensed.frame.t_s
        if abs(t_s - self._told_s.get(camera.name, float("-inf"))) >= TELL_EVERY_S:
            self._told_s[camera.name] = t_s
            self._tell(camera)

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """Tell how it ended."""
        self._tell(camera)

    def remember(self) -> None:
        """Write down what is new. Not on the inference thread, which must not wait for the disk."""
        with self._lock:
            kept = dict(self._kept)
        if kept == self._written:
            return
        try:
            self._stored.write(kept)
        except OSError as error:
            _log.warning("after a restart, the scores of expectations will be older: %s", error)
        else:
            self._written = kept

    def _tell(self, camera: Camera) -> None:
        for score in camera.chain.log.scores():
            payload = encode_score(score)
            if self._told.get(score.place) != payload:
                self._told[score.place] = payload
                self._bus.publish(self._topics.score(score.place), payload, retain=True)
        with self._lock:
            self._kept[camera.name] = camera.chain.log.score_state()
