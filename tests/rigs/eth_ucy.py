"""ETH/UCY as Social-GAN's code reads it: windows to score on, and more of the same recordings to learn from.

The text is `frame ped x y` in metres, one annotation each 0.4 s (the `eth` file is 1.6 times too fast, and is used as
published). A window is 20 successive annotated frames: 8 are observed, 12 are to be foretold; it counts where at least
two pedestrians are there in all 20 frames.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.track_grid import Past
from edge.contracts.types import F64, I64, Mask
from edge.contracts.windows import TrackWindow
from trainer.forecaster.samples import Samples, joined, samples

SCENES = ("eth", "hotel", "univ", "zara1", "zara2")
OBSERVED, AHEAD, STEP_S = 8, 12, 0.4
LENGTH = OBSERVED + AHEAD


@dataclass(frozen=True, eq=False, slots=True)
class Recording:
    """One file: positions of P pedestrians in F annotated frames."""

    name: str
    frame: I64  # (F,) ascending, as numbered in the file
    position: F64  # (F, P, 2) metres, NaN where a pedestrian is not there


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """The pedestrians at one time: their past, and where they were at each horizon, NaN where unknown."""

    past: Past
    future: F64  # (T, 12, 2)
    counts: Mask  # (T,) is there in the whole window


def read(path: Path) -> Recording:
    """One file of the data set."""
    rows = np.array([line.split() for line in path.read_text().splitlines() if line.strip()], np.float64)
    frame, at = np.unique(rows[:, 0].astype(np.int64), return_inverse=True)
    peds, who = np.unique(rows[:, 1], return_inverse=True)
    position = np.full((len(frame), len(peds), 2), np.nan)
    position[at, who] = np.around(rows[:, 2:4], 4)
    return Recording(path.name, frame, position)


def recordings(data: Path, scene: str, part: str) -> list[Recording]:
    """The files of a part (train, val, test) of the split that leaves `scene` out."""
    return [read(path) for path in sorted((data / "eth_ucy" / scene / part).glob("*.txt"))]


def published(recording: Recording, least: int = 2) -> Iterator[Moment]:
    """Social-GAN's windows: successive annotated frames, whatever their numbers, with `least` whole pedestrians.

    Its code asks for the first and the last annotation of a pedestrian to be 20 frames apart; pedestrians who are
    not there in between do not occur. Others are seen as neighbours as long as they are there in the observed part.
    """
    for begin in range(len(recording.frame) - LENGTH + 1):
        part = recording.position[begin : begin + LENGTH]
        whole: Mask = np.logical_and.reduce(np.isfinite(part[..., 0]), axis=0)
        if whole.sum() >= least:
            yield moment(part, whole)


def resampled(
    recording: Recording, rate: float, phase: float, noise_m: float, random: np.random.Generator
) -> Iterator[Moment]:
    """Every moment of the recording as if everyone walked `rate` times as fast, on frames shifted by a `phase` of one.

    Whoever is observed throughout is learnt from, as far as the future is known.
    """
    step = np.median(np.diff(recording.frame))
    time = (recording.frame - recording.frame[0]) / step
    grid = np.arange(phase, time[-1] + 1e-9, rate)
    position = interpolated(time, recording.position, grid)
    position = np.concatenate([position, np.full((AHEAD, *position.shape[1:]), np.nan)])
    for begin in range(len(grid) - OBSERVED):
        part = position[begin : begin + LENGTH]
        whole: Mask = np.logical_and.reduce(np.isfinite(part[: OBSERVED + 1, :, 0]), axis=0)
        if whole.any():
            yield moment(part + _noise(part, noise_m, random), whole)


def moment(part: F64, counts: Mask) -> Moment:
    """Of positions (20, P, 2); those who are there now are its tracks."""
    there = np.isfinite(part[OBSERVED - 2 : OBSERVED, :, 0]).all(axis=0)
    seen = part[:OBSERVED, there].transpose(1, 0, 2)
    t = len(seen)
    age = np.where(np.isfinite(seen[..., 0]), np.arange(OBSERVED - 1, -1, -1) * STEP_S, np.nan)
    velocity = (seen[:, -1] - seen[:, -2]) / STEP_S
    past = Past(seen, age, velocity, np.zeros((t, 2)), np.full(t, -1), np.zeros(t))
    return Moment(past, part[OBSERVED:, there].transpose(1, 0, 2), counts[there])


def interpolated(time: F64, position: F64, grid: F64) -> F64:
    """(G, P, 2) at the times of the grid, NaN between annotations that are more than 1.5 steps apart."""
    after = np.searchsorted(time, grid, side="left").clip(1, len(time) - 1)
    gap = time[after] - time[after - 1]
    share = ((grid - time[after - 1]) / gap)[:, None, None]
    low, high = position[after - 1], position[after]
    between = low + share * (high - low)
    found = np.where(share >= 1, high, np.where(share <= 0, low, between))
    return np.where((gap > 1.5)[:, None, None] & (share > 0) & (share < 1), np.nan, found)


def learnt_from(moments: Iterator[Moment], window: TrackWindow) -> Samples:
    """The windows of all moments, in the network's terms."""
    return joined([chosen(one, window) for one in moments])


def chosen(one: Moment, window: TrackWindow) -> Samples:
    """Of those who count; all are seen as neighbours."""
    future = np.where(one.counts[:, None, None], one.future, np.nan)
    return samples(one.past, future, window)


def window(neighbours: int, modes: int) -> TrackWindow:
    """The protocol as the network sees it."""
    horizons_s = tuple(round(STEP_S * (k + 1), 6) for k in range(AHEAD))
    return TrackWindow(32, OBSERVED, STEP_S, horizons_s, modes, (), neighbours)


def _noise(part: F64, noise_m: float, random: np.random.Generator) -> F64:
    """On what is observed only."""
    noise = random.normal(0.0, noise_m, part.shape)
    noise[OBSERVED:] = 0.0
    return noise
