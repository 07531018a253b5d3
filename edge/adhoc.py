"""A configuration made up on the spot, for the commands that take a clip or a camera instead of a file."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from edge.cameras.settings import AnySettings, FileSettings, ImagesSettings
from edge.config.loader import load
from edge.config.settings import CameraSettings, Settings
from edge.contracts.errors import ConfigError
from edge.contracts.redact import redact

CAMERA = "view"
STREET = "street"
Section = object  # as it would stand in the file


def adhoc_settings(source: str, model: Path | None, labels: Path | None, sections: Mapping[str, Section]) -> Settings:
    """One camera named `view`.

    Args:
        source: as in a configuration; `street` for the rendered one.
        model: a detector; None = the motion detector.
        labels: its labels, where the file itself has none.
        sections: further sections, top-level ones and the camera's own.

    Raises:
        ConfigError: the source or the labels cannot be meant.
    """
    if labels is not None and model is None:
        raise ConfigError(f"--labels {labels} belongs to a model; give --model too")
    own = {key: section for key, section in sections.items() if key in CameraSettings.model_fields}
    written: dict[str, object] = {
        "cameras": {CAMERA: {"source": "/dev/null" if source == STREET else source, **own}},
        **{key: section for key, section in sections.items() if key in Settings.model_fields},
    }
    if model is not None:
        written["model"] = {"path": str(model), "labels": labels and str(labels)}
    try:
        return Settings.model_validate(written)
    except ValidationError as error:
        said = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise ConfigError(f"{redact(source)} {said}; see `foresight --help`") from error


def with_clip(settings: Settings, source: str) -> Settings:
    """The same with the first camera replaced by a clip of which no frame is dropped."""
    name, camera = next(iter(settings.cameras.items()), (CAMERA, None))
    if camera is None:
        raise ConfigError(
            f"{redact(source)} needs a camera's settings, and the configuration has none; leave out --config"
        )
    clip = adhoc_settings(source, None, None, {}).cameras[CAMERA].source
    return settings.model_copy(update={"cameras": {name: camera.model_copy(update={"source": whole(clip)})}})


def whole(source: AnySettings) -> AnySettings:
    """A clip as fast as it can be followed, once, without dropping a frame; a camera as it is."""
    if isinstance(source, FileSettings | ImagesSettings):
        return source.model_copy(update={"speed": 0.0, "loop": False, "blocking": True})
    return source


def from_file(path: Path) -> Settings:
    """A configuration file, without cross-checks: the source it names is not the one that will be used."""
    return load(path, Settings)
