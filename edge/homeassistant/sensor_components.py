"""The entities of a sensor: what it reads, what it will read, how odd that is, what it shows, and how it fares."""

from collections.abc import Iterator

from edge.contracts.topics import Topics
from edge.homeassistant.components import STALE_S, Component, daemon_available, named, node, words
from edge.homeassistant.described import ChannelDescription, SensorDescription, SoundDescription, Value

_DIAGNOSTIC: Component = {"entity_category": "diagnostic"}


class SensorComponents:
    """Makes the entities of the sensors of one device."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._node = node(topics)

    def of_sensor(self, sensor: SensorDescription) -> dict[str, Component]:
        """Of one sensor."""
        made = {f"{self._node}_{sensor.name}_{key}": one for key, one in self._entities(sensor)}
        return {unique: {**one, **named(unique, one)} for unique, one in made.items()}

    def of_sound(self, sound: SoundDescription) -> dict[str, Component]:
        """Of one microphone."""
        entities = {"status": self._status(sound.name), "class": self._class(sound.name, sound.classes)}
        made = {f"{self._node}_{sound.name}_{key}": one for key, one in entities.items()}
        return {unique: {**one, **named(unique, one)} for unique, one in made.items()}

    def _entities(self, sensor: SensorDescription) -> Iterator[tuple[str, Component]]:
        name = sensor.name
        yield "status", self._status(name)
        yield "problem", self._problem(name)
        yield "anomaly", self._anomaly(name)
        for index, channel in enumerate(sensor.channels):
            title = words(channel.name)
            topic = self._topics.reading(name)
            yield f"value_{channel.name}", self._value(name, title, topic, f"value_json['values'][{index}]", channel)
            for ahead, horizon in enumerate(sensor.horizons):
                topic, path = self._topics.series_forecast(name), f"value_json['values'][{ahead}][{index}]"
                yield (
                    f"forecast_{channel.name}_{ahead}",
                    self._value(name, f"{title} in {horizon}", topic, path, channel),
                )
        if sensor.classes:
            yield "class", self._class(name, sensor.classes)
        yield "trouble", self._figure(name, "Trouble", "reason")
        yield "serving", self._figure(name, "Forecast by", "serving")

    def _status(self, name: str) -> Component:
        return {
            "platform": "binary_sensor",
            "name": "Connected",
            "state_topic": self._topics.sensor_status(name),
            "value_template": "{{ 'ON' if value in ('online', 'stuck') else 'OFF' }}",
            "device_class": "connectivity",
            "availability": [daemon_available(self._topics)],
            **_DIAGNOSTIC,
        }

    def _problem(self, name: str) -> Component:
        return {
            "platform": "binary_sensor",
            "name": "Anomaly",
            "state_topic": self._topics.problem(name),
            "device_class": "problem",
            **self._available(name),
        }

    def _anomaly(self, name: str) -> Component:
        return {
            "platform": "sensor",
            "name": "Anomaly score",
            "state_topic": self._topics.anomaly(name),
            "value_template": "{{ value_json.anomaly }}",
            "state_class": "measurement",
            "suggested_display_precision": 2,
            **self._available(name),
        }

    def _class(self, name: str, classes: tuple[str, ...]) -> Component:
        return {
            "platform": "sensor",
            "name": "Recognised",
            "state_topic": self._topics.recognised(name),
            "value_template": "{{ value_json['class'] }}",
            "json_attributes_topic": self._topics.recognised(name),
            "json_attributes_template": "{{ {'probability': value_json.probability} | tojson }}",
            "device_class": "enum",
            "options": list(classes),
            **self._available(name),
        }

    def _value(self, name: str, title: str, topic: str, path: str, channel: ChannelDescription) -> Component:
        known: dict[str, Value] = {"unit_of_measurement": channel.unit, "device_class": channel.device_class}
        return {
            "platform": "sensor",
            "name": title,
            "state_topic": topic,
            "value_template": f"{{{{ {path} }}}}",
            **({"state_class": "measurement"} if channel.measured else {}),
            **{key: value for key, value in known.items() if value},
            **self._available(name),
        }

    def _figure(self, name: str, title: str, key: str) -> Component:
        path = f"(value_json.sensors | selectattr('sensor', 'eq', '{name}') | list + [{{}}])[0].{key}"
        return {
            "platform": "sensor",
            "name": title,
            "state_topic": self._topics.stats,
            "value_template": f"{{{{ {path} | default(none) }}}}",
            "expire_after": STALE_S,
            "availability": [daemon_available(self._topics)],
            **_DIAGNOSTIC,
        }

    def _available(self, name: str) -> Component:
        """A sensor that is stuck, or silent for a while, keeps its last value; one that is offline has none."""
        status = {
            "topic": self._topics.sensor_status(name),
            "value_template": "{{ 'offline' if value == 'offline' else 'online' }}",
        }
        return {"availability": [daemon_available(self._topics), status], "availability_mode": "all"}
