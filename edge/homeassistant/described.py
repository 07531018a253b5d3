"""What of the configuration Home Assistant is to know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | list[str] | list[dict[str, str]]"  # of what Home Assistant wants to know


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that objects are counted or expected in.

    `labels` are those with entities of their own, `all` (any) among them.
    """

    name: str
    counts: bool  # a camera's whole picture, or a zone; not a line
    expects: bool  # a zone or line; not a whole picture
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CameraDescription:
    """One camera and what is watched in it."""

    name: str
    places: tuple[Place, ...]
    snapshots: bool
    near_misses: bool


@dataclass(frozen=True, slots=True)
class ChannelDescription:
    """One of a sensor's values."""

    name: str
    unit: str  # "" for none
    device_class: str  # "" for none
    measured: bool  # statistics of means make sense


@dataclass(frozen=True, slots=True)
class SensorDescription:
    """One sensor. `horizons` are in words, none while it is not known how far ahead it is forecast."""

    name: str
    channels: tuple[ChannelDescription, ...]
    horizons: tuple[str, ...]
    classes: tuple[str, ...]  # that its windows are told to show, none without a classifier


@dataclass(frozen=True, slots=True)
class SoundDescription:
    """One microphone."""

    name: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """All of it."""

    version: str  # of Foresight
    groups: tuple[int, ...]  # numbers of the groups that may be named
    cameras: Sequence[CameraDescription]
    sensors: Sequence[SensorDescription] = ()
    sounds: Sequence[SoundDescription] = ()
    learners: Sequence[str] = ()  # names of the cameras and sensors that learn on the device
    updated: Sequence[str] = ()  # places in which released files are taken up
