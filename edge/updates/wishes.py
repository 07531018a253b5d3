"""How far each wish has come: what is reported, and what is still open."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.contracts.update_state import Barred, Desired, Phase, Progress, Wish
from edge.updates.state import Content, State
from edge.updates.trust.refusal import Reason, RefusedError

LONGEST_DETAIL = 400
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
SETTLED = frozenset({Phase.GOOD, Phase.RETURNED, Phase.REFUSED})


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one wish."""

    phase: Phase
    reason: str = ""
    detail: str = ""


NOT_HEARD = Told(Phase.WAITING, "", "not looked at since the start")


class Wishes:
    """Of the desired state that is answered now. One thread changes it, any may ask for `progress`.

    Args:
        state: what is on disk.
        desired: what is wanted.
    """

    def __init__(self, state: State, desired: Desired) -> None:
        self.desired = desired
        self._told: Mapping[Wish, Told] = {wish: _known(state, wish) for wish in desired.wishes}

    def tell(self, wish: Wish, told: Told) -> bool:
        """How far it has come now; whether that is news. One that is wanted no more is nobody's."""
        if wish not in self._told or self._told[wish] == told:
            return False
        self._told = {**self._told, wish: told}
        return True

    def open(self, state: State) -> list[Wish]:
        """Those that do not serve yet, in their order; refused ones too, for they may be released anew."""
        return [wish for wish in self.desired.wishes if not serves(state, wish)]

    def any_waits(self) -> bool:
        """Whether one of them may come soon."""
        return any(told.phase not in SETTLED for told in self._told.values())

    def progress(self, fetching: float) -> tuple[Progress, ...]:
        """As it is reported.

        Args:
            fetching: how much of the file that is being fetched has come.
        """
        return tuple(
            Progress(wish.name, wish.version, told.phase, _fraction(told.phase, fetching), told.reason, told.detail)
            for wish, told in self._told.items()
        )


def refused(error: RefusedError) -> Told:
    """What an error comes to: waiting for it to pass, or a refusal."""
    phase = Phase.WAITING if error.reason in PASSING else Phase.REFUSED
    return Told(phase, error.reason.value, str(error)[:LONGEST_DETAIL])


def returned(barred: Barred) -> Told:
    """It was sick here."""
    return Told(Phase.RETURNED, barred.reason, barred.detail[:LONGEST_DETAIL])


def serves(state: State, wish: Wish) -> bool:
    """Whether it is what is good in a place."""
    return any(is_of(wish, content) for content in state.good.values())


def is_of(wish: Wish, content: Content) -> bool:
    """Whether that is what the wish is for."""
    return (content.name, content.purpose.version) == (wish.name, wish.version)


def _known(state: State, wish: Wish) -> Told:
    """What the disk alone says."""
    if any(is_of(wish, trial.content) for trial in state.trials.values()):
        return Told(Phase.TRYING)
    if serves(state, wish):
        return Told(Phase.GOOD)
    for barred in reversed(state.barred):
        if (barred.name, barred.version) == (wish.name, wish.version):
            return returned(barred)
    return NOT_HEARD


def _fraction(phase: Phase, fetching: float) -> float:
    if phase is Phase.FETCHING:
        return fetching
    return 0.0 if phase in (Phase.WAITING, Phase.REFUSED) else 1.0
