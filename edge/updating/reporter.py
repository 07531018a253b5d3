"""What is said of updates: the whole of it, and for each place what people see of it."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from types import MappingProxyType

from edge.contracts.bus import Bus
from edge.contracts.topics import Topics, slug
from edge.contracts.update_state import (
    CONFIGURATION,
    SYSTEM,
    Phase,
    Progress,
    Reported,
    Running,
    encode_reported,
)

SHIPPED = "shipped"  # version of what was not released
LONGEST_SUMMARY = 255
_BUSY = frozenset({Phase.FETCHING, Phase.CHECKING, Phase.STAGED, Phase.TRYING})
_ENDINGS = {".yaml": CONFIGURATION, ".yml": CONFIGURATION, ".raucb": SYSTEM}
_NOTHING = Reported("", 0, "", "", "", (), (), ())


@dataclass(frozen=True, slots=True)
class PlaceState:
    """One place as Home Assistant shows it: an `update` entity."""

    place: str
    installed_version: str
    latest_version: str
    in_progress: bool
    update_percentage: int | None
    release_summary: str

    def encoded(self) -> bytes:
        """As it is published."""
        return json.dumps(
            {
                "installed_version": self.installed_version,
                "latest_version": self.latest_version,
                "title": self.place,
                "in_progress": self.in_progress,
                "update_percentage": self.update_percentage,
                "release_summary": self.release_summary[:LONGEST_SUMMARY],
            }
        ).encode()


def place_of(name: str) -> str:
    """The place that a release of this name takes, as far as its name tells."""
    path = PurePosixPath(name)
    return _ENDINGS.get(path.suffix.lower(), path.name)


def states(reported: Reported, before: Mapping[str, str] = MappingProxyType({})) -> Iterator[PlaceState]:
    """Of every place that is known, in the order of their names.

    Args:
        reported: by the device.
        before: the version that was told to be installed, by place: it still is while another is on trial.
    """
    running = {one.place: one for one in reported.running}
    wished = {(_place_of(one, reported.running)): one for one in reported.wishes}
    for place in sorted({*running, *wished}):
        yield _state(place, running.get(place), wished.get(place), before.get(place, SHIPPED))


def _place_of(wish: Progress, running: tuple[Running, ...]) -> str:
    there = (one.place for one in running if one.name == wish.name)
    return next(there, place_of(wish.name))


def _state(place: str, running: Running | None, wish: Progress | None, before: str) -> PlaceState:
    version = (running.version if running else "") or SHIPPED
    if wish is None:
        return PlaceState(place, version, version, False, None, "")
    busy, tried = wish.phase in _BUSY, wish.phase is Phase.TRYING
    percentage = round(100 * wish.fraction) if wish.phase is Phase.FETCHING else None
    said = wish.detail or wish.phase.value
    installed = before if tried and version == wish.version else version
    return PlaceState(place, installed, wish.version, busy, percentage, f"{wish.phase.value}: {said}")


class Reporter:
    """Publishes what is new of it. Any thread."""

    def __init__(self, bus: Bus, topics: Topics) -> None:
        self._bus, self._topics = bus, topics
        self._told = _NOTHING
        self._states: dict[str, PlaceState] = {}
        self._topics_told: set[str] = set()

    def known(self, topics: Collection[str]) -> None:
        """What an earlier run left at the broker: of places that are no more it is deleted."""
        self._topics_told |= {topic for topic in topics if topic.endswith("/state")}

    @property
    def places(self) -> tuple[str, ...]:
        """Those that were told of."""
        return tuple(self._states)

    def tell(self, reported: Reported) -> None:
        """Where anything but the time is new."""
        if replace(reported, utc_ns=0) == self._told:
            return
        self._told = replace(reported, utc_ns=0)
        self._bus.publish(self._topics.update_reported, encode_reported(reported), retain=True)
        before, installed = self._states, {place: state.installed_version for place, state in self._states.items()}
        self._states = {state.place: state for state in states(reported, installed)}
        topics = {place: self._topics.state("update", slug(place)) for place in self._states}
        for topic in sorted(self._topics_told - set(topics.values())):
            self._bus.publish(topic, b"", retain=True)
        self._topics_told = set(topics.values())
        for place, state in self._states.items():
            if before.get(place) != state:
                self._bus.publish(topics[place], state.encoded(), retain=True)
