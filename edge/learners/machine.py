"""How the machine fares, as far as learning has to wait for it."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from edge.contracts.stored import Json
from edge.health import free_mb, on_battery, temperature_c, throttle_flags
from edge.learners.drops import Drops
from edge.learning.conditions import Conditions


class Machine:
    """Looks at it again and again.

    Args:
        dropped: frames, by all cameras since the start.
        root: where `sys` and `proc` are.
    """

    def __init__(self, dropped: Callable[[], int], root: Path = Path("/")) -> None:
        self._dropped, self._root = dropped, root
        self._drops = Drops()
        self.battery = False  # somebody says that it runs on one

    def look(self, *, learning: bool) -> Conditions:
        """How it is now; `learning`: something has been learnt since the last look."""
        temperature = temperature_c(self._root)
        flags = throttle_flags(self._root)
        return Conditions(
            temperature_c=math.nan if temperature is None else temperature,
            throttled=any(not flag.endswith("since start") for flag in flags),
            free_mb=free_mb(self._root),
            battery=self.battery or on_battery(self._root),
            dropping=self._drops.step(time.monotonic(), self._dropped(), learning=learning),
        )


def told(conditions: Conditions) -> dict[str, Json]:
    """As JSON; null for what the machine does not tell."""
    return {name: None if value != value else value for name, value in asdict(conditions).items()}  # noqa: PLR0124
