"""What is wanted of the device, taken at a pace of its own: whoever sends drives neither the network nor the disk."""

import math

from edge.contracts.update_state import Desired
from edge.updates.context import Clock

PACE_S = 3.0  # from one change of what is wanted to the next: what comes faster is passed over for the newest
REPEAT_S = 60.0  # the same heard again within that says nothing; after it, somebody wants it looked at anew


class DesiredInbox:
    """Holds the newest desired state until it is its turn. One thread uses it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._newest: Desired | None = None
        self._change_s = self._repeat_s = -math.inf  # not before then

    def put(self, desired: Desired) -> None:
        """It was heard."""
        self._newest = desired

    def take(self, answered: Desired) -> Desired | None:
        """What is to be answered anew, the same as before perhaps; None: nothing now.

        Args:
            answered: what is answered already.
        """
        newest, now_s = self._newest, self._clock.now_s()
        if newest is None:
            return None
        same = newest == answered
        if now_s < (self._repeat_s if same else self._change_s):
            self._newest = None if same else newest
            return None
        self._newest = None
        self._change_s, self._repeat_s = now_s + PACE_S, now_s + REPEAT_S
        return newest
