"""What is expected where, as retained switches: on while something is forecast to come, off once that is resolved."""

from collections.abc import Iterable

from edge.contracts.bus import Bus
from edge.contracts.messages import encode_switch
from edge.contracts.topics import ALL, NEAR_MISS, Topics
from edge.contracts.types import Event, EventKind

OPENS = (EventKind.EXPECTED, EventKind.NEAR_MISS)


class Expected:
    """Tells for each zone or line, and label, whether something is expected there by now."""

    def __init__(self, bus: Bus, topics: Topics) -> None:
        self._bus, self._topics = bus, topics
        self._open: dict[tuple[str, int], tuple[str, str]] = {}  # zone and label, by camera and number
        self._told: dict[tuple[str, str], bool] = {}

    def known(self, zones: Iterable[str]) -> None:
        """Nothing is expected in a zone of which nothing was said yet; `""` is no zone."""
        for zone in zones:
            if zone and (zone, ALL) not in self._told:
                self._tell(zone, ALL)

    def happened(self, event: Event) -> None:
        """An expectation begins or is resolved."""
        if event.expectation is None:
            return
        key = (event.camera, event.expectation.number)
        place = (event.camera, NEAR_MISS) if event.near else (event.zone, event.label)
        if event.kind in OPENS:
            self._open[key] = place
        zone, label = self._open.get(key, place)
        if event.kind is EventKind.RESOLVED:
            self._open.pop(key, None)
        self._tell(zone, label)
        if event.near is None:
            self._tell(zone, ALL)

    def watched(self, camera: str) -> None:
        """No near miss is expected in front of a camera of which nothing was said yet."""
        if (camera, NEAR_MISS) not in self._told:
            self._tell(camera, NEAR_MISS)

    def _tell(self, zone: str, label: str) -> None:
        on = any(zone == there and label in (what, ALL) for there, what in self._open.values())
        if self._told.get((zone, label)) is not on:
            self._told[zone, label] = on
            self._bus.publish(self._topics.expected(zone, label), encode_switch(on), retain=True)
