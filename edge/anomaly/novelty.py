"""How far now is from everything that was: distances to the nearest moment of the past, less how new that was.

A reading, or a stretch of readings, is odd when nothing like it has been seen: the distance to its nearest neighbour
among past stretches is large (Burnaev and Ishimtsev, "Conformalized density- and distance-based anomaly detection in
time-series data", 2016, use k neighbours of one length; here several lengths and one neighbour). One reading finds
values that were never taken, above, below or between the usual ones; stretches find shapes. With the phase of the day
beside the value, what is usual at noon is odd at night.

Where readings are sparse, as in the bursts of a quiet sensor, each is far from all others, and that is usual. So what
counts is by how much a distance exceeds the one that the nearest moment had when it came itself: a reading is odd where
it is more alone than its neighbour was. (Breunig et al., "LOF: identifying density-based local outliers", 2000, divide
by the neighbours' distances; the difference stays calm where these are nearly 0.)

How much a sensor moves is compared too: the logarithms of the mean step and of the mean deviation, with the nearest of
the past. That finds one that has become restless, and one that is stuck.
"""

import numpy as np

from edge.anomaly.history import DISTANCES, History
from edge.contracts.types import F32, F64

STRETCHES = (1, 2, 4, 8, 24)  # readings; the last is the longest
LONGEST = STRETCHES[-1]
PHASE_WEIGHT = 9.0  # squared spreads for a squared chord of 1, i.e. for a sixth of the rhythm
APART = (24, 48)  # readings that a neighbour in value and phase, and one in level and phase, is back at least
MOVED_APART = 48  # readings that a neighbour in movement is back at least
VIEWS = DISTANCES + 2
LEAST = LONGEST + max(APART) + 1  # readings before there is any neighbour for all


def novelty(history: History) -> F64:
    """How new the newest reading is (VIEWS,): by stretch, value and phase, level and phase (spreads); step; deviation.

    All are NaN while there are fewer than LEAST readings, those with phase until the history reaches back a whole
    rhythm. The distances are kept in the history for those that come later.
    """
    if len(history) < LEAST:
        return np.full(VIEWS, np.nan)
    now = history.since_now()
    found = _stretches(now)
    if history.knows_rhythm:
        chord = np.float32(PHASE_WEIGHT) * history.phase_distance()
        found += [_nearest(now, chord, APART[0]), _nearest(history.levels_since_now(), chord, APART[1])]
    else:
        found += [(np.nan, 0)] * len(APART)
    distances = np.sqrt(np.array([squared for squared, _ in found]))
    neighbours = np.array([history.kept(which, back) for which, (_, back) in enumerate(found)])
    history.keep(np.nan_to_num(distances))
    return np.concatenate([np.maximum(distances - neighbours, 0.0), _movement(history)])


def _stretches(now: F32) -> list[tuple[float, int]]:
    """For each w of STRETCHES, which earlier w readings are nearest to the newest w.

    Returns:
        mean squared distance, and how many readings back they end.
    """
    lags = len(now) - LONGEST + 1
    views = np.lib.stride_tricks.sliding_window_view(now, lags)  # (LONGEST, lags): row i, column L is i + L back
    total, done, found = np.zeros(lags, np.float32), 0, []
    for length in STRETCHES:
        part = views[done:length] - now[done:length, None]
        total += np.einsum("il,il->l", part, part)
        done = length
        back = int(total[length:].argmin()) + length  # a neighbour shares no reading with now
        found.append((float(total[back]) / length, back))
    return found


def _nearest(now: F32, chord: F32, apart: int) -> tuple[float, int]:
    """Squared distance in value and phase, less what the phase alone makes: an hour that is new is no novelty.

    Returns:
        the distance, and how many readings back the nearest one is.
    """
    whole = now * now + chord
    back = int(whole[apart:].argmin()) + apart
    return max(float(whole[back] - chord[apart:].min()), 0.0), back


def _movement(history: History) -> F64:
    """How far (2,) the movement of now is from the nearest of the past, as a logarithm of their ratio."""
    since = np.abs(history.movement_since_now()[:, MOVED_APART:])
    return since.min(axis=1) if since.shape[1] else np.full(2, np.nan)
