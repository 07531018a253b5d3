"""Settings of the classifier of windows."""

from pydantic import BaseModel, Field


class SequenceSettings(BaseModel, extra="forbid", frozen=True):
    """How often windows are looked at, and when a class counts as recognised."""

    every_s: float = Field(0.2, ge=0.01, le=3600, description="A window is classified each so many seconds")
    smooth_s: float = Field(
        0.4, ge=0, le=3600, description="Probabilities are averaged over the windows of so many seconds; 0 = not"
    )
    threshold: float = Field(0.6, ge=0, le=1, description="Below this averaged probability the class is unknown")
    refractory_s: float = Field(
        1.0, ge=0, le=86400, description="After an event of a class there is none of the same class for so long"
    )
    quiet_db: float = Field(
        -55.0, ge=-120, le=0, description="Sounds whose loudest piece is below are not looked at; 0 dB = full scale"
    )
    ignored: tuple[str, ...] = Field(
        ("background", "silence", "noise", "unknown"), description="Classes that are told as unknown"
    )
