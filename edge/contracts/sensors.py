"""What is told of sensors beside their readings: events, and how each one fares."""

from dataclasses import dataclass
from enum import StrEnum


class SensorEventKind(StrEnum):
    """What happened to a sensor's readings."""

    ANOMALY = "anomaly"  # they are odd
    NORMAL = "normal"  # they are as ever again


class SensorStatus(StrEnum):
    """How a sensor stands."""

    OFFLINE = "offline"  # its source cannot be reached, or nothing has come of it yet
    ONLINE = "online"
    SILENT = "silent"  # the source is there, but nothing comes
    STUCK = "stuck"  # it says the same for hours


@dataclass(frozen=True, slots=True)
class SensorEvent:
    """Something worth telling of a sensor, as it leaves for the outbox."""

    kind: SensorEventKind
    sensor: str
    utc_ns: int
    anomaly: float  # score of the reading, 0..1; at the end the highest one
    values: tuple[float, ...]
    expected: tuple[float, ...]  # what was forecast for them, empty where nothing was
    duration_s: float  # since it began


@dataclass(frozen=True, slots=True)
class SensorHealth:
    """One sensor within `Health`. What is counted is counted since the start, but for `samples`."""

    sensor: str
    status: SensorStatus
    reason: str  # why it is not online, or what is odd about it, else ""
    readings: int
    refused: int  # messages that could not be understood
    dropped: int  # readings that newer ones pushed out of the queue
    late: int  # readings that were older than others before them, or twice there
    gaps: int  # silences after which all began anew
    samples: int  # of the grid that were learnt from, kept over restarts
    step_s: float  # of the grid, NaN while it is not known
    serving: str  # "plain" or "learnt": whose forecasts are told
    plain_error: float  # mean error of the plain forecast, in standard deviations of the sensor; NaN = none yet
    learnt_error: float  # of the learnt one
    coverage: float  # share of what came that lay within one sigma of what the serving forecast said


def scorer_name(sensor: str) -> str:
    """What a sensor's scorer is called where it learns; nothing else may have this name."""
    return f"{sensor}-scorer"
