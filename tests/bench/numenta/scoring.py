"""The rules of the Numenta Anomaly Benchmark (Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the
Numenta Anomaly Benchmark", 2015), written from their description.

Every reading has a score; those at or above a threshold are detections, except in the first 15 % of a series (at most
750 readings). In a window only the earliest detection counts: +1 at its left edge, falling to 0 at the right one. A
window without any costs 1. A detection elsewhere costs 0.11, less where it follows closely on a window. One threshold
for the whole corpus, the best one for the profile in question, is part of the protocol. The result is scaled: 0 is no
detection at all, 100 is every window at its first reading and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64
from tests.bench.numenta.corpus import Series

PROBATION, LONGEST_PROBATION = 0.15, 750
FAR = 3.0  # window widths past a window from which on a false detection costs its full price


@dataclass(frozen=True, slots=True)
class Profile:
    """What a missed window and a false detection cost; a window found at its left edge is worth 1."""

    miss: float
    false: float


PROFILES = {"standard": Profile(1.0, 0.11), "low_fp": Profile(1.0, 0.22), "low_fn": Profile(2.0, 0.11)}


@dataclass(frozen=True, slots=True)
class Result:
    """Of one profile: the scaled score, the threshold that gave it, and what was found there."""

    score: float
    threshold: float
    found: int  # windows
    false: int  # detections outside of any


@dataclass(frozen=True, eq=False, slots=True)
class _Rows:
    """What a detection is worth at each of n scored readings, before any profile's prices."""

    worth: F64  # (n,) 0..1 in a window, -1..0 outside
    window: I64  # (n,) number of the window, -1 outside
    score: F64  # (n,)


def results(corpus: Sequence[Series], scores: Mapping[str, F64]) -> dict[str, Result]:
    """The result of every profile, each at its own best threshold over the whole of `corpus`."""
    rows = _rows(corpus, scores)
    windows = sum(len(series.windows) for series in corpus)
    return {name: _best(rows, windows, profile) for name, profile in PROFILES.items()}


def at(corpus: Sequence[Series], scores: Mapping[str, F64], threshold: float, profile: Profile) -> Result:
    """The result at one threshold, for a part of the corpus say."""
    rows = _rows(corpus, scores)
    windows = sum(len(series.windows) for series in corpus)
    detected = rows.score >= threshold
    gain = _gains(rows, np.flatnonzero(detected), profile)
    found = rows.window[detected]
    ideal = max(windows * (1 + profile.miss), 1.0)
    return Result(100 * float(gain.sum()) / ideal, threshold, len(np.unique(found[found >= 0])), int(np.sum(found < 0)))


def _rows(corpus: Sequence[Series], scores: Mapping[str, F64]) -> _Rows:
    parts, numbered = [_Rows(np.zeros(0), np.zeros(0, np.int64), np.zeros(0))], 0
    for series in corpus:
        if scores[series.name].shape != series.value.shape:
            raise ValueError(f"{series.name}: {len(scores[series.name])} scores for {len(series.value)} readings")
        worth, window = _worth(series)
        scored = np.arange(len(worth)) >= _probation(len(worth))
        number = np.where(window >= 0, window + numbered, -1)
        parts.append(_Rows(worth[scored], number[scored], scores[series.name][scored]))
        numbered += len(series.windows)
    return _Rows(*(np.concatenate([getattr(part, column) for part in parts]) for column in _Rows.__slots__))


def _probation(readings: int) -> int:
    return min(int(PROBATION * readings), LONGEST_PROBATION)


def _worth(series: Series) -> tuple[F64, I64]:
    """Worth (n,) of a detection at each reading, and the window (n,) that it is in, -1 where in none."""
    n = len(series.value)
    worth, window = np.full(n, -1.0), np.full(n, -1, np.int64)
    for number, (first, last) in enumerate(series.windows):
        inside, width = np.arange(first, last + 1), last - first + 1
        worth[inside] = _sigmoid(-(last - inside + 1) / width) / _sigmoid(-1.0)
        window[inside] = number
        past = np.arange(last + 1, n)
        worth[past] = _sigmoid((past - last) / (width - 1))
    return worth, window


def _sigmoid(x: F64 | float) -> F64:
    """+1 far before an edge, 0 on it, -1 far behind."""
    return np.where(np.asarray(x) > FAR, -1.0, 2 / (1 + np.exp(5 * np.asarray(x))) - 1)


def _best(rows: _Rows, windows: int, profile: Profile) -> Result:
    """Lower the threshold over one score after the other and keep the best; equal scores are detected together."""
    order = np.argsort(-rows.score, kind="stable")
    score, gain = rows.score[order], _gains(rows, order, profile)
    total = np.concatenate([[0.0], np.cumsum(gain)])
    last_of_equal = np.concatenate([[True], np.append(score[1:] != score[:-1], True) & np.isfinite(score)])
    total[~last_of_equal] = -np.inf
    best = int(np.argmax(total))
    detected = rows.window[order[:best]]
    threshold = float(score[best - 1]) if best else np.inf
    found = len(np.unique(detected[detected >= 0]))
    ideal = windows * (1 + profile.miss)
    return Result(100 * float(total[best]) / max(ideal, 1.0), threshold, found, int(np.sum(detected < 0)))


def _gains(rows: _Rows, order: I64, profile: Profile) -> F64:
    """What each detection adds when they are made in this order, against detecting nothing at all."""
    worth, window = rows.worth[order], rows.window[order]
    gain = profile.false * worth
    best: dict[int, float] = {}
    for step in np.flatnonzero(window >= 0).tolist():
        inside = int(window[step])
        before = best.get(inside, -profile.miss)
        best[inside] = max(before, float(worth[step]))
        gain[step] = best[inside] - before
    return gain
