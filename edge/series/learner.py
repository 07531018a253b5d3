"""One step of the on-line forecast on a regular grid: score what was forecast, learn from it, forecast anew."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edge.contracts.types import F64, I64, Mask
from edge.series.damped import Damped
from edge.series.features import Features
from edge.series.grid import Node
from edge.series.readout import ReadOut
from edge.series.referee import Referee
from edge.series.saving import Part
from edge.series.scale import Scale
from edge.series.settings import SeriesSettings
from edge.series.sources import Source
from edge.series.waiting import Waiting

FURTHEST = 10.0  # standard deviations by which the learnt part may move a forecast
ALERT = 10.0  # how much faster at most it forgets while its errors are above their usual
QUICK = 0.05  # share of the newest error in what is recent


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """What comes, in the units of the values."""

    mean: F64  # (K, C)
    sigma: F64  # (K, C)


class Learner:
    """Forecasts C channels at K horizons, and learns.

    Candidates are damped persistence, the source's own forecasts where it makes any, and the learnt read-out of
    the source's state, which starts from the source's forecast, else from the newest value.

    Args:
        channels: C.
        steps: (K,) the horizons, in steps of the grid.
        source: of the recurrent state.
        settings: how it learns.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("quick",)

    def __init__(self, channels: int, steps: I64, source: Source, settings: SeriesSettings) -> None:
        horizons, candidates = len(steps), 1 + source.forecasts + settings.learn
        self._steps, self._source = steps, source
        self._learns, self._forgetting = settings.learn, 1.0 / settings.memory_steps
        self._scale = Scale(channels, settings.memory_steps)
        self._damped = Damped(horizons, channels, settings.memory_steps)
        self._features = Features(channels, source.width, settings.cycles_s)
        self._readout = ReadOut(self._features.width, horizons, channels, settings.ridge)
        self._referee = Referee(candidates, horizons, channels, settings.judge_steps)
        self._waiting = Waiting(steps, channels, candidates, self._features.width)
        self.quick: F64 = np.ones(1)  # recent squared error of the read-out over its usual one

    @property
    def parts(self) -> dict[str, Part]:
        """All that is to be kept."""
        return {
            "learner": self,
            "source": self._source,
            "scale": self._scale,
            "damped": self._damped,
            "features": self._features,
            "readout": self._readout,
            "referee": self._referee,
            "waiting": self._waiting,
        }

    def step(self, node: Node) -> Ahead:
        """The forecast after one more node."""
        if node.fresh:
            for part in (self._source, self._features, self._waiting):
                part.reset()
        self._scale.update(node.values, node.known)
        self._look_back(node.values, node.known)
        scaled = self._scale.scaled(node.values)
        state, own = self._source.step(node.values, scaled)
        features = self._features.step(node.utc_ns, state, scaled)
        return self._look_ahead(node.values, own, features)

    def _look_back(self, values: F64, known: Mask) -> None:
        """Score and learn from the forecasts whose truth this is."""
        then = self._waiting.due()
        seen = then.there[:, None] & known
        if not seen.any():
            return
        mean, sd = self._scale.mean, self._scale.sd
        self._damped.learn((then.value - mean) / sd, (values - mean) / sd + np.zeros_like(then.value), seen)
        error = (values - then.candidates) / sd
        self._referee.score(error, seen, (values - then.served) / sd, then.sigma / sd)
        if self._learns:
            moved = (values - then.base) / sd - self._readout.read(then.features)
            limit = 4.0 * np.sqrt(self._referee.square[-1])
            self._readout.learn(then.gain, np.where(seen, np.clip(moved, -limit, limit), 0.0))
            ratio = np.where(seen, np.minimum(error[-1] ** 2 / self._referee.square[-1], ALERT), 1.0).mean()
            self.quick += QUICK * (ratio - self.quick)

    def _look_ahead(self, values: F64, own: F64, features: F64) -> Ahead:
        sd = self._scale.sd
        candidates = [self._damped.ahead(values, self._scale.mean)[None], own]
        base = own[-1] if len(own) else np.broadcast_to(values, (len(self._steps), len(values)))
        gain = features
        if self._learns:
            gain = self._readout.gain(features, min(0.1, self._forgetting * max(1.0, float(self.quick[0]))))
            candidates.append((base + sd * np.clip(self._readout.read(features), -FURTHEST, FURTHEST))[None])
        each = np.concatenate(candidates)
        mean, sigma = self._referee.picked(each), self._referee.sigma() * sd
        self._waiting.put(values, (base, each, mean, sigma), (features, gain))
        return Ahead(mean, sigma)
