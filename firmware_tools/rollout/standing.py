"""How a device stands in a roll-out: a function of what is known of it and of the time, so that no timer is kept."""

from dataclasses import dataclass
from enum import StrEnum

from edge.contracts.update_state import Phase
from firmware_tools.rollout.course import NOT_ASKED, Facts
from firmware_tools.rollout.plan import Pace

BAD = frozenset({Phase.RETURNED, Phase.REFUSED})
TOUCHED = frozenset({Phase.CHECKING, Phase.TRYING})  # the release itself is at work, not the way to it


class State(StrEnum):
    """How a device stands."""

    WAITING = "waiting"  # its wave comes
    ASKED = "asked"  # it has not answered yet
    BUSY = "busy"
    AWAY = "away"  # offline for a moment
    GOOD = "good"
    PENDING = "pending"  # cannot be reached, or cannot fetch: it goes on when it can, and nobody waits for it
    OTHERS = "others"  # somebody else wants something of it now
    FAILED = "failed"


JUDGED = frozenset({State.GOOD, State.FAILED})
SETTLED = JUDGED | {State.PENDING, State.OTHERS}  # nobody waits for these


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device stands since when (seconds watched), and why, for programs and for people."""

    state: State
    since_s: float
    reason: str = ""
    detail: str = ""


def standing(known: Facts, pace: Pace, now_s: float) -> Standing:
    """How a device stands now."""
    found = (rule(known, pace, now_s) for rule in _RULES)
    return next(one for one in found if one is not None)


def _not_ours(known: Facts, _pace: Pace, _now_s: float) -> Standing | None:
    if known.wave == NOT_ASKED:
        return Standing(State.WAITING, 0.0)
    if known.taken:
        return Standing(State.OTHERS, known.asked_s, "others", "somebody else wants something of it now")
    return None


def _bad(known: Facts, _pace: Pace, _now_s: float) -> Standing | None:
    if known.answered and known.phase in BAD:
        return Standing(State.FAILED, _since_s(known), known.reason or known.phase, known.detail)
    return None


def _missed(known: Facts, pace: Pace, now_s: float) -> Standing | None:
    """It went offline after it was asked; that speaks against the release. A good one is missed while it soaks."""
    good = known.answered and known.phase is Phase.GOOD
    if known.online or known.seen_s > known.turned_s or (good and known.turned_s - _since_s(known) > pace.soak_s):
        return None
    if now_s - known.turned_s < pace.gone_s:
        return Standing(State.AWAY, known.turned_s)
    told = f"it went offline {'after' if known.answered else 'before'} it answered, and did not come back"
    return Standing(State.FAILED, known.turned_s + pace.gone_s, "gone", told)


def _answered(known: Facts, pace: Pace, now_s: float) -> Standing | None:
    late_s = known.asked_s + pace.deadline_s
    if not known.answered:
        return None
    if known.phase is Phase.GOOD:
        return Standing(State.GOOD, _since_s(known))
    if now_s < late_s:
        return Standing(State.BUSY, known.phase_s, known.reason, known.detail or known.phase)
    if known.phase in TOUCHED:
        return Standing(State.FAILED, late_s, "late", f"it was still {known.phase} at its deadline")
    return Standing(State.PENDING, late_s, known.reason or known.phase, known.detail or "it was too slow")


def _unreached(known: Facts, pace: Pace, now_s: float) -> Standing | None:
    given_up_s = known.asked_s + pace.gone_s
    if known.online:
        return None
    if now_s < given_up_s:
        return Standing(State.ASKED, known.asked_s, "", "offline")
    return Standing(State.PENDING, given_up_s, "offline", "it was never online since it was asked")


def _silent(known: Facts, pace: Pace, now_s: float) -> Standing:
    silent_s = min(max(known.seen_s, known.turned_s) + pace.gone_s, known.asked_s + pace.deadline_s)
    if now_s < silent_s:
        return Standing(State.ASKED, known.asked_s)
    told = "it is online and does not answer; is its daemon too old for updates, or are they switched off?"
    return Standing(State.FAILED, silent_s, "silent", told)


_RULES = (_not_ours, _bad, _missed, _answered, _unreached, _silent)  # the first that says something


def _since_s(known: Facts) -> float:
    return max(known.phase_s, known.asked_s)
