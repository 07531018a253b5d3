"""What each step of training on windows of a series sees."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import I64
from trainer.training.loop import Batch


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatches:
    """Windows drawn anew for each step of training: `trainer.training.loop.Batches`."""

    origin: I64  # the newest samples of the windows that are learnt from
    made: Callable[[I64], Batch]  # of origins (B,), what the loss takes
    batch: int
    seed: int

    def since(self, step: int) -> Iterator[Batch]:
        """The windows of this step and all later ones."""
        while True:
            chance = np.random.default_rng((self.seed, step))
            yield self.made(self.origin[chance.integers(0, len(self.origin), self.batch)])
            step += 1
