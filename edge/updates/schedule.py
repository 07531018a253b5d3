"""When the wishes are looked at: not before any were heard, and then with pauses."""

from edge.contracts.backoff import Backoff
from edge.updates.context import Clock
from edge.updates.settings import UpdateSettings

FIRST_S = 5.0  # the first pause, at most, before what did not come is tried again


class Schedule:
    """One thread uses it.

    Args:
        settings: how long pauses may be.
        clock: by which it goes.
    """

    def __init__(self, settings: UpdateSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._backoff = Backoff(settings.retry_s, FIRST_S)
        self._heard, self._look_s = False, 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time to look."""
        return self._heard and self._clock.now_s() >= self._look_s

    def heard(self) -> None:
        """Wishes came."""
        self._heard = True
        self.soon()

    def soon(self) -> None:
        """With the next turn."""
        self._backoff.reset()
        self._look_s = 0.0

    def pause(self) -> None:
        """Whatever goes wrong now, it does not do so at every turn."""
        self._look_s = self._clock.now_s() + FIRST_S

    def retry(self) -> None:
        """After a pause that grows: something may come soon."""
        self._look_s = self._clock.now_s() + self._backoff.next_s()

    def rest(self) -> None:
        """After a long while: nothing more is to come of what is wanted, unless it is released anew."""
        self._backoff.reset()
        self._look_s = self._clock.now_s() + self._settings.again_s
