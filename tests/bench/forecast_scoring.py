"""How far forecasts of ETH/UCY are off, in metres, on Social-GAN's windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.track_mixture import Mixture
from edge.contracts.track_windows import Answer, Encoded, decode, encode
from edge.contracts.types import F64
from edge.contracts.windows import TrackWindow
from tests.rigs.eth_ucy import AHEAD, published, recordings

DRAWN, DRAWING_SEED, WINDOWS_AT_ONCE = 20, 1, 2000


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """All windows of one scene's test part."""

    encoded: Encoded
    last_step: F64  # (n, 2) the newest displacement, which constant velocity goes on with
    future: F64  # (n, 12, 2) metres


@dataclass(frozen=True, slots=True)
class Score:
    """Of one forecaster on one scene; metres."""

    ade: float
    fde: float
    best_ade: float  # of 20 drawn paths
    best_fde: float
    coverage: float  # share of coordinates within the told sigma


def truth(data: Path, scene: str, window: TrackWindow, least: int) -> Truth:
    """The test part of a scene; windows count where `least` pedestrians are there throughout."""
    seen = [one for file in recordings(data, scene, "test") for one in published(file, least)]
    encoded = [encode(one.past, window) for one in seen]
    counts = np.concatenate([one.counts for one in seen])
    columns = (np.concatenate([getattr(one, name) for one in encoded])[counts] for name in Encoded.__slots__)
    last = np.concatenate([one.past.position[:, -1] - one.past.position[:, -2] for one in seen])[counts]
    return Truth(Encoded(*columns), last, np.concatenate([one.future for one in seen])[counts])


def straight(of: Truth) -> tuple[float, float]:
    """ADE and FDE of constant velocity: the last displacement, again and again."""
    line = of.encoded.origin[:, None] + of.last_step[:, None] * np.arange(1, AHEAD + 1)[:, None]
    return _errors(line, of.future)


def score(answer: Answer, of: Truth, window: TrackWindow) -> Score:
    """Of a network's answer to the windows of a scene."""
    mixture = decode(answer, of.encoded, window)
    point, told = mixture.point(), mixture.told_sigma()
    covered = float((np.abs(point - of.future) <= told[..., None]).mean())
    return Score(*_errors(point, of.future), *_best(mixture, of.future), covered)


def mean(scores: Sequence[Score]) -> Score:
    """Of several seeds or scenes."""
    return Score(*(float(np.mean([getattr(one, name) for one in scores])) for name in Score.__slots__))


def _errors(point: F64, future: F64) -> tuple[float, float]:
    off = np.hypot(*np.moveaxis(point - future, 2, 0))
    return float(off.mean()), float(off[:, -1].mean())


def _best(mixture: Mixture, future: F64) -> tuple[float, float]:
    """As Social-GAN takes it: the best path by mean, and the best by end, need not be the same."""
    random, found = np.random.default_rng(DRAWING_SEED), []
    for begin in range(0, len(mixture), WINDOWS_AT_ONCE):
        rows = slice(begin, begin + WINDOWS_AT_ONCE)
        part = Mixture(mixture.weight[rows], mixture.mean[rows], mixture.sigma[rows])
        off = np.hypot(*np.moveaxis(part.drawn(DRAWN, random) - future[rows][:, None], 3, 0))
        found.append(np.stack([off.mean(axis=2).min(axis=1), off[..., -1].min(axis=1)], axis=1))
    ade, fde = np.concatenate(found).mean(axis=0)
    return float(ade), float(fde)
