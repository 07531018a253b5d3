"""How far a roll-out has come: the sum of its records, and nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import inf

from edge.contracts.update_state import Phase
from firmware_tools.rollout.plan import Plan
from firmware_tools.rollout.records import Asked, Ended, Event, Heard, Here, Paused, Stopped, Taken, Time

NOT_ASKED = -1


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one device. Times are seconds that were watched."""

    online: bool = False
    turned_s: float = 0.0  # since when it is online, or is not
    wave: int = NOT_ASKED
    asked_s: float = inf
    seen_s: float = inf  # when it was first online after it was asked
    answered: bool = False
    phase: Phase = Phase.WAITING  # of its answer
    phase_s: float = inf  # since when
    reason: str = ""
    detail: str = ""
    taken: bool = False
    before: str = ""  # payload of what was wanted of it before


class Course:
    """A roll-out so far. `add` is the only thing that changes it."""

    def __init__(self, plan: Plan, events: Iterable[Event] = ()) -> None:
        self.plan = plan
        self.now_s = 0.0
        self.utc_s = 0.0  # of the wall clock, when that was last written down
        self.devices = dict.fromkeys(plan.devices, Facts())
        self.waves: list[tuple[str, ...]] = []
        self.paused = self.ended = False
        self.stopped = ""  # why
        self.back: frozenset[str] = frozenset()
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """One more record."""
        self.now_s = max(self.now_s, event.at_s)
        _ADDED[type(event)](self, event)

    @property
    def asked(self) -> int:
        """How many devices."""
        return sum(map(len, self.waves))

    @property
    def waiting(self) -> tuple[str, ...]:
        """The devices that were not asked yet, in their order."""
        return self.plan.devices[self.asked :]


def _here(course: Course, event: Here) -> None:
    known = course.devices[event.device]
    seen_s = event.at_s if event.online and known.wave != NOT_ASKED else inf
    course.devices[event.device] = replace(
        known, online=event.online, turned_s=event.at_s, seen_s=min(known.seen_s, seen_s)
    )


def _heard(course: Course, event: Heard) -> None:
    known = course.devices[event.device]
    since_s = known.phase_s if known.answered and known.phase == event.phase else event.at_s
    course.devices[event.device] = replace(
        known, answered=True, phase=event.phase, phase_s=since_s, reason=event.reason, detail=event.detail
    )


def _taken(course: Course, event: Taken) -> None:
    course.devices[event.device] = replace(course.devices[event.device], taken=True)


def _asked(course: Course, event: Asked) -> None:
    for device, before in event.before.items():
        known = course.devices[device]
        seen_s = event.at_s if known.online else inf
        course.devices[device] = replace(
            known, wave=len(course.waves), asked_s=event.at_s, seen_s=seen_s, before=before
        )
    course.waves.append(tuple(event.before))


def _paused(course: Course, event: Paused) -> None:
    course.paused = event.paused


def _stopped(course: Course, event: Stopped) -> None:
    course.stopped, course.back = event.why, frozenset(event.back)


def _ended(course: Course, _event: Ended) -> None:
    course.ended = True


def _time(course: Course, event: Time) -> None:
    course.utc_s = event.utc_s


_ADDED: dict[type, Callable[..., None]] = {
    Here: _here,
    Heard: _heard,
    Taken: _taken,
    Asked: _asked,
    Paused: _paused,
    Stopped: _stopped,
    Ended: _ended,
    Time: _time,
}
