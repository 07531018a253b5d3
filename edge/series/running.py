"""The forecast of one sensor whose channels and step are known."""

from typing import ClassVar

import numpy as np

from edge.contracts.errors import ConfigError
from edge.contracts.types import F64, I64
from edge.series.grid import SECOND_NS, Grid
from edge.series.learner import Ahead, Learner
from edge.series.model import ModelSource, SeriesModel
from edge.series.saving import Part
from edge.series.settings import SeriesSettings
from edge.series.sources import ReservoirSource, Source

DEFAULT_STEPS = (1, 4, 12)
LONGEST_STEPS = 288  # what waits for its truth grows with it, and is kept over restarts
WARM_UP = 8  # nodes before anything is said


class Running:
    """Grid and learner.

    Args:
        channels: C.
        step_ns: of the grid.
        settings: how far ahead, and how it learns.
        model: to build upon; None: on a fixed recurrent network.

    Raises:
        ConfigError: a horizon is too many steps ahead.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("nodes",)

    def __init__(self, channels: int, step_ns: int, settings: SeriesSettings, model: SeriesModel | None) -> None:
        self.channels, self.step_ns = channels, step_ns
        self.nodes: I64 = np.zeros(1, np.int64)
        self.horizons_s, steps = horizons(settings.horizons_s, step_ns)
        self._grid = Grid(channels, step_ns, settings.gap_steps)
        self._learner = Learner(channels, steps, _source(channels, steps, settings, model), settings)

    @property
    def parts(self) -> dict[str, Part]:
        """All that is to be kept."""
        return {"running": self, "grid": self._grid, **self._learner.parts}

    def step(self, utc_ns: int, values: F64) -> Ahead | None:
        """The forecast after a reading (C,); None where no node of the grid was reached, or too few so far."""
        ahead = None
        for node in self._grid.add(utc_ns, values):
            ahead = self._learner.step(node)
            self.nodes += 1
        return ahead if self.nodes[0] >= WARM_UP else None


def horizons(wanted_s: tuple[float, ...], step_ns: int) -> tuple[tuple[float, ...], I64]:
    """Horizons in seconds, ascending, and in whole steps of the grid.

    Raises:
        ConfigError: one is more than `LONGEST_STEPS` ahead.
    """
    step_s = step_ns / SECOND_NS
    chosen = tuple(sorted(set(wanted_s))) or tuple(step_s * steps for steps in DEFAULT_STEPS)
    steps = np.maximum(1, np.round(np.array(chosen) / step_s)).astype(np.int64)
    if steps[-1] > LONGEST_STEPS:
        raise ConfigError(
            f"horizons_s: {chosen[-1]:g} s are {steps[-1]} steps of {step_s:g} s, and {LONGEST_STEPS} are the most; "
            "set a longer step_s, or a shorter horizon"
        )
    return chosen, steps


def _source(channels: int, steps: I64, settings: SeriesSettings, model: SeriesModel | None) -> Source:
    if model is None:
        return ReservoirSource(channels, len(steps), settings.neurons, settings.seed)
    return ModelSource(model, steps)
