"""Something that is done again and again, beside everything else."""

from collections.abc import Callable

from edge.contracts.clerk import Clerk, Desk


class Periodic(Clerk[None]):
    """Calls a function on a thread of its own, again and again. Use as a context manager."""

    def __init__(self, call: Callable[[], None], first_s: float, period_s: float) -> None:
        super().__init__(Desk("periodic", "a report failed", turn_s=first_s, close_s=5.0))
        self._call, self._period_s = call, period_s

    def _turn(self) -> None:
        self._turn_s = self._period_s
        self._call()
