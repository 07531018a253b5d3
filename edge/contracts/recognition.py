"""What a classifier of sequences says of a sensor: the value, its message and its event."""

import json
from dataclasses import dataclass

from edge.contracts.messages import DECIMALS, VERSION

UNKNOWN = "unknown"  # the class that is told where no class is likely enough
RECOGNISED = "recognised"  # kind of its events


@dataclass(frozen=True, slots=True)
class Recognition:
    """The class of one window. `fresh`: it has just been recognised; further windows of the same thing are not."""

    sensor: str
    utc_ns: int  # of the newest sample
    label: str  # `UNKNOWN` where no class is likely enough
    probability: float  # 0..1, of the likeliest class
    fresh: bool


def encode_recognition(found: Recognition) -> bytes:
    """The message on `sensor/<sensor>/class`."""
    return _encoded({"v": VERSION, "sensor": found.sensor, "utc_ns": found.utc_ns, **_said(found)})


def encode_recognised(found: Recognition, device: str, run: str) -> bytes:
    """The event of something that was recognised, as the outbox takes it (`recognised` in the schema)."""
    head = {"v": VERSION, "device": device, "utc_ns": found.utc_ns, "kind": RECOGNISED, "sensor": found.sensor}
    return _encoded({**head, "run": run, **_said(found)})


def _said(found: Recognition) -> dict[str, object]:
    return {"class": found.label, "probability": round(found.probability, DECIMALS)}


def _encoded(told: dict[str, object]) -> bytes:
    return json.dumps(told, separators=(",", ":"), allow_nan=False).encode()
