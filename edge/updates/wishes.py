"""How far each wish of the desired state has come."""

from collections.abc import Mapping

from edge.contracts.update_state import Desired, Phase, Progress, Wish
from edge.updates.state import State
from edge.updates.wish_status import WishStatus, known, serves

SERVING = frozenset({Phase.TRYING, Phase.GOOD})
SETTLED = frozenset({Phase.GOOD, Phase.RETURNED, Phase.REFUSED})


class Wishes:
    """Of the desired state that is answered now. One thread changes it, any may ask for `progress`.

    Args:
        state: what is on disk.
        desired: what is wanted.
    """

    def __init__(self, state: State, desired: Desired) -> None:
        self.desired = desired
        self._statuses: Mapping[Wish, WishStatus] = {wish: known(state, wish) for wish in desired.wishes}

    def followed_by(self, state: State, desired: Desired) -> "Wishes":
        """What is wanted from now on; of what was wanted already, how it was activated is still known."""
        following = Wishes(state, desired)
        for wish, status in self._statuses.items():
            if status.phase in SERVING and following._statuses.get(wish) == WishStatus(status.phase):
                following.tell(wish, status)
        return following

    def is_good(self, wish: Wish) -> bool:
        """Whether that is told of it."""
        return self._statuses[wish].phase is Phase.GOOD

    def tell(self, wish: Wish, status: WishStatus) -> bool:
        """How far it has come now; whether that is news. One that is wanted no more is nobody's."""
        if wish not in self._statuses or self._statuses[wish] == status:
            return False
        self._statuses = {**self._statuses, wish: status}
        return True

    def open(self, state: State) -> list[Wish]:
        """Those that do not serve yet, in their order; refused ones too, for they may be released anew."""
        return [wish for wish in self.desired.wishes if not serves(state, wish)]

    def any_waits(self) -> bool:
        """Whether one of them may come soon."""
        return any(status.phase not in SETTLED for status in self._statuses.values())

    def progress(self, fetching: float) -> tuple[Progress, ...]:
        """As it is reported.

        Args:
            fetching: how much of the file that is being fetched has come.
        """
        return tuple(_progress(wish, status, fetching) for wish, status in self._statuses.items())


def _progress(wish: Wish, status: WishStatus, fetching: float) -> Progress:
    fraction = _fraction(status.phase, fetching)
    return Progress(wish.name, wish.version, status.phase, fraction, status.reason, status.detail)


def _fraction(phase: Phase, fetching: float) -> float:
    if phase is Phase.FETCHING:
        return fetching
    return 0.0 if phase in (Phase.WAITING, Phase.REFUSED) else 1.0
