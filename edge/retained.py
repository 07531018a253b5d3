"""Which messages the broker keeps for us, remembered over our own death: nobody shall read old news for ever.

A daemon that is killed cannot take back that two people are in the yard. The next one finds the topics here: counts go
back to 0 and what was expected to OFF until it is known again; what belongs to a camera or zone that is configured no
more is deleted.
"""

import logging
import threading
from collections.abc import Collection
from pathlib import Path

from edge.contracts.bus import Bus, Handler
from edge.contracts.messages import encode_count, encode_online, encode_switch
from edge.contracts.stored import Stored, texts
from edge.contracts.topics import DEVICE, NEAR_MISS, Topics, is_topic

FILE_NAME = "retained.json"
MOST = 4000  # topics; beyond, new ones are not remembered
_FIRST_OF_SENSOR = {"status": encode_online(False), "problem": encode_switch(False)}
_log = logging.getLogger(__name__)


class RetainedTopics:
    """A bus that remembers on disk what was published to be kept.

    Args:
        bus: that it all goes through.
        topics: of this device.
        state_dir: where the file lies.
    """

    def __init__(self, bus: Bus, topics: Topics, state_dir: Path) -> None:
        self._bus, self._topics = bus, topics
        self._stored = Stored(state_dir / FILE_NAME)
        self._lock = threading.Lock()
        self._known = {topic for topic in texts(self._stored.read()) if is_topic(topic)}

    @property
    def connected(self) -> bool:
        """Whether a message published now goes out."""
        return self._bus.connected

    def subscribe(self, topic_filter: str, handler: Handler) -> None:
        """As the bus does."""
        self._bus.subscribe(topic_filter, handler)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """As the bus does. An empty payload deletes what was kept."""
        if retain:
            self._remember(topic, there=bool(payload))
        self._bus.publish(topic, payload, retain)

    def under(self, prefix: str) -> set[str]:
        """The topics that begin so and hold something, as far as is known."""
        with self._lock:
            return {topic for topic in self._known if topic.startswith(prefix)}

    def begin(self, names: Collection[str], *, scored: Collection[str], pictures: bool) -> None:
        """A configuration begins to run: nothing is present, and nothing else is configured than `names`.

        Args:
            names: of its cameras, zones, lines and sensors.
            scored: of the zones and lines at which something is expected, and of the cameras that look for near misses.
            pictures: whether any may lie at the broker.
        """
        base = f"{self._topics.base}/"
        for topic in sorted(self.under(f"{self._topics.root}/") - self.under(base)):  # the device had another name
            self.publish(topic, b"", retain=True)
        for topic in sorted(self.under(base)):
            parts = topic.removeprefix(base).split("/")
            gone = _place(parts) not in {*names, ""} or (parts[-1] == "snapshot" and not pictures)
            gone = gone or _of_a_group(parts) or (_of_expectations(parts) and _place(parts) not in scored)
            first = b"" if gone else _first(parts)
            if first is not None:
                self.publish(topic, first, retain=True)

    def _remember(self, topic: str, *, there: bool) -> None:
        with self._lock:
            if (topic in self._known) is there or (there and len(self._known) >= MOST):
                return
            (self._known.add if there else self._known.discard)(topic)
            try:
                self._stored.write(sorted(self._known))
            except OSError as error:
                _log.warning("after a restart, old messages may stay at the broker: %s", error)


def _place(parts: list[str]) -> str:
    """Which camera, zone, line or sensor a topic is about, "" for the device itself."""
    match parts:
        case ["zone" | "expected" | "sensor", name, *_] | ["score", name]:
            return name
        case [name, *_]:
            return "" if name in {DEVICE, "update"} else name
    return ""


def _of_expectations(parts: list[str]) -> bool:
    """Whether a topic is nobody's where nothing is expected."""
    return parts[0] == "score" or (parts[0] == "expected" and parts[-1] == NEAR_MISS)


def _of_a_group(parts: list[str]) -> bool:
    """Whether a topic says what a group is called: it is told anew where there is such a group."""
    return len(parts) == 3 and parts[1].isdecimal() and parts[2] == "state"


def _first(parts: list[str]) -> bytes | None:
    """What a topic of something that is configured says before anything happens, None where it goes on as it was."""
    match parts:
        case ["score", _]:
            return None
        case ["sensor", _, thing]:
            return _FIRST_OF_SENSOR.get(thing, b"")
        case ["zone", _, _]:
            return encode_count(0)
        case ["expected", _, _]:
            return encode_switch(False)
        case [_, "status"]:
            return encode_online(False)
    return None
