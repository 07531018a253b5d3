"""How the forecasters of each camera stand: told over MQTT at a low rate, and kept over restarts."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.bus import Bus
from edge.contracts.forecast_scores import Serving
from edge.contracts.messages import encode_standing
from edge.contracts.stored import Json, Stored
from edge.contracts.topics import Topics
from edge.forecast.scoreboard import Scoreboard

FILE_NAME = "forecast.json"
TELL_S = 60.0
_log = logging.getLogger(__name__)


class Standings:
    """The scores of one configuration. Takes up at once what an earlier run kept.

    Args:
        bus: standings go out by it, to be kept.
        topics: of this device.
        boards: by camera; nobody may count on them yet.
        state_dir: where the file lies.
    """

    def __init__(self, bus: Bus, topics: Topics, boards: Mapping[str, Scoreboard], state_dir: Path) -> None:
        self._bus, self._topics, self._boards = bus, topics, boards
        self._stored = Stored(state_dir / FILE_NAME)
        self._kept: Json = self._stored.read_regained()
        kept = self._kept if isinstance(self._kept, Mapping) else {}
        for camera, board in boards.items():
            board.restore(kept.get(camera))
        self._told: dict[str, tuple[float, Serving]] = {}

    def tell(self) -> None:
        """Publish what was not told for a while, and at once whose forecasts are told from now on."""
        now_s = time.monotonic()
        for camera, board in self._boards.items():
            standing = board.standing
            since_s, serving = self._told.get(camera, (-TELL_S, standing.serving))
            if now_s - since_s >= TELL_S or serving is not standing.serving:
                if serving is not standing.serving:
                    _log.info("camera %s: %s forecasts are told from now on", camera, standing.serving.value)
                self._told[camera] = now_s, standing.serving
                payload = encode_standing(standing, camera, time.time_ns())
                self._bus.publish(self._topics.state(camera, "forecast"), payload, retain=True)

    def keep(self) -> None:
        """Write the scores to disk where there is anything new. A disk that takes nothing costs the memory of them."""
        kept: Json = {camera: board.kept() for camera, board in self._boards.items()}
        if kept == self._kept:
            return
        self._kept = kept
        try:
            self._stored.write(kept)
        except OSError as error:
            _log.warning("after a restart, forecasts will be judged anew: %s", error)
