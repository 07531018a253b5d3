"""When learning waits: it is the last thing that the machine has to do."""

from dataclasses import dataclass
from enum import StrEnum

from edge.learning.settings import LearningSettings

COOLER_C, MORE_FREE = 5.0, 1.25  # it goes on when it is so much cooler, with so many times more memory free


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the machine fares. NaN where it does not tell."""

    temperature_c: float
    throttled: bool  # the board has lowered its clock, for heat or for power
    free_mb: float  # memory
    battery: bool  # it runs on one
    dropping: bool  # frames were dropped since the last look


class Pause(StrEnum):
    """Why learning waits."""

    NONE = ""
    BATTERY = "it runs on a battery"
    DROPPING = "frames are being dropped"
    THROTTLED = "the board is throttled"
    HOT = "it is too hot"
    MEMORY = "little memory is free"


def pause_of(conditions: Conditions, settings: LearningSettings, last: Pause = Pause.NONE) -> Pause:
    """Why learning waits now, if it does.

    Args:
        conditions: now.
        settings: what is too hot, and how little memory is too little.
        last: why it waited until now: what has just become better may become worse again at once.
    """
    hot_c = settings.pause_c - (COOLER_C if last is Pause.HOT else 0.0)
    free_mb = settings.pause_free_mb * (MORE_FREE if last is Pause.MEMORY else 1.0)
    reasons = {
        Pause.BATTERY: conditions.battery,
        Pause.DROPPING: conditions.dropping,
        Pause.THROTTLED: conditions.throttled,
        Pause.HOT: conditions.temperature_c > hot_c,
        Pause.MEMORY: conditions.free_mb < free_mb,
    }
    return next((reason for reason, holds in reasons.items() if holds), Pause.NONE)
