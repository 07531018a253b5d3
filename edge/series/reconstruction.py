"""How odd a sensor's newest window is: how badly an auto-encoder that knows the usual ones reconstructs it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.limits import reconstructed_window
from edge.contracts.runtime import Runtime
from edge.contracts.scaling import scale_window
from edge.contracts.stored import StateError
from edge.contracts.tensors import real, stored
from edge.contracts.types import F32, F64, Mask
from edge.series.grid import SECOND_NS, Grid
from edge.series.saving import Part, pack, unpack

FORM = "reconstruction-1"
LEAST_KNOWN = 0.75  # share of a window that was read; with less of it nothing is said
LARGEST = 1e100  # squares of larger values are no numbers any more


class Kept:
    """The newest window of nodes."""

    KEPT: ClassVar[tuple[str, ...]] = ("values", "known", "count")

    def __init__(self, samples: int, channels: int) -> None:
        self.values: F64 = np.zeros((samples, channels))
        self.known: Mask = np.zeros(samples, np.bool_)  # all its channels were read
        self.count = np.zeros(1, np.int64)  # nodes since the window began

    @property
    def whole(self) -> bool:
        """Whether there is a window, and enough of it was read."""
        return int(self.count[0]) >= len(self.values) and float(self.known.mean()) >= LEAST_KNOWN

    def add(self, values: F64, known: bool, fresh: bool) -> None:
        """Take one node (C,)."""
        self.values = np.concatenate([self.values[1:], values[None]])
        self.known = np.append(self.known[1:], np.bool_(known))
        self.count = np.ones(1, np.int64) if fresh else self.count + 1


@dataclass(frozen=True, eq=False, slots=True)
class Judge:
    """A network, and the error from which a window is odd to it."""

    runtime: Runtime
    limit: Callable[[], float]  # of the weights that have just run; infinite: it is not to be asked now


class Reconstruction:
    """Scores the readings of one sensor: error / (error + limit), so that 0.5 is the limit.

    Of several judges the worst score counts. It is 0 until a whole window has come, and while too much of one was not
    read. It stands for a whole window, so it stays high for as long as what is odd is within. Readings are brought to
    the model's grid as they were when it was trained: over short gaps by straight lines, which count nothing.

    Args:
        judges: of one window, at least one.
        gap_steps: after a longer silence the window begins anew.

    Raises:
        ModelError: the model reconstructs no windows of readings.
    """

    def __init__(self, judges: Sequence[Judge], gap_steps: int) -> None:
        self._judges = tuple(judges)
        self._window = reconstructed_window(judges[0].runtime.bundle)
        channels = len(self._window.channels)
        self._grid = Grid(channels, round(self._window.step_s * SECOND_NS), gap_steps)
        self._kept = Kept(self._window.samples, channels)
        self._score = 0.0

    def step(self, t_s: float, values: F64, forecast: object) -> float:
        """The score after a reading, 0..1.

        Args:
            t_s: when it was taken, on the wall clock.
            values: (C,) NaN where nothing was read.
            forecast: is not looked at.

        Raises:
            ModelError: the model failed.
        """
        del forecast
        nodes = self._grid.add(round(t_s * SECOND_NS), np.where(np.abs(values) < LARGEST, values, np.nan))
        for node in nodes:
            self._kept.add(node.values, bool(node.known.all()), node.fresh)
        if nodes:
            self._score = 0.0  # also where the model fails
            if self._kept.whole:
                self._score = self._scored()
        return self._score

    def state(self) -> bytes:
        """The window: a long one is not to be waited for anew after each start."""
        return pack(self._form(), self._parts())

    def restore(self, state: bytes, /) -> None:
        """Go on with it. Raises StateError: it is damaged, or of another scorer; nothing has changed."""
        if not state:
            raise StateError("nothing was kept of its window")
        unpack(state, self._form(), self._parts())

    def _scored(self) -> float:
        given = scale_window(self._kept.values, self._window)
        asked = [one for one in self._judges if one.limit() < math.inf]
        worst = max((self._error(one.runtime, given) / one.limit() for one in asked), default=0.0)
        return worst / (1 + worst)

    def _error(self, runtime: Runtime, given: F32) -> float:
        bundle = runtime.bundle
        raw = runtime.invoke(stored(given[None], bundle.input.tensor))
        off = real(raw[0], bundle.outputs[0])[0].astype(np.float64) - given
        error = float((off[self._kept.known] ** 2).mean())
        if not math.isfinite(error):
            raise ModelError(f"{bundle.path} answers with what are no finite numbers")
        return error

    def _parts(self) -> dict[str, Part]:
        return {"grid": self._grid, "window": self._kept}

    def _form(self) -> str:
        return f"{FORM}:{self._window}"
