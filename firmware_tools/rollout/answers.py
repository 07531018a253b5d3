"""What a device's report says of the wishes of a roll-out."""

from typing import NamedTuple

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.update_state import Phase, Progress, Reported, Wish, parse_reported
from firmware_tools.rollout.records import LONGEST_DETAIL
from firmware_tools.rollout.standing import BAD


class Answer(NamedTuple):
    """Of all wishes together: the phase that decides, and why."""

    phase: Phase
    reason: str
    detail: str


def answer(payload: bytes, device: str, rollout: str, wishes: tuple[Wish, ...]) -> Answer | None:
    """None: it speaks of something else, or is no report. Payloads are not trusted."""
    try:
        reported = parse_reported(payload)
    except MalformedError:
        return None
    if reported.device != device or reported.rollout != rollout:
        return None
    return _decisive([_of(reported, wish) for wish in wishes])


def _of(reported: Reported, wish: Wish) -> Progress:
    for one in reported.wishes:
        if (one.name, one.version) == (wish.name, wish.version):
            return one
    return Progress(wish.name, wish.version, Phase.WAITING, 0.0, "", "it says nothing of it yet")


def _decisive(progress: list[Progress]) -> Answer:
    """A bad one, or else one that is not good yet, or else a good one."""
    worst = min(progress, key=lambda one: (one.phase not in BAD, one.phase is Phase.GOOD))
    several = len(progress) > 1 and worst.phase is not Phase.GOOD
    detail = f"{worst.name} {worst.version}: {worst.detail}" if several else worst.detail
    return Answer(worst.phase, _printable(worst.reason), _printable(detail))


def _printable(told: str) -> str:
    return "".join(each if each.isprintable() else " " for each in told[:LONGEST_DETAIL])
