"""The entities that tell how good expectations have been, of each zone and line, and of a camera's near misses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edge.homeassistant.described import CameraDescription, Value


@dataclass(frozen=True, slots=True)
class ScoreFigure:
    """A number of the score."""

    key: str
    name: str
    extra: Mapping[str, Value]


_SHARE: Mapping[str, Value] = {"suggested_display_precision": 2}
FIGURES = (
    ScoreFigure("skill", "expectation skill", _SHARE),
    ScoreFigure("recall", "expectation recall", _SHARE),
    ScoreFigure("precision", "expectation precision", _SHARE),
    ScoreFigure("lead_s", "expectation lead", {"unit_of_measurement": "s", "device_class": "duration", **_SHARE}),
    ScoreFigure("false_per_hour", "expectations missed per hour", _SHARE),
)


def scored(camera: CameraDescription) -> Iterator[tuple[str, str]]:
    """What has a score: its name, and what people call it."""
    if camera.near_misses:
        yield camera.name, "near miss"
    for place in camera.places:
        if place.expects:
            yield place.name, place.name.replace("_", " ").replace("-", " ")


def score_sensors(topic: str, name: str) -> Iterator[tuple[str, dict[str, Value]]]:
    """Of one place: a key for each sensor, and what Home Assistant wants to know of it but availability and ids."""
    for figure in FIGURES:
        yield (
            f"score_{figure.key}",
            {
                "platform": "sensor",
                "name": f"{name} {figure.name}".capitalize(),
                "state_topic": topic,
                "value_template": f"{{{{ value_json.{figure.key} | default(none) }}}}",
                "entity_category": "diagnostic",
                "state_class": "measurement",
                **figure.extra,
            },
        )
