"""What each step of training a forecaster sees."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import I64
from trainer.series.windows import Windows
from trainer.training.loop import Batch


@dataclass(frozen=True, slots=True, eq=False)
class SeriesBatches:
    """Which windows each step of training sees: `trainer.training.loop.Batches`."""

    windows: Windows
    origin: I64
    batch: int
    seed: int

    def since(self, step: int) -> Iterator[Batch]:
        """Past (B, S, C), future (B, K, C) and what of it counts, of this step and all later ones."""
        while True:
            chance = np.random.default_rng((self.seed, step))
            chosen = self.origin[chance.integers(0, len(self.origin), self.batch)]
            future, known = self.windows.future(chosen)
            yield self.windows.past(chosen), future, known.astype(np.float32)
            step += 1
