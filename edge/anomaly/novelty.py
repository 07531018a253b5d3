"""How far now is from everything that was: distances to the nearest moment of the past.

A reading, or a stretch of readings, is odd when nothing like it has been seen: the distance to its nearest neighbour
among past stretches is large (Burnaev and Ishimtsev, "Conformalized density- and distance-based anomaly detection in
time-series data", 2016, use k neighbours of one length; here several lengths and one neighbour). One reading finds
values that were never taken, above, below or between the usual ones; stretches find shapes. With the phase of the day
beside the value, what is usual at noon is odd at night.
"""

import numpy as np

from edge.anomaly.history import History
from edge.contracts.types import F32, F64

STRETCHES = (1, 2, 4, 8, 24)  # readings; the last is the longest
LONGEST = STRETCHES[-1]
PHASE_WEIGHT = 9.0  # squared spreads for a squared chord of 1, i.e. for a sixth of the rhythm
APART = (24, 48)  # readings that a neighbour in value and phase, and one in level and phase, is back at least
VIEWS = len(STRETCHES) + len(APART)
LEAST = LONGEST + max(APART) + 1  # readings before there is any neighbour for all


def novelty(history: History) -> F64:
    """Distances (VIEWS,) to the nearest neighbours, in spreads: one per stretch, value and phase, level and phase.

    All are NaN while there are fewer than LEAST readings, the last two until the history reaches back a whole rhythm.
    """
    if len(history) < LEAST:
        return np.full(VIEWS, np.nan)
    now = history.since_now()
    found = _stretches(now)
    if history.knows_rhythm:
        chord = np.float32(PHASE_WEIGHT) * history.phase_distance()
        found += [_nearest(now, chord, APART[0]), _nearest(history.levels_since_now(), chord, APART[1])]
    else:
        found += [np.nan] * len(APART)
    return np.sqrt(np.array(found))


def _stretches(now: F32) -> list[float]:
    """Mean squared distance of the newest w readings to the nearest earlier w, for each w of STRETCHES."""
    lags = len(now) - LONGEST + 1
    views = np.lib.stride_tricks.sliding_window_view(now, lags)  # (LONGEST, lags): row i, column L is i + L back
    total, done, found = np.zeros(lags, np.float32), 0, []
    for length in STRETCHES:
        part = views[done:length] - now[done:length, None]
        total += np.einsum("il,il->l", part, part)
        done = length
        found.append(float(total[length:].min()) / length)  # a neighbour shares no reading with now
    return found


def _nearest(now: F32, chord: F32, apart: int) -> float:
    """Squared distance in value and phase, less what the phase alone makes: an hour that is new is no novelty."""
    return float((now * now + chord)[apart:].min() - chord[apart:].min())
