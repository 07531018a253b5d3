"""Decides what is sent next and when to go back: a sliding window with go-back-N. No I/O, no clock, no threads."""

from collections import deque

PATIENCE_LIMIT_S = 60.0
START = 16  # how many go out after going back, until it is known that somebody is there


class Window:
    """The events that were sent and are not yet acknowledged.

    Numbers ascend but have holes where events were dropped. After `silence_s` without progress everything from the
    oldest one on is sent again; the wait doubles each time (nobody listens), and starts anew with any progress. After
    going back only a few are sent, twice as many with each progress up to `limit`.
    """

    def __init__(self, limit: int, silence_s: float) -> None:
        self.base = 0  # all up to here is acknowledged
        self.cursor = 0  # the last one sent since going back
        self._limit = limit
        self._allowed = min(START, limit)
        self._silence_s = silence_s
        self._patience_s = silence_s
        self._progress_s = 0.0  # when something was last acknowledged, or sent into an empty window
        self._flight: deque[int] = deque()  # sent, ascending; the first one is not acknowledged
        self._done: set[int] = set()  # acknowledged one by one, beyond the first gap

    def room(self) -> int:
        """How many more may be sent now: in gulps of a quarter at least, which costs less than one by one."""
        free = self._allowed - len(self._flight)
        return free if 4 * free >= self._allowed else 0

    def last(self) -> int:
        """The newest event in flight; 0 when all before are acknowledged."""
        return self._flight[-1] if self._flight else 0

    def done(self, seq: int) -> bool:
        """Whether it was acknowledged by itself and need not be sent again."""
        return seq in self._done

    def sent(self, seq: int, now_s: float) -> None:
        """It was handed to the bus."""
        if not self._flight:
            self._progress_s = now_s
        self._flight.append(seq)
        self.cursor = seq
        self._advance(now_s)

    def acked(self, upto: int, now_s: float) -> None:
        """The host has stored everything up to `upto`."""
        if upto <= self.base:
            if self._patience_s > self._silence_s:  # the host is back and tells where it stands
                self.rewind(now_s)
                self._patience_s = self._silence_s
            return
        while self._flight and self._flight[0] <= upto:
            self._flight.popleft()
        self._done = {seq for seq in self._done if seq > upto}
        self.base = upto
        self.cursor = max(self.cursor, upto)
        self._progress(now_s)

    def settled(self, seq: int, now_s: float) -> None:
        """The broker has taken this one event."""
        if seq > self.base:
            self._done.add(seq)
            self._advance(now_s)

    def rewind(self, now_s: float) -> None:
        """Begin again behind the last acknowledged one."""
        self._flight.clear()
        self.cursor = self.base
        self._allowed = min(START, self._limit)
        self._progress_s = now_s

    def overdue(self, now_s: float) -> bool:
        """Whether something is in flight and nothing was acknowledged for too long."""
        return bool(self._flight) and now_s - self._progress_s >= self._patience_s

    def impatient(self, now_s: float) -> None:
        """Go back after silence, and wait twice as long the next time."""
        self.rewind(now_s)
        self._patience_s = min(PATIENCE_LIMIT_S, 2 * self._patience_s)

    def wait_s(self, now_s: float) -> float:
        """Seconds until `overdue` may become true."""
        return max(0.0, self._progress_s + self._patience_s - now_s) if self._flight else PATIENCE_LIMIT_S

    def _advance(self, now_s: float) -> None:
        while self._flight and self._flight[0] in self._done:
            self.base = self._flight.popleft()
            self._done.discard(self.base)
            self._progress(now_s)

    def _progress(self, now_s: float) -> None:
        self._progress_s = now_s
        self._patience_s = self._silence_s
        self._allowed = min(self._limit, 2 * self._allowed)
