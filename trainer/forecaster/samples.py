"""What a trajectory network learns from: windows of tracks and where the tracks went. Letters as in `track_windows`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.contracts.track_grid import Past
from edge.contracts.track_windows import departure, encode, units
from edge.contracts.types import F32, F64, I64, Mask
from edge.contracts.windows import TrackWindow


@dataclass(frozen=True, eq=False, slots=True)
class Samples:
    """n windows, already in the network's terms."""

    x: F32  # (n, S, F)
    departure: F32  # (n, K, 2) what the network should answer, 0 where unknown
    unit: F32  # (n, K) what one of these numbers is worth at each horizon, in the unit of the tracks; 0 where unknown

    def __post_init__(self) -> None:
        n, k = self.unit.shape
        if len(self.x) != n or self.departure.shape != (n, k, 2):
            raise ValueError(
                f"x, departure and unit must have the same rows; got {len(self.x)}, {self.departure.shape}"
            )

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Mask | I64 | slice) -> Self:
        """The chosen rows."""
        return type(self)(self.x[rows], self.departure[rows], self.unit[rows])


def samples(past: Past, future: F64, window: TrackWindow) -> Samples:
    """Of tracks that were there at one time and of where they were at each horizon, (T, K, 2), NaN where unknown.

    Tracks of which nothing is known at any horizon are seen as neighbours only.
    """
    encoded = encode(past, window)
    target = departure(future, encoded, window)
    known: Mask = np.logical_and.reduce(np.isfinite(target), axis=2)
    unit = np.where(known, units(encoded, window), 0.0).astype(np.float32)
    answer: F32 = np.where(known[..., None], target, 0.0).astype(np.float32)
    rows: Mask = np.logical_or.reduce(known, axis=1)
    return Samples(encoded.x, answer, unit)[rows]


def joined(parts: Sequence[Samples]) -> Samples:
    """All of them; at least one must be given."""
    return Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in Samples.__slots__))
