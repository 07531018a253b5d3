"""Checks that need more than one value: names, labels, files."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

from edge.cameras.settings import FileSettings, ImagesSettings
from edge.config import problems
from edge.config.loader import Loaded
from edge.config.problems import Problem
from edge.config.settings import Settings
from edge.config.tree import Item
from edge.contracts.errors import ModelError
from edge.contracts.sensors import scorer_name
from edge.contracts.topics import ALL, RESERVED_NAMES, slug
from edge.events.settings import EventSettings, NearMissSettings
from edge.forecast.fitting import refuse_unfit
from edge.forecast.settings import NO_MODEL, SHIPPED
from edge.sensors.settings import FileSource, SerialSource
from edge.sensors.sound_settings import WavSource

MOTION_LABEL = "moving"


def crosscheck(loaded: Loaded[Settings]) -> list[Problem]:
    """Names that clash or are reserved, files that do not exist, ports that two sensors would read."""
    return [*_names(loaded), *_files(loaded), *_ports(loaded)]


def check_labels(loaded: Loaded[Settings], labels: Collection[str]) -> list[Problem]:
    """Labels that are named in the configuration and that no detector has.

    Args:
        loaded: the configuration.
        labels: of all detectors together.
    """
    known = sorted({label for label in labels if label})
    return [
        _say(loaded, path, f"no detector has the label {label}", _near(label, known))
        for path, label in _named_labels(loaded.settings)
        if label not in known
    ]


def check_counts(loaded: Loaded[Settings], labels: Collection[str]) -> list[Problem]:
    """Labels whose counts would overwrite each other, as they are published under one topic.

    Args:
        loaded: the configuration.
        labels: of all detectors together, in any order, equal ones as often as they come.
    """
    first: dict[str, str] = {ALL: "the count of every label"}
    found = []
    for label in sorted({label for label in labels if label}):
        taken = first.setdefault(slug(label), f"the label {label}")
        if taken != f"the label {label}":
            message = f"the label {label} is counted under the topic level {slug(label)}, as is {taken}"
            path: problems.Path = ("model",) if loaded.settings.model else ("more_models",)
            found.append(_say(loaded, path, message, "rename one of them in a file that `labels` of the model names"))
    return found


def check_forecasts(loaded: Loaded[Settings]) -> list[Problem]:
    """Trajectory models that cannot forecast what their cameras want. The shipped one is left out where it does not."""
    found = []
    for name, camera in loaded.settings.cameras.items():
        file = camera.forecast_file
        if file is None or camera.forecast.model == SHIPPED or not file.path.is_file():
            continue
        try:
            refuse_unfit(file.read(), camera.forecast.horizons_s)
        except ModelError as error:
            said = f"the model cannot be used: {error}"
            found.append(_say(loaded, ("cameras", name, "forecast", "model"), said, ""))
    return found


def _names(loaded: Loaded[Settings]) -> Iterator[Problem]:
    first: dict[str, problems.Path] = {}
    for path, name in _all_names(loaded.settings):
        if len(path) == 2 and name in RESERVED_NAMES:
            yield _say(loaded, path, "is a word that the topics use themselves", "choose another name", key=True)
        if name in first:
            line = _item(loaded, first[name]).key_at.line
            hint = (
                f"it is taken by {problems.dotted(first[name][:3])} on line {line}; names must differ in all the file"
            )
            yield _say(loaded, path, f"the name {name} stands twice", hint, key=True)
        first.setdefault(name, path)


def _all_names(settings: Settings) -> Iterator[tuple[problems.Path, str]]:
    for name in settings.cameras:
        yield ("cameras", name), name
    for name in settings.sensors:
        yield ("sensors", name), name
        if settings.sensors[name].scorer is not None:
            yield ("sensors", name, "scorer"), scorer_name(name)
    for name in settings.sounds:
        yield ("sounds", name), name
    for name, camera in settings.cameras.items():
        for index, zone in enumerate(camera.zones):
            yield ("cameras", name, "zones", index, "name"), zone.name
        for index, line in enumerate(camera.lines):
            yield ("cameras", name, "lines", index, "name"), line.name


def _files(loaded: Loaded[Settings]) -> Iterator[Problem]:
    for path, file in _named_files(loaded.settings):
        if not file.is_file():
            yield _say(loaded, path, f"there is no file {file}", "check the name; it counts from the working folder")
    for name, camera in loaded.settings.cameras.items():
        source = camera.source
        if isinstance(source, FileSettings | ImagesSettings) and not source.path.exists():
            yield _say(loaded, ("cameras", name, "source", "path"), f"there is no {source.path}", "check the name")
        forecast = Path(camera.forecast.model)
        if camera.forecast.model not in {SHIPPED, NO_MODEL} and not forecast.is_file():
            hint = f"check the name; or write {SHIPPED} or {NO_MODEL}"
            yield _say(loaded, ("cameras", name, "forecast", "model"), f"there is no file {forecast}", hint)
    for name, sensor in loaded.settings.sensors.items():
        played = sensor.source
        if isinstance(played, FileSource) and not played.path.is_file():
            yield _say(loaded, ("sensors", name, "source", "path"), f"there is no file {played.path}", "check the name")

    for name, sound in loaded.settings.sounds.items():
        clip = sound.source
        if isinstance(clip, WavSource) and not clip.path.is_file():
            yield _say(loaded, ("sounds", name, "source", "path"), f"there is no file {clip.path}", "check the name")


def _ports(loaded: Loaded[Settings]) -> Iterator[Problem]:
    """Serial ports that are read twice: each sensor would get a part of every line."""
    first: dict[str, str] = {}
    for name, sensor in loaded.settings.sensors.items():
        if isinstance(sensor.source, SerialSource):
            taken = first.setdefault(sensor.source.device, name)
            if taken != name:
                said = f"{sensor.source.device} can have one reader, and it is read by sensors.{taken} already"
                hint = "give that one more `channels`"
                yield _say(loaded, ("sensors", name, "source", "device"), said, hint)


def _named_files(settings: Settings) -> Iterator[tuple[problems.Path, Path]]:
    places: list[tuple[problems.Path, object]] = [(("model",), settings.model)]
    places += [((key,), model) for key, model in settings.second_stages.items()]
    places += [(("more_models", name), model) for name, model in settings.more_models.items()]
    places += [(("sensors", name), sensor) for name, sensor in settings.sensors.items()]
    places += [(("sensors", name, "classifier"), one.classifier) for name, one in settings.sensors.items()]
    places += [(("sensors", name, "embedder"), one.embedder) for name, one in settings.sensors.items()]
    places += [(("sensors", name, "scorer"), one.scorer) for name, one in settings.sensors.items()]
    places += [(("sounds", name, "classifier"), one.classifier) for name, one in settings.sounds.items()]
    places += [(("mqtt",), settings.mqtt), (("mqtt", "tls"), settings.mqtt.tls)]
    for path, holder in places:
        for key in ("path", "cpu", "labels", "password_file", "ca_file", "cert_file", "key_file", "model"):
            file = getattr(holder, key, None)
            if isinstance(file, Path):
                yield (*path, key), file


def _named_labels(settings: Settings) -> Iterator[tuple[problems.Path, str]]:
    yield from _each(("classify", "track_labels"), settings.classify.track_labels)
    yield from _each(("events", "labels"), settings.events.labels)
    for label in settings.events.filters:
        yield ("events", "filters", label), label
    yield from _pairs(("events",), settings.events)
    for name, camera in settings.cameras.items():
        at: problems.Path = ("cameras", name)
        if camera.events != settings.events:
            yield from _each((*at, "events", "labels"), camera.events.labels)
            yield from (((*at, "events", "filters", label), label) for label in camera.events.filters)
            yield from _pairs((*at, "events"), camera.events)
        for index, zone in enumerate(camera.zones):
            yield from _each((*at, "zones", index, "labels"), zone.labels)
        for index, line in enumerate(camera.lines):
            yield from _each((*at, "lines", index, "labels"), line.labels)


def _pairs(at: problems.Path, events: EventSettings) -> Iterator[tuple[problems.Path, str]]:
    """Labels of near misses, where they were written; those by default are for models of many labels."""
    near = events.expected.near_miss
    if near.pairs != NearMissSettings().pairs:
        for index, pair in enumerate(near.pairs):
            yield from _each((*at, "expected", "near_miss", "pairs", index), pair)


def _each(path: problems.Path, labels: tuple[str, ...]) -> Iterator[tuple[problems.Path, str]]:
    return (((*path, index), label) for index, label in enumerate(labels))


def _near(label: str, known: list[str]) -> str:
    near = get_close_matches(label, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"it has {', '.join(known[:12])}{', ...' if len(known) > 12 else ''}" if known else "there are no labels"


def _say(loaded: Loaded[Settings], path: problems.Path, message: str, hint: str, key: bool = False) -> Problem:
    item = _item(loaded, path)
    return problems.problem(loaded.file, item.key_at if key else item.at, item.path, message, hint)


def _item(loaded: Loaded[Settings], path: problems.Path) -> Item:
    """The item at a path, or the nearest above it where a short form was written."""
    item = loaded.tree
    for part in path:
        below = item.child(part)
        if below is None:
            return item
        item = below
    return item
