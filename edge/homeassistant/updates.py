"""The entities of updates: one for each place, with what is installed there and what is on its way.

They have no button: what a device is to run, the host says (`update/desired`).
"""

from collections.abc import Iterable

from edge.contracts.topics import Topics, slug
from edge.contracts.update_state import CONFIGURATION, SYSTEM
from edge.homeassistant.components import Component, daemon_available, named, node

_CALLED = {CONFIGURATION: "Configuration update", SYSTEM: "System update"}


def update_components(topics: Topics, places: Iterable[str]) -> dict[str, Component]:
    """By unique id."""
    made = {f"{node(topics)}_update_{slug(place)}": _update(topics, place) for place in places}
    return {unique: {**one, **named(unique, one)} for unique, one in made.items()}


def _update(topics: Topics, place: str) -> Component:
    return {
        "platform": "update",
        "name": _CALLED.get(place, f"Model {place.removesuffix('.tflite')}"),
        "state_topic": topics.state("update", slug(place)),
        "icon": "mdi:package-up",
        "availability": [daemon_available(topics)],
        "entity_category": "diagnostic",
    }
