"""What a roll-out does next. No clock, no broker, no disk: the same course leads to the same decision."""

from collections import Counter
from collections.abc import Callable, Mapping
from math import ceil

from edge.contracts.update_state import Phase
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.records import Asked, Event, Stopped
from firmware_tools.rollout.standing import JUDGED, SETTLED, Standing, State, standing
from firmware_tools.rollout.threshold import too_many

Standings = Mapping[str, Standing]


def standings(course: Course) -> Standings:
    """How each device stands now."""
    return {name: standing(known, course.plan.pace, course.now_s) for name, known in course.devices.items()}


def decide(course: Course, wanted_before: Callable[[str], str]) -> tuple[Event, ...]:
    """What is to be written down, and then done.

    Args:
        course: so far.
        wanted_before: the payload of what is wanted of a device now, before it is asked.
    """
    if course.stopped or course.ended:
        return ()
    now = standings(course)
    if why := reason_to_stop(course, now):
        return (stop(course, now, why),)
    if course.paused or not course.waiting or wave_over_in_s(course, now) > 0:
        return ()
    wave = course.waiting[: wave_size(course, now)]
    return (Asked(at_s=course.now_s, before={device: wanted_before(device) for device in wave}),)


def stop(course: Course, now: Standings, why: str) -> Stopped:
    """The end of asking: what was asked of devices that are not good is taken back."""
    asked = [device for wave in course.waves for device in wave]
    back = tuple(device for device in asked if not _stays(course, now, device))
    return Stopped(at_s=course.now_s, why=why, back=back)


def _stays(course: Course, now: Standings, device: str) -> bool:
    """Whether a device keeps what it was asked for: it is good, also if it is away for a moment; or it is of others."""
    word = now[device].state
    return word in (State.GOOD, State.OTHERS) or (word is State.AWAY and course.devices[device].phase is Phase.GOOD)


def reason_to_stop(course: Course, now: Standings) -> str:
    """In words; "" for none."""
    plan, counts = course.plan, Counter(one.state for one in now.values())
    failed, judged = counts[State.FAILED], counts[State.FAILED] + counts[State.GOOD]
    if not failed:
        return ""
    for canary in plan.devices[: plan.canaries]:
        if now[canary].state is State.FAILED:
            return f"the canary {canary} failed ({now[canary].reason})"
    if counts[State.GOOD] < plan.canaries:
        return f"{failed} of {judged} failed, before {plan.canaries} were good"
    if failed > plan.pace.threshold * len(plan.devices) or too_many(
        failed, judged, plan.pace.threshold, plan.pace.least
    ):
        return f"{failed} of {judged} judged failed ({failed / judged:.1%}); {plan.pace.threshold:.1%} are let pass"
    return ""


def wave_over_in_s(course: Course, now: Standings) -> float:
    """How long the newest wave must go on as it is before the next; infinite while somebody of it is waited for."""
    if not course.waves:
        return 0.0
    wave = [now[device] for device in course.waves[-1]]
    if any(one.state not in SETTLED for one in wave):
        return float("inf")
    soaks = any(one.state in JUDGED for one in wave)
    soak_s = course.plan.pace.soak_s if soaks else 0.0
    return max(0.0, max(one.since_s for one in wave) + soak_s - course.now_s)


def wave_size(course: Course, now: Standings) -> int:
    """Of the next wave: it grows by what the last one showed to be good, not by what was asked."""
    plan = course.plan
    if not course.waves:
        return plan.canaries
    good = sum(now[device].state is State.GOOD for device in course.waves[-1])
    return min(plan.pace.most, max(1, ceil(plan.pace.factor * good)))


def finished(course: Course, now: Standings) -> bool:
    """Whether everybody was asked, and the last wave has soaked."""
    return not course.waiting and wave_over_in_s(course, now) <= 0


def wanted(course: Course) -> dict[str, str]:
    """The payload that is to be retained for each device that was asked."""
    ours = course.plan.desired.decode()
    asked = {device: course.devices[device] for wave in course.waves for device in wave}
    return {
        device: known.before if device in course.back else ours for device, known in asked.items() if not known.taken
    }


def taken_back(course: Course) -> frozenset[str]:
    """The devices for which what was wanted before is to be retained again; others have not claimed them since."""
    return frozenset(device for device in course.back if not course.devices[device].taken)
