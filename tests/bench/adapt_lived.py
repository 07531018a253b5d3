"""What became of a life that was lived through by a model that learns, as rows and figures of `adapt`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from edge.contracts.types import F64
from edge.learning.standing import Standing

HEADER = [
    "scene",
    "windows",
    "base",
    "served",
    "1st quarter",
    "2nd",
    "3rd",
    "4th",
    "later half",
    "promoted",
    "returned",
]


@dataclass(frozen=True, eq=False, slots=True)
class Lived:
    """Errors of its windows, in the order of time."""

    base: F64  # (n,) of the frozen base
    served: F64  # (n,) of what served
    standing: Standing
    more: Mapping[str, float] = field(default_factory=dict)  # figures that only its kind has

    def gain(self, begin: float, end: float) -> float:
        """Share by which what served was better, from one part of the windows to another; parts are 0..1."""
        rows = slice(int(len(self.base) * begin), int(len(self.base) * end))
        return 1 - float(self.served[rows].mean() / self.base[rows].mean())

    @property
    def later(self) -> float:
        """Gain of the later half."""
        return self.gain(0.5, 1)

    def row(self, scene: str) -> list[object]:
        """Of the table."""
        quarters = [self.gain(part / 4, (part + 1) / 4) for part in range(4)]
        counts = [self.standing.promoted, self.standing.returned]
        return [scene, len(self.base), *self._means, *quarters, self.later, *counts]

    def figures(self) -> dict[str, float]:
        """Of the JSON, of the later half."""
        base, served = self._means
        counts = {"promoted": self.standing.promoted, "returned": self.standing.returned}
        return {"gain": self.later, "base": base, "served": served, **counts, **self.more}

    @property
    def _means(self) -> list[float]:
        half = len(self.base) // 2
        return [float(errors[half:].mean()) for errors in (self.base, self.served)]


def summed(name: str, found: Mapping[str, Lived], controls: Collection[str]) -> dict[str, object]:
    """Mean and least gain of lives of one kind, under keys that begin with `name`; nothing of none.

    Controls, where there is little to be learnt, are not in the mean, but they are in the least: none may be worse.
    """
    gains = {scene: one.later for scene, one in found.items()}
    learnt = [gain for scene, gain in gains.items() if scene not in controls]
    if not learnt:
        return {}
    return {f"{name}gain_mean": float(np.mean(learnt)), f"{name}gain_min": min(gains.values())}
