"""Where a configuration names model files: what a released model can take the place of, and how it is put there.

`USES` is the one place that knows it. Sections that cameras have as well are only their defaults: what counts is there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from edge.config.settings import ModelFile, Settings
from edge.contracts.manifest import Task
from edge.forecast.settings import NO_MODEL, SHIPPED
from edge.forecast.shipped import shipped_model

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
EACH = "*"  # of the entries of a section
USES: Mapping[tuple[str, ...], Role] = {
    ("model",): Role.DETECTOR,
    ("more_models", EACH): Role.DETECTOR,
    ("classifier",): Role.CLASSIFIER,
    ("embedder",): Role.EMBEDDER,
    ("sensors", EACH, "model"): Role.SERIES,
    ("sensors", EACH, "classifier"): Role.WINDOWS,
    ("sensors", EACH, "embedder"): Role.LIKENESS,
    ("sensors", EACH, "scorer"): Role.ODDITY,
    ("sounds", EACH, "classifier"): Role.WINDOWS,
    ("cameras", EACH, "forecast", "model"): Role.TRAJECTORIES,
}


@dataclass(frozen=True, slots=True)
class ModelUse:
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
        return bool(self.file.sha256) and self.released != self.file.sha256  # a released file brings its hash along


Choice = Callable[[ModelUse], Path]  # the file that is to be used there


def released(path: Path) -> str:
    """The hash by which a file of the store goes; "" for any other file."""
    name = path.parent.name
    return name if len(name) == 64 and not set(name) - set("0123456789abcdef") else ""


def model_uses(settings: Settings) -> list[ModelUse]:
    """All of them; one file may be named several times."""
    found: list[ModelUse] = []

    def noted(use: ModelUse) -> Path:
        found.append(use)
        return use.file.path

    with_models(settings, noted)
    return found


def with_models(settings: Settings, choice: Choice) -> Settings:
    """The settings with the models that are chosen; the same ones where nothing changes."""
    for keys, role in USES.items():
        settings = _below(settings, keys, (), _Substitution(role, choice))
    return settings


@dataclass(frozen=True, slots=True)
class _Substitution:
    """Of one value that names a model: the path alone, its text, or a section with the path in it."""

    role: Role
    choice: Choice

    def of(self, value: Any, where: str) -> Any:
        """The same value where nothing changes, or where it names none."""
        if value is None or value == NO_MODEL:
            return value
        if isinstance(value, str):
            return self._of_text(value, where)
        if isinstance(value, Path):
            return self._chosen(ModelFile(path=value), where)
        return self._of_section(value, where)

    def _of_text(self, value: str, where: str) -> str:
        path = shipped_model() if value == SHIPPED else Path(value)
        if path is None:
            return value
        place = SHIPPED_PLACE if value == SHIPPED else path.name
        chosen = self.choice(ModelUse(where, self.role, place, ModelFile(path=path)))
        return value if chosen == path else str(chosen)

    def _of_section(self, value: Any, where: str) -> Any:
        file = value if isinstance(value, ModelFile) else ModelFile(path=value.path, sha256=value.sha256)
        changes: dict[str, Any] = {}
        if (path := self._chosen(file, where)) != file.path:
            changes = {"path": path, "sha256": released(path)}
        if file.cpu and (cpu := self._chosen(ModelFile(path=file.cpu), f"{where}.cpu")) != file.cpu:
            changes["cpu"] = cpu
        return value.model_copy(update=changes) if changes else value

    def _chosen(self, file: ModelFile, where: str) -> Path:
        path = self.choice(ModelUse(where, self.role, file.path.name, file))
        return file.path if path == file.path else path


def _below(value: Any, keys: tuple[str, ...], where: tuple[str, ...], substitution: _Substitution) -> Any:
    """A section with what lies below these keys substituted; the same one where nothing changes."""
    if not keys:
        return substitution.of(value, ".".join(where))
    each = keys[0] == EACH
    parts = dict(value) if each else {keys[0]: getattr(value, keys[0])}
    made = {name: _below(part, keys[1:], (*where, name), substitution) for name, part in parts.items()}
    if all(made[name] is part for name, part in parts.items()):
        return value
    return made if each else value.model_copy(update=made)
