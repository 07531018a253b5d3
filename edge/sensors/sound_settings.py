"""Where sounds come from, as the configuration says it: `microphone`, `microphone:plughw:1`, or `clip.wav`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

WAV_ENDING = ".wav"
MICROPHONE = "microphone"


class _Settings(BaseModel, extra="forbid", frozen=True):
    """What they both share."""


class MicrophoneSource(_Settings):
    """A microphone of this device, through ALSA's `arecord`."""

    kind: Literal["microphone"] = "microphone"
    device: str = Field(
        "default", min_length=1, pattern=r"^[^\s-]\S*$", description="Name of the device, as `arecord -L` lists it"
    )
    rate_hz: int = Field(
        0, ge=0, le=192_000, description="Samples per second that are asked for; 0 = as many as the model takes"
    )


class WavSource(_Settings):
    """A wav file, played as if it were heard now."""

    kind: Literal["wav"] = "wav"
    path: Path = Field(description="Wav file of whole numbers (PCM)")
    loop: bool = Field(False, description="Start again at the end")


def expand_sound(value: object) -> object:
    """The long form of a short one."""
    if isinstance(value, str | Path):
        text = str(value)
        name, _, device = text.partition(":")
        if name == MICROPHONE:
            return {"kind": "microphone", "device": device} if device else {"kind": "microphone"}
        return {"kind": "wav", "path": text} if text.lower().endswith(WAV_ENDING) else value
    if isinstance(value, Mapping) and "kind" not in value and "path" in value:
        return {**value, "kind": "wav"}
    return value


AnySound = MicrophoneSource | WavSource
SoundSource = Annotated[
    AnySound,
    Field(discriminator="kind", description="Where its sound comes from: microphone, or a wav file"),
    BeforeValidator(expand_sound, json_schema_input_type=str | AnySound),
]
