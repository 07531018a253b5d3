"""What Home Assistant is to know of a configuration, with the labels that have been seen so far."""

from collections.abc import Collection, Iterator

from edge import __version__
from edge.config.settings import CameraSettings, Settings
from edge.contracts.topics import ALL, GROUPS, Topics, slug
from edge.events.settings import LineSettings, ZoneSettings
from edge.homeassistant.described import CameraDescription, Description, Place


def describe(settings: Settings, topics: Topics, kept: Collection[str], known: Collection[str]) -> Description:
    """Cameras, zones and lines with their labels.

    Args:
        settings: the configuration.
        topics: of this device.
        kept: retained topics of the device; those of counts and expectations tell which labels were seen.
        known: the labels of the present models.
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
    return Description(__version__, _groups(topics, kept), tuple(cameras))


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
