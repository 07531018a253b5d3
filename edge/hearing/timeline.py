"""The times of a sensor's samples, on a clock that never goes back though this device's may."""

from edge.contracts.types import Reading

LATE = 1.5  # steps after the last sample, from which a window begins anew


class Timeline:
    """Of the samples of one sensor."""

    def __init__(self, step_s: float) -> None:
        self._step_s, self._last_ns, self._t_s = step_s, 0, 0.0

    def step(self, reading: Reading) -> tuple[float, bool]:
        """When a sample was read, and whether it does not follow on the last one."""
        passed_s = (reading.utc_ns - self._last_ns) / 1e9
        self._last_ns = reading.utc_ns
        self._t_s += passed_s if passed_s > 0 else self._step_s
        return self._t_s, passed_s > LATE * self._step_s
