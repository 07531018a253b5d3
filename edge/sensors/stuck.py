"""A sensor that says the same for hours is broken, or measures nothing that changes: no forecast is worth telling."""

import math

LEAST = 30  # readings


class Stuck:
    """Notices it.

    Args:
        after_s: how long the same; 0 = never.
    """

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s or math.inf
        self._values: tuple[float, ...] = ()
        self._since_s = 0.0
        self._count = 0

    def step(self, t_s: float, values: tuple[float, ...]) -> bool:
        """Whether the sensor is stuck, with this reading."""
        if values != self._values:
            self._values, self._since_s, self._count = values, t_s, 0
        self._count += 1
        return self._count >= LEAST and t_s - self._since_s >= self._after_s
