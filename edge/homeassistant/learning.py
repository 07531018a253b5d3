"""The entities of learning on the device: a switch and what it does, and how each camera and sensor stands that learns.

All of it is read from the one retained message of the learner.
"""

from collections.abc import Mapping

from edge.contracts.topics import Topics
from edge.homeassistant.components import Component, daemon_available, named, node
from edge.homeassistant.described import Value

_DIAGNOSTIC: Component = {"entity_category": "diagnostic"}
_CONFIG: Component = {"entity_category": "config"}
_ERROR: Mapping[str, Value] = {"state_class": "measurement", "suggested_display_precision": 3}
_COUNT: Mapping[str, Value] = {"state_class": "measurement"}
# Of a subject: key, name, path within its part of the message, and what else is to be known.
FIGURES: tuple[tuple[str, str, str, Mapping[str, Value]], ...] = (
    ("learning_serving", "Learnt weights", "serving", {}),
    ("learning_phase", "Learning phase", "phase", {}),
    ("learning_samples", "Learning samples", "samples", _COUNT),
    ("learning_base_error", "Error as exported", "held.base", _ERROR),
    ("learning_candidate_error", "Error of the candidate", "held.candidate", _ERROR),
    ("learning_trouble", "Learning trouble", "trouble", {}),
)
BUTTONS = (("reset", "Forget what was learnt"), ("rollback", "Roll back what was learnt"))


class LearningComponents:
    """Makes them."""

    def __init__(self, topics: Topics) -> None:
        self._topics, self._node = topics, node(topics)

    def of_device(self) -> dict[str, Component]:
        """Of the learner itself."""
        return self._named(
            self._node,
            {
                "learning": self._switch(),
                "learning_doing": self._sensor("Learner", "value_json.doing", {}),
                "learning_reason": self._sensor("Learner waits because", "value_json.reason", {}),
            },
        )

    def of_subject(self, name: str, title: str = "") -> dict[str, Component]:
        """Of a camera or sensor that learns, or of the scorer of one; `title` goes before what they are called."""
        part = f"(value_json.subjects | selectattr('name', 'eq', '{name}') | list + [{{}}])[0]"
        figures = {key: self._sensor(title + called, f"{part}.{path}", extra) for key, called, path, extra in FIGURES}
        buttons = {f"learning_{order}": self._button(title + called, f"{order} {name}") for order, called in BUTTONS}
        return self._named(f"{self._node}_{name}", {**figures, **buttons})

    def _named(self, prefix: str, made: dict[str, Component]) -> dict[str, Component]:
        return {f"{prefix}_{key}": {**one, **named(f"{prefix}_{key}", one)} for key, one in made.items()}

    def _switch(self) -> Component:
        return {
            "platform": "switch",
            "name": "Learning",
            "command_topic": self._topics.learn_set,
            "payload_on": "on",
            "payload_off": "off",
            "state_topic": self._topics.learn_state,
            "value_template": "{{ 'on' if value_json.enabled else 'off' }}",
            "availability": [daemon_available(self._topics)],
            **_CONFIG,
        }

    def _sensor(self, name: str, path: str, extra: Mapping[str, Value]) -> Component:
        return {
            "platform": "sensor",
            "name": name,
            "state_topic": self._topics.learn_state,
            "value_template": f"{{{{ {path} | default(none) }}}}",
            "availability": [daemon_available(self._topics)],
            **_DIAGNOSTIC,
            **extra,
        }

    def _button(self, name: str, payload: str) -> Component:
        return {
            "platform": "button",
            "name": name,
            "command_topic": self._topics.learn_set,
            "payload_press": payload,
            "availability": [daemon_available(self._topics)],
            **_CONFIG,
        }
