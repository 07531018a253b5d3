"""Made-up messages of sensors."""

from edge.sensors.arrival import Arrival, Raw

BEGIN_NS = 1_795_000_000_000_000_000


def raw(content: object, at_s: float = 0.0, *, stale: bool = False) -> Raw:
    """A message, so many seconds after the begin."""
    sent = content if isinstance(content, bytes | dict) else str(content).encode()
    return Raw(sent, at_s, BEGIN_NS + round(at_s * 1e9), stale)


def arrival(stamp_s: float, arrived_s: float, value: float = 0.0) -> Arrival:
    """A reading by its own clock and by that of its arrival."""
    return Arrival((value,), stamp_s, arrived_s, BEGIN_NS + round(arrived_s * 1e9))
