"""Brings readings that come when they come to nodes that are a fixed time apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import ClassVar

import numpy as np

from edge.contracts.types import F64, I64, Mask

LISTENED = 12  # intervals from which a grid's step is taken
EARLY = 0.25  # of a step by which a reading may come before its node
SECOND_NS = 1_000_000_000
LEAST_STEP_NS = 1_000_000
NEAR = 0.02  # share by which a round step may differ from the usual one


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """The values at one node of the grid."""

    utc_ns: int
    values: F64  # (C,) finite
    known: Mask  # (C,) False: filled in, nothing is to be learnt from it
    fresh: bool  # the first one after the start, a long silence or a step of the clock


class Grid:
    """Readings in, nodes out, by straight lines between readings.

    A value that is no number is one that did not come: the channel holds its last one. A reading that is not newer
    than the last is left out; one far older means that the clock was set, and begins anew, as a long silence does.

    Args:
        channels: C.
        step_ns: between nodes.
        gap_steps: a longer silence begins anew.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("time_ns", "value")

    def __init__(self, channels: int, step_ns: int, gap_steps: int) -> None:
        self.step_ns = step_ns
        self._gap_ns = gap_steps * step_ns
        self._early_ns = int(EARLY * step_ns)
        self.time_ns: I64 = np.full(2, -1, np.int64)  # of the last reading and of the last node, -1 = none yet
        self.value: F64 = np.full(channels, np.nan)  # the last reading, its holes filled

    def add(self, utc_ns: int, values: F64) -> list[Node]:
        """The nodes that a reading completes, oldest first.

        Args:
            utc_ns: when it was taken.
            values: (C,), NaN or infinite where the sensor gave nothing.
        """
        known = np.isfinite(values)
        before_ns, node_ns = int(self.time_ns[0]), int(self.time_ns[1])
        passed_ns = utc_ns - before_ns
        fresh = node_ns < 0 or passed_ns > self._gap_ns or passed_ns < -self._gap_ns
        if not fresh and passed_ns <= 0:
            return []
        filled = np.where(known, values, self.value)
        if not np.isfinite(filled).all():  # a channel that never spoke
            return []
        before, self.value = self.value, filled
        self.time_ns[0] = utc_ns
        if fresh:
            self.time_ns[1] = utc_ns
            return [Node(utc_ns, filled, known, fresh=True)]
        nodes = []
        while node_ns + self.step_ns <= utc_ns + self._early_ns:
            node_ns += self.step_ns
            share = min(1.0, max(0.0, (node_ns - before_ns) / passed_ns))
            near = utc_ns - node_ns < self.step_ns
            nodes.append(Node(node_ns, before + share * (filled - before), known & near, fresh=False))
        self.time_ns[1] = node_ns
        return nodes


def usual_step_ns(between_ns: Sequence[int]) -> int:
    """The step that such times between readings suggest: their median, a round number where one is near."""
    usual = median_low([one for one in between_ns if one > 0] or [SECOND_NS])
    rounded = int(float(f"{usual:.2g}"))
    near = abs(rounded - usual) <= NEAR * usual
    return max(LEAST_STEP_NS, rounded if near else usual)
