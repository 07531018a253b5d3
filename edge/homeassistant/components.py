"""The entities: for each what Home Assistant's MQTT integration wants to know (home-assistant.io/integrations/mqtt).

A component is a mapping as the device form of discovery has it; `components` is a mapping of them by unique id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from edge.contracts.inbound import PRESS
from edge.contracts.topics import ALL, DEVICE, GROUPS, NEAR_MISS, Topics, slug
from edge.homeassistant.described import CameraDescription, Place, Value
from edge.homeassistant.scores import score_sensors, scored

Component: TypeAlias = dict[str, Value]
STALE_S = 200  # statistics come each minute; three are missed

_DIAGNOSTIC: Component = {"entity_category": "diagnostic"}
_CONFIG: Component = {"entity_category": "config"}
_MEASURED: Component = {"state_class": "measurement"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the statistics. `path` leads to it within the payload, or within the camera's part of it."""

    key: str
    name: str
    path: str
    extra: Mapping[str, Value]


_PER_SECOND: Component = {"unit_of_measurement": "fps", "suggested_display_precision": 1, **_MEASURED}
_MILLISECONDS: Component = {"unit_of_measurement": "ms", "suggested_display_precision": 0, **_MEASURED}
_DEGREES: Component = {"unit_of_measurement": "°C", "device_class": "temperature", **_MEASURED}
DEVICE_FIGURES = (
    Figure("uptime", "Uptime", "uptime_s", {"unit_of_measurement": "s", "device_class": "duration"}),
    Figure("memory", "Memory", "rss_bytes", {"unit_of_measurement": "B", "device_class": "data_size", **_MEASURED}),
    Figure("cpu", "Processor", "cpu_percent", {"unit_of_measurement": "%", **_MEASURED}),
    Figure("outbox", "Events waiting", "outbox_rows", _MEASURED),
    Figure("dropped", "Events dropped", "outbox_dropped", {"state_class": "total_increasing"}),
    Figure("delegate", "Inference by", "delegate", {}),
    Figure("temperature", "Temperature", "temperature_c", _DEGREES),
    Figure("throttled", "Throttled by", "throttled | join(', ')", {}),
    Figure("trouble", "Outbox trouble", "outbox_trouble", {}),
    Figure("accelerator_reason", "Accelerator trouble", "accelerator_reason", {}),
)
CAMERA_FIGURES = (
    Figure("fps", "Frame rate", "captured_fps", _PER_SECOND),
    Figure("detected", "Detector rate", "detected_fps", _PER_SECOND),
    Figure("detect_ms", "Detection time", "detect_ms", _MILLISECONDS),
    Figure("latency", "Latency", "latency_ms", _MILLISECONDS),
    Figure("dropped", "Frames dropped", "dropped", {"state_class": "total_increasing"}),
    Figure("lost", "Times lost", "lost", {"state_class": "total_increasing"}),
    Figure("reason", "Trouble", "reason", {}),
)

_HEIGHTS: Component = {"suggested_display_precision": 2, **_MEASURED}  # of the object's box
FORECAST_FIGURES = (
    Figure("forecast_by", "Forecasts by", "serving", {}),
    Figure("straight_error", "Forecast error of straight lines", "straight.ade", _HEIGHTS),
    Figure("learned_error", "Forecast error of the model", "learned.ade", _HEIGHTS),
)


class Components:
    """Makes the entities of one device."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._node = node(topics)

    def of_device(self, groups: Sequence[int]) -> dict[str, Component]:
        """Of the daemon itself."""
        made = [
            ("connected", self._connected()),
            ("reload", self._button("Reload configuration", DEVICE, "reload")),
            ("configuration", self._text("Configuration", self._topics.state(DEVICE, "reload"))),
            ("accelerator", self._text("Accelerator", self._topics.accelerator)),
            *((f"group_{number}", self._name_of(number)) for number in groups),
            *((figure.key, self._figure(figure, "value_json." + figure.path)) for figure in DEVICE_FIGURES),
        ]
        return {f"{self._node}_{key}": {**one, **named(f"{self._node}_{key}", one)} for key, one in made}

    def of_camera(self, camera: CameraDescription) -> dict[str, Component]:
        """Of one camera."""
        made = {f"{self._node}_{camera.name}_{key}": one for key, one in self._camera(camera)}
        return {unique: {**one, **named(unique, one)} for unique, one in made.items()}

    def _camera(self, camera: CameraDescription) -> Iterator[tuple[str, Component]]:
        yield "status", self._status(camera.name)
        yield "enabled", self._switch("Camera", camera.name, "enabled", [self._daemon()])
        yield "detection", self._switch("Detection", camera.name, "detection", self._both(camera.name))
        yield "threshold", self._threshold(camera.name)
        if camera.snapshots:
            yield "snapshot", self._image(camera.name)
            yield "take", self._button("Take snapshot", camera.name, "snapshot")
        for place in camera.places:
            title = "" if place.name == camera.name else f"{words(place.name)} "
            for label in place.labels:
                yield from self._of_place(camera.name, place, label, title)
        if camera.near_misses:
            yield NEAR_MISS, self._expected("Near miss expected", camera.name, NEAR_MISS, camera.name)
        for place_name, title in scored(camera):
            for key, sensor in score_sensors(self._topics.score(place_name), title):
                own = key if place_name == camera.name else f"{place_name}_{key}"
                yield own, {**sensor, "availability": [self._daemon()]}
        for figure in CAMERA_FIGURES:
            # What has been left out (a camera that is new) is none, not an error in the log.
            path = (
                f"(value_json.cameras | selectattr('camera', 'eq', '{camera.name}') | list + [{{}}])[0].{figure.path}"
            )
            yield figure.key, self._figure(figure, path)
        for figure in FORECAST_FIGURES:
            topic = self._topics.state(camera.name, "forecast")
            yield figure.key, {**self._figure(figure, f"value_json.{figure.path}"), "state_topic": topic}

    def _of_place(self, camera: str, place: Place, label: str, title: str) -> Iterator[tuple[str, Component]]:
        key = f"{place.name}_{slug(label)}" if title else slug(label)
        what = "anything" if label == ALL else label
        name = f"{title}{what}" if title else what.capitalize()
        if place.counts:
            topic = self._topics.count(place.name, label)
            yield f"{key}_presence", self._presence(name, topic, camera)
            yield f"{key}_count", self._count(f"{name} count", topic, camera)
        if place.expects:
            yield f"{key}_expected", self._expected(f"{name} expected", place.name, label, camera)

    def _connected(self) -> Component:
        return {
            "platform": "binary_sensor",
            "name": "Connected",
            "state_topic": self._topics.available,
            "value_template": "{{ 'ON' if value == 'online' else 'OFF' }}",
            "device_class": "connectivity",
            **_DIAGNOSTIC,
        }

    def _text(self, name: str, topic: str) -> Component:
        return {
            "platform": "sensor",
            "name": name,
            "state_topic": topic,
            "availability": [self._daemon()],
            **_DIAGNOSTIC,
        }

    def _name_of(self, group: int) -> Component:
        return {
            "platform": "text",
            "name": f"Group {group}",
            "command_topic": self._topics.set(GROUPS, str(group)),
            "state_topic": self._topics.state(GROUPS, str(group)),
            "max": 64,
            "availability": [self._daemon()],
            **_CONFIG,
        }

    def _figure(self, figure: Figure, path: str) -> Component:
        return {
            "platform": "sensor",
            "name": figure.name,
            "state_topic": self._topics.stats,
            "value_template": f"{{{{ {path} | default(none) }}}}",
            "expire_after": STALE_S,
            "availability": [self._daemon()],
            **_DIAGNOSTIC,
            **figure.extra,
        }

    def _status(self, camera: str) -> Component:
        return {
            "platform": "binary_sensor",
            "name": "Connected",
            "state_topic": self._topics.status(camera),
            "payload_on": "online",
            "payload_off": "offline",
            "device_class": "connectivity",
            "availability": [self._daemon()],
            **_DIAGNOSTIC,
        }

    def _presence(self, name: str, topic: str, camera: str) -> Component:
        return {
            "platform": "binary_sensor",
            "name": name,
            "state_topic": topic,
            "value_template": "{{ 'ON' if value | int(0) > 0 else 'OFF' }}",
            "device_class": "occupancy",
            **self._available(camera),
        }

    def _count(self, name: str, topic: str, camera: str) -> Component:
        return {"platform": "sensor", "name": name, "state_topic": topic, **_MEASURED, **self._available(camera)}

    def _expected(self, name: str, place: str, label: str, camera: str) -> Component:
        return {
            "platform": "binary_sensor",
            "name": name,
            "state_topic": self._topics.expected(place, label),
            "icon": "mdi:crystal-ball",
            **self._available(camera),
        }

    def _image(self, camera: str) -> Component:
        return {
            "platform": "image",
            "name": "Snapshot",
            "image_topic": self._topics.snapshot(camera),
            "content_type": "image/jpeg",
            "availability": [self._daemon()],
        }

    def _switch(self, name: str, camera: str, thing: str, availability: list[dict[str, str]]) -> Component:
        return {
            "platform": "switch",
            "name": name,
            "command_topic": self._topics.set(camera, thing),
            "state_topic": self._topics.state(camera, thing),
            "availability": availability,
            "availability_mode": "all",
            **_CONFIG,
        }

    def _threshold(self, camera: str) -> Component:
        return {
            "platform": "number",
            "name": "Threshold",
            "command_topic": self._topics.set(camera, "threshold"),
            "state_topic": self._topics.state(camera, "threshold"),
            "min": 0,
            "max": 1,
            "step": 0.01,
            "mode": "slider",
            "availability": [self._daemon()],
            **_CONFIG,
        }

    def _button(self, name: str, camera: str, thing: str) -> Component:
        return {
            "platform": "button",
            "name": name,
            "command_topic": self._topics.set(camera, thing),
            "payload_press": PRESS.decode(),
            "availability": [self._daemon()],
            **_CONFIG,
        }

    def _daemon(self) -> dict[str, str]:
        return daemon_available(self._topics)

    def _both(self, camera: str) -> list[dict[str, str]]:
        return [self._daemon(), {"topic": self._topics.status(camera)}]

    def _available(self, camera: str) -> Component:
        return {"availability": self._both(camera), "availability_mode": "all"}


def node(topics: Topics) -> str:
    """The device's id at Home Assistant: unique among all that share the broker."""
    return f"{topics.root}_{topics.device}"


def named(unique: str, component: Component) -> Component:
    """What identifies an entity."""
    return {"unique_id": unique, "default_entity_id": f"{component['platform']}.{unique.lower().replace('-', '_')}"}


def daemon_available(topics: Topics) -> dict[str, str]:
    """`stopped` and `offline` both mean that nobody is there."""
    return {"topic": topics.available, "value_template": "{{ 'online' if value == 'online' else 'offline' }}"}


def words(name: str) -> str:
    """A name of the configuration as people would write it."""
    return name.replace("_", " ").replace("-", " ").capitalize()
