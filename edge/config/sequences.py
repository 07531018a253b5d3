"""Classifiers of windows as the configuration says them: of a microphone, or of a sensor's values."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from edge.contracts.bundle import read_bundle
from edge.contracts.types import ModelBundle
from edge.sensing.settings import SensorSettings
from edge.sensors.sound_settings import SoundSource
from edge.sequences.settings import SequenceSettings

MOST_SOUNDS = 16


class WindowClassifier(SequenceSettings, extra="forbid", frozen=True):
    """A model that names what windows show, and when its answer counts."""

    path: Path = Field(description="The .tflite file, as `foresight-train series classify` makes it")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="Its hash; another file is refused unread")

    def read(self) -> ModelBundle:
        """What the file is. Raises a ModelError: it is damaged, or another one than `sha256` says."""
        return read_bundle(self.path, sha256=self.sha256)


def _path_alone(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


ClassifierEntry = Annotated[
    WindowClassifier, BeforeValidator(_path_alone, json_schema_input_type=str | WindowClassifier)
]


class SoundSettings(BaseModel, extra="forbid", frozen=True):
    """One microphone: where its sound comes from, and what names it."""

    source: SoundSource
    classifier: ClassifierEntry = Field(description="Names what is heard; its path alone will do")


class WindowEmbedder(BaseModel, extra="forbid", frozen=True):
    """A model that describes windows; what it finds alike is a group, until somebody names it."""

    path: Path = Field(description="The .tflite file, of `foresight-train series classify` or `series autoencode`")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="Its hash; another file is refused unread")
    every_s: float = Field(1.0, ge=0.01, le=3600, description="A window is looked at each so many seconds")

    def read(self) -> ModelBundle:
        """What the file is. Raises a ModelError: it is damaged, or another one than `sha256` says."""
        return read_bundle(self.path, sha256=self.sha256)


EmbedderEntry = Annotated[WindowEmbedder, BeforeValidator(_path_alone, json_schema_input_type=str | WindowEmbedder)]


class WindowScorer(BaseModel, extra="forbid", frozen=True):
    """An auto-encoder by which windows are out of the ordinary; the limit stands in its file."""

    path: Path = Field(description="The .tflite file, of `foresight-train series autoencode`")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="Its hash; another file is refused unread")

    def read(self) -> ModelBundle:
        """What the file is. Raises a ModelError: it is damaged, or another one than `sha256` says."""
        return read_bundle(self.path, sha256=self.sha256)


ScorerEntry = Annotated[WindowScorer, BeforeValidator(_path_alone, json_schema_input_type=str | WindowScorer)]


class SensorEntry(SensorSettings, extra="forbid", frozen=True):
    """One sensor, and what names the windows of its values."""

    classifier: ClassifierEntry | None = Field(None, description="Names what its windows show; sets its grid")
    embedder: EmbedderEntry | None = Field(None, description="Finds groups of its windows; sets its grid")
    scorer: ScorerEntry | None = Field(
        None, description="Auto-encoder that says how odd its windows are, in place of `anomaly`; sets its grid"
    )
