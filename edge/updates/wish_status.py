"""What is known of one wish, in the words that are reported."""

from dataclasses import dataclass

from edge.contracts.update_state import LONGEST_DETAIL, BlockedFile, Phase, Wish
from edge.updates.state import Artifact, State
from edge.updates.trust.refusal import Reason, RefusedError

# Over with the next attempt, perhaps: tried again soon. The others are looked at again once in a long while.
PASSING = frozenset(
    {
        Reason.UNREACHABLE,
        Reason.TOO_SLOW,
        Reason.TRUNCATED,
        Reason.CHANGED,
        Reason.ENDLESS,
        Reason.STOPPED,
        Reason.NO_SPACE,
        Reason.AWAY,
    }
)


@dataclass(frozen=True, slots=True)
class WishStatus:
    """What is known of one wish."""

    phase: Phase
    reason: str = ""
    detail: str = ""


NOT_HEARD = WishStatus(Phase.WAITING, "", "not looked at since the start")


def refused(error: RefusedError) -> WishStatus:
    """What an error comes to: waiting for it to pass, or a refusal."""
    phase = Phase.WAITING if error.reason in PASSING else Phase.REFUSED
    return WishStatus(phase, error.reason.value, str(error)[:LONGEST_DETAIL])


def returned(blocked: BlockedFile) -> WishStatus:
    """It was sick here."""
    return WishStatus(Phase.RETURNED, blocked.reason, blocked.detail[:LONGEST_DETAIL])


def unavailable(state: State, wish: Wish, error: RefusedError) -> WishStatus:
    """Why it cannot be had: one that was returned here is told of as such."""
    if error.reason is Reason.BLOCKED:
        for blocked in state.blocked:
            if _is_blocked(wish, blocked):
                return returned(blocked)
    return refused(error)


def after_trial(state: State, wish: Wish, sha256: str, how: str) -> WishStatus:
    """What came of a trial that came to its end; `how` it was activated."""
    for blocked in state.blocked_entries(sha256):
        return returned(blocked)
    return WishStatus(Phase.GOOD, detail=how) if serves(state, wish) else WishStatus(Phase.WAITING)


def failed_trial(state: State, wish: Wish, sha256: str, error: RefusedError) -> WishStatus:
    """What came of one that an error ended."""
    for blocked in state.blocked:
        if blocked.sha256 == sha256 or _is_blocked(wish, blocked):
            return returned(blocked)
    return refused(error)


def serves(state: State, wish: Wish) -> bool:
    """Whether it is what is good in a place."""
    return any(is_of(wish, artifact) for artifact in state.good.values())


def is_of(wish: Wish, artifact: Artifact) -> bool:
    """Whether that is what the wish is for."""
    return (artifact.name, artifact.purpose.version) == (wish.name, wish.version)


def known(state: State, wish: Wish) -> WishStatus:
    """What the disk alone says of a wish."""
    if any(is_of(wish, trial.artifact) for trial in state.trials.values()):
        return WishStatus(Phase.TRYING)
    if serves(state, wish):
        return WishStatus(Phase.GOOD)
    for blocked in reversed(state.blocked):
        if _is_blocked(wish, blocked):
            return returned(blocked)
    return NOT_HEARD


def _is_blocked(wish: Wish, blocked: BlockedFile) -> bool:
    return (blocked.name, blocked.version) == (wish.name, wish.version)
