"""The whole configuration. Each section's model stands beside the step that it configures; here they are put together.

The sections that a camera has as well are its defaults, which it may override key by key.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, Field, PrivateAttr, model_validator

from edge.activity.settings import ActivitySettings, MotionSettings
from edge.attention import AttentionSettings, LookSettings
from edge.cameras.settings import SourceSettings
from edge.cameras.watch import CameraWatchSettings
from edge.classify.settings import ClassifySettings
from edge.config.forms import CURRENT_FORM, FIRST_FORM
from edge.config.sequences import MOST_SOUNDS, SensorEntry, SoundSettings
from edge.contracts.bundle import read_bundle
from edge.contracts.input_rules import Overrides
from edge.contracts.topics import NAME_PATTERN
from edge.contracts.types import ColourOrder, Head, ModelBundle, Resize
from edge.detection.settings import DetectionSettings
from edge.events.settings import EventSettings, LineSettings, ZoneSettings
from edge.forecast.settings import NO_MODEL, SHIPPED, ForecastSettings
from edge.forecast.shipped import shipped_model
from edge.groups.settings import GroupSettings
from edge.homeassistant.settings import HomeAssistantSettings
from edge.learning.settings import LearningSettings
from edge.masks import MaskSettings
from edge.mqtt.settings import MqttSettings
from edge.outbox.settings import OutboxSettings
from edge.publisher import PublishSettings
from edge.runtime.settings import RuntimeSettings
from edge.sensors.settings import MOST_SENSORS
from edge.snapshots import SnapshotSettings
from edge.teaching.settings import TeachingSettings
from edge.tracking.settings import TrackingSettings
from edge.uncertain.settings import KeepSettings
from edge.updates.settings import UpdateSettings

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
Triple = tuple[float, float, float]


def state_folder() -> Path:
    """Where systemd wants state, else where the user's programs keep theirs."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    return Path(os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()) / "foresight"


class DeviceSettings(BaseModel, extra="forbid", frozen=True):
    """The device itself. Its name in topics is `mqtt.device`."""

    state_dir: Path = Field(default_factory=state_folder, description="Folder of the outbox and of all that is learnt")


class ModelFile(BaseModel, extra="forbid", frozen=True):
    """A model file, and what is to be said against it or where it is silent."""

    path: Path = Field(description="The .tflite file")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="Its hash; another file is refused unread")
    labels: Path | None = Field(None, description="Label file, for models that carry none: one label per line")
    cpu: Path | None = Field(None, description="For a model compiled for an accelerator: the same for the CPU")
    head: Head | None = Field(None, description="What its outputs mean; found out by itself where left out")
    resize: Resize | None = Field(None, description="How pictures are brought to its input size")
    order: ColourOrder | None = Field(None, description="Order of the colour channels that it was trained on")
    mean: Triple | None = Field(None, description="Subtracted from pixels 0..255, per channel; for float models")
    std: Triple | None = Field(None, description="Then divided by, per channel; for float models")

    @property
    def overrides(self) -> Overrides:
        """The same for the reader of model files."""
        return Overrides(self.labels, self.head, self.resize, self.order, self.mean, self.std)

    def read(self) -> ModelBundle:
        """What the file is. Raises a ModelError: it is damaged, not understood, or another one than `sha256` says."""
        return read_bundle(self.path, sha256=self.sha256, overrides=self.overrides)


def _path_alone(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


ModelSettings = Annotated[ModelFile, BeforeValidator(_path_alone, json_schema_input_type=str | ModelFile)]


class CameraSettings(BaseModel, extra="forbid", frozen=True):
    """One camera: where its pictures come from, what is watched in them, and what differs from the defaults."""

    source: SourceSettings
    masks: MaskSettings = Field(MaskSettings(), description="What nobody may see, and where motion does not count")
    zones: tuple[ZoneSettings, ...] = Field((), max_length=64, description="Polygons that objects enter and leave")
    lines: tuple[LineSettings, ...] = Field((), max_length=64, description="Lines that objects cross")
    health: CameraWatchSettings = Field(CameraWatchSettings(), description="Overrides `health` key by key")
    activity: ActivitySettings = Field(ActivitySettings(), description="Overrides `activity` key by key")
    look: LookSettings = Field(LookSettings(), description="Overrides `look` key by key")
    attention: AttentionSettings = Field(AttentionSettings(), description="Overrides `attention` key by key")
    motion: MotionSettings = Field(MotionSettings(), description="Overrides `motion` key by key")
    detection: DetectionSettings = Field(DetectionSettings(), description="Overrides `detection` key by key")
    tracking: TrackingSettings = Field(TrackingSettings(), description="Overrides `tracking` key by key")
    forecast: ForecastSettings = Field(ForecastSettings(), description="Overrides `forecast` key by key")
    events: EventSettings = Field(EventSettings(), description="Overrides `events` key by key")

    @property
    def forecast_file(self) -> ModelFile | None:
        """The trajectory model; None where straight lines are all that is wanted, or there."""
        if self.forecast.model == NO_MODEL:
            return None
        path = shipped_model() if self.forecast.model == SHIPPED else Path(self.forecast.model)
        return ModelFile(path=path) if path else None


class Settings(BaseModel, extra="forbid", frozen=True, hide_input_in_errors=True):
    """The configuration of one device. Only `cameras`, `sensors` or `sounds` must be written."""

    version: int = Field(CURRENT_FORM, ge=FIRST_FORM, le=CURRENT_FORM, description="Form of this file; 1 if left out")
    device: DeviceSettings = Field(default_factory=DeviceSettings, description="The device itself")
    mqtt: MqttSettings = Field(default_factory=MqttSettings, description="The broker; by default on this machine")
    outbox: OutboxSettings = Field(OutboxSettings(), description="Delivery of events")
    publish: PublishSettings = Field(PublishSettings(), description="How much goes out over MQTT")
    snapshots: SnapshotSettings = Field(SnapshotSettings(), description="Pictures over MQTT; off by default")
    keep: KeepSettings = Field(KeepSettings(), description="Looks to learn from, kept on the device; off by default")
    homeassistant: HomeAssistantSettings = Field(HomeAssistantSettings(), description="Discovery by Home Assistant")
    runtime: RuntimeSettings = Field(RuntimeSettings(), description="How models are run")
    model: ModelSettings | None = Field(None, description="The detector's model; without one, motion is detected")
    more_models: dict[Name, ModelSettings] = Field(
        {}, description="Models of more detectors, by name; their findings are merged"
    )
    classifier: ModelSettings | None = Field(
        None, description="Second-stage classifier of tracked objects; its answer is their sub_label"
    )
    embedder: ModelSettings | None = Field(
        None, description="Second-stage embedding model; what it finds alike is a group, until somebody names it"
    )
    groups: GroupSettings = Field(GroupSettings(), description="What is alike; see embedder")
    teaching: TeachingSettings = Field(TeachingSettings(), description="Names that people teach; see embedder")
    classify: ClassifySettings = Field(ClassifySettings(), description="When the second stage looks")
    health: CameraWatchSettings = Field(CameraWatchSettings(), description="When a camera is held to be of no use")
    activity: ActivitySettings = Field(ActivitySettings(), description="When the detector is asked to look")
    look: LookSettings = Field(LookSettings(), description="Which frames the detector looks at")
    attention: AttentionSettings = Field(AttentionSettings(), description="When forecasts stand in for a look")
    motion: MotionSettings = Field(MotionSettings(), description="The detector that needs no model")
    detection: DetectionSettings = Field(DetectionSettings(), description="How detectors look, and what they keep")
    tracking: TrackingSettings = Field(TrackingSettings(), description="How objects are followed")
    forecast: ForecastSettings = Field(ForecastSettings(), description="How far ahead is looked")
    events: EventSettings = Field(EventSettings(), description="Which tracks are objects, how often they are told of")
    learning: LearningSettings = Field(LearningSettings(), description="Learning on the device; off by default")
    updates: UpdateSettings = Field(UpdateSettings(), description="Signed updates; off by default")
    cameras: dict[Name, CameraSettings] = Field({}, description="Cameras by name")
    sensors: dict[Name, SensorEntry] = Field({}, max_length=MOST_SENSORS, description="Sensors by name")
    sounds: dict[Name, SoundSettings] = Field({}, max_length=MOST_SOUNDS, description="Microphones by name")

    _release: str = PrivateAttr("")

    @property
    def release(self) -> str:
        """SHA-256 of the released file that it was read from, "" for the device's own."""
        return self._release

    def of_release(self, sha256: str) -> Self:
        """The same, read from a released file."""
        made = self.model_copy()
        made._release = sha256  # noqa: SLF001 - its own
        return made

    @model_validator(mode="after")
    def _watches(self) -> Self:
        if not self.cameras and not self.sensors and not self.sounds:
            raise ValueError("nothing is watched; add `cameras:`, `sensors:` or `sounds:`")
        return self

    @property
    def models(self) -> dict[str, ModelFile]:
        """Every detector's model by name, `model` first; empty: the motion detector serves."""
        return {**({"model": self.model} if self.model else {}), **self.more_models}

    @property
    def model_files(self) -> list[tuple[str, ModelFile]]:
        """The detectors' and second stages' models, each with its name; a detector may be named `classifier` too."""
        return [*self.models.items(), *self.second_stages.items()]

    @property
    def second_stages(self) -> dict[str, ModelFile]:
        """The models that look at tracked objects, by key."""
        known = {"classifier": self.classifier, "embedder": self.embedder}
        return {key: model for key, model in known.items() if model}

    @property
    def forecast_files(self) -> dict[Path, ModelFile]:
        """The trajectory models that its cameras name, and the shipped one where one of them uses it."""
        found = (camera.forecast_file for camera in self.cameras.values())
        return {file.path: file for file in found if file is not None}


def schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    written = Settings.model_json_schema()
    for model in (written, *written["$defs"].values()):
        for key, field in model.get("properties", {}).items():
            field.setdefault("title", key.replace("_", " ").capitalize())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **written}
