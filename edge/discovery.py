"""What Home Assistant is to know of a configuration, with the labels that have been seen so far."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from edge import __version__
from edge.config.settings import CameraSettings, Settings
from edge.contracts.topics import ALL, GROUPS, Topics, slug
from edge.events.settings import LineSettings, ZoneSettings
from edge.homeassistant.described import (
    CameraDescription,
    ChannelDescription,
    Description,
    Place,
    SensorDescription,
    SoundDescription,
)
from edge.sensing.settings import SensorSettings
from edge.sensors.device_classes import NOT_MEASURED
from edge.sensors.horizons import horizons

MOST_HORIZONS = 8  # that have entities
_UNITS = ((86_400.0, "days"), (3600.0, "h"), (60.0, "min"))
_NONE: Mapping[str, float] = {}
Classes = Mapping[str, tuple[str, ...]]
_NO_CLASSES: Classes = {}


def describe(
    settings: Settings,
    topics: Topics,
    kept: Collection[str],
    known: Collection[str],
    steps_s: Mapping[str, float] = _NONE,
    classes: Classes = _NO_CLASSES,
    learners: Sequence[str] = (),
) -> Description:
    """Cameras, zones and lines with their labels, and sensors.

    Args:
        settings: the configuration.
        topics: of this device.
        kept: retained topics of the device; those of counts and expectations tell which labels were seen.
        known: the labels of the present models.
        steps_s: seconds between samples, by sensor, where they are known.
        classes: that windows are told to show, by sensor or microphone, where they have a classifier.
        learners: names of the cameras and sensors that learn on the device.
    """
    slugs = {slug(label) for label in known}
    seen = {place: [label for label in labels if label in slugs] for place, labels in _seen(topics, kept).items()}
    most = settings.homeassistant.labels_each
    cameras = [
        CameraDescription(
            name, tuple(_places(name, camera, seen, most)), settings.snapshots.enabled, _near_misses(camera)
        )
        for name, camera in settings.cameras.items()
    ]
    sensors = [
        _sensor(name, sensor, steps_s.get(name, 0.0), classes.get(name, ()))
        for name, sensor in settings.sensors.items()
    ]
    sounds = [SoundDescription(name, classes.get(name, ())) for name in settings.sounds]
    return Description(__version__, _groups(topics, kept), tuple(cameras), tuple(sensors), tuple(sounds), learners)


def _sensor(name: str, sensor: SensorSettings, step_s: float, classes: tuple[str, ...]) -> SensorDescription:
    channels = [
        ChannelDescription(title, one.unit, one.device_class, one.device_class not in NOT_MEASURED)
        for title, one in sensor.channels.items()
    ]
    ahead_s, _ = horizons(sensor.forecast.horizons_s, step_s) if step_s else ((), ())
    ahead = tuple(_lasting(one) for one in ahead_s[:MOST_HORIZONS])
    return SensorDescription(name, tuple(channels), ahead, classes)


def _lasting(seconds: float) -> str:
    """A time as people say it."""
    unit_s, unit = next((pair for pair in _UNITS if seconds >= 2 * pair[0]), (1.0, "s"))
    return f"{seconds / unit_s:.3g} {unit}"


def _places(name: str, camera: CameraSettings, seen: dict[str, list[str]], most: int) -> Iterator[Place]:
    common = camera.events.labels
    expects = camera.events.expected.enabled
    yield Place(name, True, False, _labels(common, seen.get(name, []), most))
    for place in (*camera.zones, *camera.lines):
        assert isinstance(place, ZoneSettings | LineSettings)
        labels = _labels(place.labels or common, seen.get(place.name, []), most)
        yield Place(place.name, isinstance(place, ZoneSettings), expects, labels)


def _groups(topics: Topics, kept: Collection[str]) -> tuple[int, ...]:
    """Numbers of the groups that were told of."""
    parts = [topic.removeprefix(f"{topics.base}/").split("/") for topic in kept]
    return tuple(sorted(int(p[1]) for p in parts if len(p) == 3 and p[0] == GROUPS and p[1].isdecimal()))


def _near_misses(camera: CameraSettings) -> bool:
    return camera.events.expected.enabled and camera.events.expected.near_miss.enabled


def _labels(configured: Collection[str], seen: Collection[str], most: int) -> tuple[str, ...]:
    """Those that are named; else those that were seen, so many at most."""
    return (ALL, *(configured or sorted(seen)[:most]))


def _seen(topics: Topics, kept: Collection[str]) -> dict[str, list[str]]:
    """Labels by place, as their topics have them."""
    found: dict[str, list[str]] = {}
    for topic in sorted(kept):
        match topic.removeprefix(f"{topics.base}/").split("/"):
            case ["zone" | "expected", place, label] if label != slug(ALL) and label not in found.get(place, []):
                found.setdefault(place, []).append(label)
    return found
