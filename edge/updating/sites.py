"""Where a configuration names model files: what a released model can take the place of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.config.settings import ModelFile, Settings
from edge.contracts.manifest import Task
from edge.forecast.settings import SHIPPED

SHIPPED_PLACE = "trajectories.tflite"  # what the trajectory model that comes along is called here


class Role(StrEnum):
    """What a model is used for."""

    DETECTOR = "detector"
    CLASSIFIER = "classifier"
    EMBEDDER = "embedder"
    TRAJECTORIES = "trajectories"
    SERIES = "series"
    WINDOWS = "windows"  # their classes
    LIKENESS = "likeness"  # of windows
    ODDITY = "oddity"  # of windows


TASKS: Mapping[Role, frozenset[Task]] = {
    Role.DETECTOR: frozenset({Task.DETECTOR}),
    Role.CLASSIFIER: frozenset({Task.CLASSIFIER}),
    Role.EMBEDDER: frozenset({Task.EMBEDDER, Task.CLASSIFIER}),
    Role.TRAJECTORIES: frozenset({Task.FORECASTER}),
    Role.SERIES: frozenset({Task.SERIES}),
    Role.WINDOWS: frozenset({Task.SEQUENCE}),
    Role.LIKENESS: frozenset({Task.SEQUENCE, Task.AUTOENCODER}),
    Role.ODDITY: frozenset({Task.AUTOENCODER}),
}
# Others can be put in the place of these between two frames: what was made of their outputs stays good.
BETWEEN_FRAMES = frozenset({Role.DETECTOR, Role.CLASSIFIER, Role.TRAJECTORIES})


@dataclass(frozen=True, slots=True)
class Site:
    """One mention of a model file."""

    where: str  # in the configuration, as people say it
    role: Role
    place: str  # file name
    file: ModelFile

    @property
    def released(self) -> str:
        """SHA-256 of the released file that it is, "" where it is the device's own."""
        return released(self.file.path)

    @property
    def pinned(self) -> bool:
        """Whether the operator has given the hash of the one file that may serve here."""
        return is_pinned(self.file.path, self.file.sha256)


def released(path: Path) -> str:
    """The hash by which a file of the store goes; "" for any other file."""
    name = path.parent.name
    return name if len(name) == 64 and not set(name) - set("0123456789abcdef") else ""


def is_pinned(path: Path, sha256: str) -> bool:
    """Whether a hash was written by the operator: that of a released file comes with the file."""
    return bool(sha256) and released(path) != sha256


def sites(settings: Settings) -> list[Site]:
    """All of them; one file may be named several times."""
    detectors = [
        ("model" if name == "model" else f"more_models.{name}", file) for name, file in settings.models.items()
    ]
    named = [(where, Role.DETECTOR, file) for where, file in detectors]
    named += [(key, Role(key), file) for key, file in settings.second_stages.items()]
    named += _of_windows(settings)
    found = [Site(where, role, file.path.name, file) for where, role, file in named]
    beside = [(f"{site.where}.cpu", site.role, site.file.cpu) for site in found if site.file.cpu]
    found += [Site(where, role, path.name, ModelFile(path=path)) for where, role, path in beside]
    return [*found, *_of_cameras(settings)]


def _of_cameras(settings: Settings) -> Iterator[Site]:
    for name, camera in settings.cameras.items():
        if (file := camera.forecast_file) is not None:
            place = SHIPPED_PLACE if camera.forecast.model == SHIPPED else file.path.name
            yield Site(f"cameras.{name}.forecast.model", Role.TRAJECTORIES, place, file)


def _of_windows(settings: Settings) -> Iterator[tuple[str, Role, ModelFile]]:
    keys = {"classifier": Role.WINDOWS, "embedder": Role.LIKENESS, "scorer": Role.ODDITY}
    for name, sensor in settings.sensors.items():
        if sensor.model:
            yield f"sensors.{name}.model", Role.SERIES, ModelFile(path=sensor.model)
        for key, role in keys.items():
            if entry := getattr(sensor, key):
                yield f"sensors.{name}.{key}", role, ModelFile(path=entry.path, sha256=entry.sha256)
    for name, sound in settings.sounds.items():
        file = ModelFile(path=sound.classifier.path, sha256=sound.classifier.sha256)
        yield f"sounds.{name}.classifier", Role.WINDOWS, file
