"""Sensors as the configuration says them. Light: nothing is opened here.

Short forms are understood everywhere: `source: tank/level` (a topic), `source: /dev/ttyUSB0`, `source: readings.csv`,
`channels: {level: $.level}`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, field_validator, model_validator

from edge.sensors.device_classes import DEVICE_CLASSES
from edge.sensors.pace import SHORTEST_S
from edge.sensors.paths import LONGEST, parse_path

FILE_ENDINGS = (".csv", ".tsv", ".parquet")
SERIAL_PREFIXES = ("/dev/tty", "/dev/serial/", "/dev/rfcomm", "/dev/cu.")
KIND_OF_KEY = {"topic": "mqtt", "device": "serial", "path": "file"}
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
MOST_CHANNELS, MOST_SENSORS = 16, 256
LONGEST_S = 1e6
ONE = "value"  # the channel of a sensor that has only one, and no name for it


def _path(text: str) -> str:
    parse_path(text)
    return text


def _topic(text: str) -> str:
    if set(text) & set("+#\0") or not text.strip("/"):
        raise ValueError(f"{text!r:.60} is no topic of one sensor; write it whole, without + and #")
    return text


def _device_class(name: str) -> str:
    if name and name not in DEVICE_CLASSES:
        raise ValueError(f"{name!r:.40} is no device class of a Home Assistant sensor; leave it out, or correct it")
    return name


ValuePath = Annotated[str, Field(max_length=LONGEST), AfterValidator(_path)]


class _Settings(BaseModel, extra="forbid", frozen=True):
    """What they all share."""


class MqttSource(_Settings):
    """Messages of others on the broker that the daemon itself uses."""

    kind: Literal["mqtt"] = "mqtt"
    topic: Annotated[str, AfterValidator(_topic)] = Field(max_length=1000, description="Topic, whole, without + and #")
    time: ValuePath = Field("", description="Where in a message its time stands, $.time say; empty: it is its arrival")


class SerialSource(_Settings):
    """A serial port: lines of numbers, of CSV or of JSON."""

    kind: Literal["serial"] = "serial"
    device: str = Field(pattern=r"^/\S+$", description="Device file; /dev/serial/by-id/... keeps its name")
    baud: int = Field(115200, description="Bits per second")
    time: ValuePath = Field(
        "", description="Where in a line its time stands, $.t or $[0] say; empty: it is its arrival"
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.baud not in BAUDS:
            raise ValueError(f"baud {self.baud} is not one of {', '.join(map(str, BAUDS))}")
        return self


class FileSource(_Settings):
    """A recording, played as if its readings came now."""

    kind: Literal["file"] = "file"
    path: Path = Field(description="CSV file with a line of names, or Parquet")
    time: str = Field("", max_length=LONGEST, description="Column of the time; empty: it is found")
    speed: float = Field(1.0, gt=0, le=1000, description="Recorded seconds per second")
    loop: bool = Field(False, description="Start again at the end")


def expand_source(value: object) -> object:
    """The long form of a short one."""
    if isinstance(value, str | Path):
        text = str(value)
        if not text.strip():
            raise ValueError("is empty; give a topic, a serial port, or a file")
        if text.lower().endswith(FILE_ENDINGS):
            return {"kind": "file", "path": text}
        return (
            {"kind": "serial", "device": text} if text.startswith(SERIAL_PREFIXES) else {"kind": "mqtt", "topic": text}
        )
    if isinstance(value, Mapping) and "kind" not in value:
        kind = next((KIND_OF_KEY[key] for key in value if key in KIND_OF_KEY), "")
        return {**value, "kind": kind} if kind else value
    return value


AnySource = MqttSource | SerialSource | FileSource
SensorSource = Annotated[
    AnySource,
    Field(discriminator="kind", description="Where its readings come from: a topic, a serial port, a file"),
    BeforeValidator(expand_source, json_schema_input_type=str | AnySource),
]


class ChannelSettings(_Settings):
    """One of the values of a sensor."""

    at: ValuePath = Field(
        "", description="Where it stands: $.temperature, data[0], a column; empty: it is the only one"
    )
    unit: str = Field("", max_length=20, description="Unit, as Home Assistant shows it")
    device_class: Annotated[str, AfterValidator(_device_class)] = Field("", description="Home Assistant's name of it")


def _at_alone(value: object) -> object:
    return {"at": value} if isinstance(value, str) else value


Channel = Annotated[ChannelSettings, BeforeValidator(_at_alone, json_schema_input_type=str | ChannelSettings)]
ChannelName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)]


class WindowSettings(_Settings):
    """The regular grid that readings are brought to, and when a sensor is held to be of no use."""

    step_s: float = Field(0.0, ge=0, le=LONGEST_S, description="Seconds between samples; 0 = as the readings come")
    hold_steps: int = Field(10, ge=0, le=1000, description="Over gaps of at most so many steps the last sample is held")
    silent_s: float = Field(0.0, ge=0, le=LONGEST_S, description="Without a reading for so long: silent; 0 = 10 steps")
    stuck_s: float = Field(7200.0, ge=0, le=LONGEST_S, description="The very same for so long: stuck; 0 = never")
    queue: int = Field(20_000, ge=1, le=100_000, description="Readings that may wait; beyond, the oldest are dropped")

    @field_validator("step_s")
    @classmethod
    def _steps(cls, step_s: float) -> float:
        if 0 < step_s < SHORTEST_S:
            raise ValueError(f"must be 0 or at least {SHORTEST_S:g}, is {step_s:g}")
        return step_s


class AlarmSettings(_Settings):
    """When an anomaly is an event."""

    threshold: float = Field(0.5, gt=0, le=1, description="An anomaly begins with a score of so much")
    calm_steps: int = Field(5, ge=1, le=10_000, description="It ends after so many samples in a row below")


class SensorBasics(_Settings):
    """Where a sensor's readings come from, what they are, and the grid that they are brought to."""

    source: SensorSource
    channels: dict[ChannelName, Channel] = Field(
        {ONE: ChannelSettings()}, min_length=1, max_length=MOST_CHANNELS, description="Its values by name"
    )
    window: WindowSettings = Field(WindowSettings(), description="The grid of its samples")
