"""Divides windows of a series: what sets the threshold is taken from all over the time that was learnt from.

The last fifth is reported on. Of what comes before, stretches held out at regular distances choose weights and set the
threshold: a single one would know one hour of the day, or one state of the machine, and call all others odd.
"""

import numpy as np

from edge.contracts.types import I64
from trainer.autoencoder.threshold import LEAST
from trainer.errors import TrainError
from trainer.series.division import SHARES, TEST, Divided, borders
from trainer.series.regular import Series

CHOOSING = 0.2  # share of what comes before the last fifth
MOST_STRETCHES = 16
LONG = 4  # windows of a held-out stretch, at least: shorter ones waste what overlaps them

PARTS = TRAIN_ROW, CHOOSING_ROW, TEST_ROW = 0, 1, 2


def divide_stretches(series: Series, samples: int) -> Divided:
    """Newest samples of the windows of each part; all of a window lies in its part.

    Raises:
        TrainError: a part holds no whole window, or too few are left to set the threshold.
    """
    part = parts_of(len(series.values), samples)
    run = runs(part, series.piece)
    origin = np.arange(samples - 1, len(part))
    whole = origin[run[origin - samples + 1] == run[origin]]
    found = [whole[part[whole] == number] for number in PARTS]
    if not all(map(len, found)) or disjoint(found[CHOOSING_ROW], samples) < LEAST:
        raise TrainError(
            f"{len(part)} steps of readings are too few for windows of {samples} steps: {LEAST} that lie apart and "
            "were not learnt from are to set the threshold; give more, some "
            f"{round(LEAST * samples / (CHOOSING * (1 - SHARES[TEST])))}, or make the window shorter (--samples)"
        )
    return Divided(found[TRAIN_ROW], found[CHOOSING_ROW], found[TEST_ROW], np.flatnonzero(part == TRAIN_ROW))


def parts_of(count: int, samples: int) -> I64:
    """(T,) the part of each row."""
    _, end, _ = borders(count)
    stretches = int(np.clip(CHOOSING * end / (LONG * samples), 1, MOST_STRETCHES))
    part = np.full(count, TEST_ROW, np.int64)
    turn = np.arange(end) * stretches % max(end, 1)  # rows times stretches: from 0 to `end` in each stretch
    part[:end] = np.where(turn >= round((1 - CHOOSING) * end), CHOOSING_ROW, TRAIN_ROW)
    return part


def runs(part: I64, piece: I64) -> I64:
    """(T,) ascending numbers of what lies in one part and has no gap."""
    changes = (np.diff(part) != 0) | (np.diff(piece) != 0)
    return np.concatenate([[0], np.cumsum(changes)]).astype(np.int64)


def disjoint(origin: I64, samples: int) -> int:
    """How many of the windows that end at `origin` (n,), ascending, share no sample."""
    count, free = 0, -1
    for newest in origin.tolist():
        if newest - samples >= free:
            count, free = count + 1, newest
    return count
