"""Whether learning makes cameras drop frames.

A detector that is slower than its camera drops some all the time. What counts is that more are dropped while something
is learnt than usually.
"""

RATE = 0.2  # of each look into the usual rate
LEAST_PER_S, SHARE = 0.5, 0.25  # more than usual


class Drops:
    """Holds the rate at which frames are dropped while something is learnt against that while nothing is."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._usual_per_s: float | None = None

    def step(self, t_s: float, dropped: int, *, learning: bool) -> bool:
        """Whether more are dropped than usually.

        Args:
            t_s: monotonic.
            dropped: by all cameras, since the start.
            learning: whether something has been learnt since the last call.
        """
        last, self._last = self._last, (t_s, dropped)
        if last is None or t_s <= last[0] or dropped < last[1]:
            return False
        per_s = (dropped - last[1]) / (t_s - last[0])
        usual = per_s if self._usual_per_s is None else self._usual_per_s
        if not learning:
            self._usual_per_s = usual + RATE * (per_s - usual)
            return False
        return per_s > usual + max(LEAST_PER_S, SHARE * usual)
