"""How a roll-out stands, as values that are shown or given to programs."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

from firmware_tools.rollout.course import Course
from firmware_tools.rollout.deciding import Standings, standings, wave_over_in_s
from firmware_tools.rollout.standing import State

TOLD = (
    State.FAILED,
    State.PENDING,
    State.OTHERS,
    State.AWAY,
)  # of these each device is named, with the reason


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device that somebody ought to look at."""

    device: str
    standing: State
    wave: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A roll-out at a moment. Seconds are those that were watched."""

    name: str
    state: str  # running, paused, stopping, aborted, done
    why: str  # it was stopped
    wishes: tuple[str, ...]
    devices: int
    asked: int
    counts: dict[str, int]  # of all devices, by how they stand
    waves: tuple[dict[str, int], ...]
    canaries: int
    told: tuple[DeviceLine, ...]
    left_out: dict[str, str]
    watched_s: float
    wave_over_in_s: float | None  # None while somebody of the newest wave is waited for
    left_s: float | None  # about, if all goes well; None before the first wave is over


def picture(course: Course) -> Picture:
    """As it stands now."""
    now, plan = standings(course), course.plan
    over_s = wave_over_in_s(course, now)
    return Picture(
        name=plan.name,
        state=state(course),
        why=course.stopped,
        wishes=tuple(f"{wish.name} {wish.version}" for wish in plan.wishes),
        devices=len(plan.devices),
        asked=course.asked,
        counts=_counts([one.state for one in now.values()]),
        waves=tuple(_counts([now[device].state for device in wave]) for wave in course.waves),
        canaries=plan.canaries,
        told=_told(course, now),
        left_out=dict(plan.left_out),
        watched_s=course.now_s,
        wave_over_in_s=over_s if isfinite(over_s) else None,
        left_s=left_s(course),
    )


def state(course: Course) -> str:
    """In a word."""
    if course.stopped:
        return "aborted" if course.ended else "stopping"
    return "done" if course.ended else "paused" if course.paused else "running"


def left_s(course: Course) -> float | None:
    """About how long it goes on, if every wave to come takes as long as the longest that is over."""
    if course.ended or course.stopped:
        return 0.0
    began_s = [course.devices[wave[0]].asked_s for wave in course.waves]
    took_s = [after - before for before, after in pairwise(began_s)]
    if not took_s:
        return None
    size, waiting, waves = len(course.waves[-1]), len(course.waiting), 0
    while waiting > 0:
        size = min(course.plan.pace.most, max(1, round(size * course.plan.pace.factor)))
        waiting, waves = waiting - size, waves + 1
    return max(0.0, max(took_s) * (waves + 1) - (course.now_s - began_s[-1]))


def names(course: Course, word: str) -> list[str]:
    """The devices that stand so, in their order."""
    return [device for device, one in standings(course).items() if one.state == word]


def _counts(words: list[State]) -> dict[str, int]:
    counted = Counter(words)
    return {word.value: counted[word] for word in State if counted[word]}


def _told(course: Course, now: Standings) -> tuple[DeviceLine, ...]:
    lines = [
        DeviceLine(device, one.state, course.devices[device].wave, one.reason, one.detail)
        for device, one in now.items()
        if one.state in TOLD
    ]
    return tuple(sorted(lines, key=lambda line: TOLD.index(line.standing)))
