"""One step of the on-line forecast on a regular grid: score what was forecast, learn from it, forecast anew."""

from dataclasses import dataclass

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
from edge.series.waiting import Said, Sizes, Waiting

PLAIN = 2  # candidates that learn next to nothing
FURTHEST = 10.0  # standard deviations by which the learnt part may move a forecast
WILD = 4.0  # roots of its mean squared error at which one counts no more for the read-out
QUICKER = 10.0  # how much shorter the second read-out remembers


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """What comes, in the units of the values."""

    mean: F64  # (K, C)
    sigma: F64  # (K, C)


class Learner:
    """Forecasts C channels at K horizons, and learns.

    Candidates are damped and plain persistence, the source's own forecast where it makes one, and two read-outs of the
    source's state: a patient one, on top of the source's own forecast where there is one, and a quick one, on top of
    the newest value, which has adapted first when the series has changed.

    Args:
        channels: C.
        steps: (K,) the horizons, in steps of the grid.
        source: of the recurrent state.
        settings: how it learns.
    """

    def __init__(self, channels: int, steps: I64, source: Source, settings: SeriesSettings) -> None:
        memories = (settings.memory_steps, settings.memory_steps / QUICKER) if settings.learn else ()
        horizons, candidates = len(steps), PLAIN + source.forecasts + len(memories)
        self._steps, self._source = steps, source
        self._forgetting = tuple([1.0 / memory for memory in memories])
        self._scale = Scale(channels, settings.memory_steps)
        self._damped = Damped(horizons, channels, settings.memory_steps)
        self._features = Features(channels, source.width, settings.cycles_s)
        width = self._features.width
        self._readouts = tuple([ReadOut(width, horizons, channels, settings.ridge) for _ in memories])
        self._referee = Referee(candidates, steps, channels, settings.judge_steps)
        self._waiting = Waiting(steps, channels, Sizes(candidates, len(memories), width))

    @property
    def parts(self) -> dict[str, Part]:
        """All that is to be kept."""
        return {
            "source": self._source,
            "scale": self._scale,
            "damped": self._damped,
            "features": self._features,
            "referee": self._referee,
            "waiting": self._waiting,
            **{f"readout{number}": readout for number, readout in enumerate(self._readouts)},
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
        return self._look_ahead(node, own, features)

    def _look_back(self, values: F64, known: Mask) -> None:
        """Score and learn from the forecasts whose truth this is."""
        then = self._waiting.due()
        seen = then.there[:, None] & known
        if not seen.any():
            return
        mean, sd = self._scale.mean, self._scale.sd
        self._damped.learn((then.value - mean) / sd, (values - mean) / sd + np.zeros_like(then.value), seen)
        self._referee.score((values - then.candidates) / sd, seen, (values - then.served) / sd, then.sigma / sd)
        usual = WILD * np.sqrt(self._referee.square[len(self._referee.square) - len(self._readouts) :])
        for readout, base, gain, limit in zip(self._readouts, then.base, then.gain, usual, strict=True):
            moved = (values - base) / sd - readout.read(then.features)
            readout.learn(gain, np.where(seen, np.clip(moved, -limit, limit), 0.0))

    def _look_ahead(self, node: Node, own: F64, features: F64) -> Ahead:
        """The forecast. One from a node that was filled in waits for no truth: it is neither scored nor learnt from."""
        values, counts = node.values, bool(node.known.any())
        sd, newest = self._scale.sd, np.broadcast_to(values, (len(self._steps), len(values)))
        bases = (own[0] if len(own) else newest, newest)[: len(self._readouts)]
        gains = [
            readout.gain(features, share) if counts else np.zeros_like(features)
            for readout, share in zip(self._readouts, self._forgetting, strict=True)
        ]
        read = [
            base + sd * np.clip(readout.read(features), -FURTHEST, FURTHEST)
            for readout, base in zip(self._readouts, bases, strict=True)
        ]
        each = np.stack([self._damped.ahead(values, self._scale.mean), newest, *own, *read])
        mean, sigma = self._referee.picked(each), self._referee.sigma() * sd
        self._waiting.put(values, Said(each, mean, sigma, counts), bases, features, gains)
        return Ahead(mean, sigma)
