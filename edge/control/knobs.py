"""The switches and numbers of one camera."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from edge.contracts.inbound import decode_fraction, decode_switch
from edge.contracts.messages import encode_fraction, encode_switch


@dataclass(frozen=True, slots=True)
class Controls:
    """How they are set."""

    enabled: bool  # whether the camera is opened at all
    detection: bool  # whether its pictures are looked at
    threshold: float  # 0..1, least median score of an object whose label has no filter of its own


class Knobs:
    """Where the threads of a camera find how it is set now. Replaced as a whole, so that nobody sees a half."""

    def __init__(self, controls: Controls) -> None:
        self.now = controls


def _enabled(controls: Controls, payload: bytes) -> Controls:
    return replace(controls, enabled=decode_switch(payload))


def _detection(controls: Controls, payload: bytes) -> Controls:
    return replace(controls, detection=decode_switch(payload))


def _threshold(controls: Controls, payload: bytes) -> Controls:
    return replace(controls, threshold=decode_fraction(payload))


# By the name of the thing in topics: how a payload changes it, and how it is told.
TURN: Mapping[str, Callable[[Controls, bytes], Controls]] = {
    "enabled": _enabled,
    "detection": _detection,
    "threshold": _threshold,
}
TELL: Mapping[str, Callable[[Controls], bytes]] = {
    "enabled": lambda controls: encode_switch(controls.enabled),
    "detection": lambda controls: encode_switch(controls.detection),
    "threshold": lambda controls: encode_fraction(controls.threshold),
}
