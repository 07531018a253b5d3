"""Cuts a series in time: what is learnt from comes first, then what chooses, then what is reported on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import I64
from trainer.errors import TrainError
from trainer.series.regular import Series

Ends = tuple[int, int, int]
TRAIN, VALIDATION, TEST = "train", "validation", "test"
SHARES: Mapping[str, float] = {TRAIN: 0.7, VALIDATION: 0.1, TEST: 0.2}


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """Where forecasts may start: the index of the newest value that is known, for each part."""

    train: I64
    validation: I64
    test: I64
    rows: I64  # of the series that belong to training: scaling is measured on them


def borders(rows: int) -> Ends:
    """Ends of the three parts by `SHARES`."""
    first = round(SHARES[TRAIN] * rows)
    return first, first + round(SHARES[VALIDATION] * rows), rows


def divide(series: Series, samples: int, horizons: Sequence[int], ends: Ends, *, whole: bool = False) -> Divided:
    """Origins of each part. All that a forecast is compared with lies in its part; its past may reach back before it.

    Args:
        series: the nodes.
        samples: S that a forecast sees.
        horizons: steps ahead, ascending.
        ends: of train, validation and test, in nodes from the beginning.
        whole: the first part alone is wanted; the others may be empty.

    Raises:
        TrainError: a part holds no whole window.
    """
    found = []
    for begin, end in zip((0, *ends[:2]), ends, strict=True):
        origin = np.arange(max(begin - 1, samples - 1), end - horizons[-1])
        one_piece = series.piece[origin - samples + 1] == series.piece[origin + horizons[-1]]
        found.append(origin[one_piece])
    _refuse_empty(found, samples + horizons[-1], whole=whole)
    return Divided(found[0], found[1], found[2], np.arange(ends[0]))


def whole_windows(series: Series, samples: int, begin: int) -> I64:
    """Newest samples of all windows that lie behind row `begin` and hold no gap.

    Raises:
        TrainError: there is none.
    """
    origin = np.arange(begin + samples - 1, len(series.values))
    found = origin[series.piece[origin - samples + 1] == series.piece[origin]]
    if not len(found):
        raise TrainError(f"the readings have no {samples} steps without a gap, and the model needs them; give more")
    return found


def _refuse_empty(found: Sequence[I64], needed: int, *, whole: bool) -> None:
    if whole and not len(found[0]):
        raise TrainError(f"the readings have no {needed} steps without a gap, and the model needs them; give more")
    for name, part in zip(SHARES, found, strict=True):
        if not len(part) and not whole:
            raise TrainError(
                f"the {name} part has no {needed} steps without a gap; give more readings, or make the window "
                "(--samples) or the horizons (--horizons-s) shorter"
            )
