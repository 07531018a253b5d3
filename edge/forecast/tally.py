"""Running means of how good forecasts were, of which the newest comparisons are remembered best."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.contracts.forecast_scores import ForecasterScore, HorizonScore
from edge.contracts.types import F64


@dataclass(slots=True)
class Tally:
    """Of one forecaster: for each of K horizons, how many comparisons, mean error and coverage."""

    count: F64  # (K,) comparisons that are remembered, at most as many as the memory is long
    error: F64  # (K,) mean, in box heights; 0 without any
    cover: F64  # (K,) share 0..1

    @classmethod
    def empty(cls, horizons: int) -> Self:
        """Nothing compared yet."""
        return cls(np.zeros(horizons), np.zeros(horizons), np.zeros(horizons))

    def add(self, horizon: int, error: F64, cover: F64, memory: int) -> None:
        """Take in some comparisons at one horizon.

        Args:
            horizon: its index.
            error: (n,) box heights.
            cover: (n,) 0..1.
            memory: how many comparisons later one counts for a third.
        """
        n = len(error)
        kept = self.count[horizon] * (1 - 1 / memory) ** n
        total = kept + n
        self.error[horizon] = (kept * self.error[horizon] + float(error.sum())) / total
        self.cover[horizon] = (kept * self.cover[horizon] + float(cover.sum())) / total
        self.count[horizon] = min(total, memory)

    def score(self, horizons_s: tuple[float, ...]) -> ForecasterScore:
        """The figures. The mean error is over the horizons at which anything was compared."""
        some = self.count > 0
        error = np.where(some, self.error, np.nan)
        columns = zip(
            horizons_s,
            error.tolist(),
            np.where(some, self.cover, np.nan).tolist(),
            self.count.tolist(),
            strict=True,
        )
        ade = float(self.error[some].mean()) if some.any() else float("nan")
        return ForecasterScore(ade, float(error[-1]), tuple(HorizonScore(*row) for row in columns))
