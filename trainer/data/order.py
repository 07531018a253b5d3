"""Which picture is shown when: every picture once in each round, rare classes more often where that is asked for.

The order is a function of the seed and the number of the sample alone, so training goes on where it stopped.
"""

import numpy as np

from edge.contracts.types import F64, I64
from trainer.data.dataset import Dataset


class Order:
    """Sample number -> picture.

    Args:
        dataset: what is shown.
        seed: of the shuffling.
        rare: a class in less than this share of the pictures is shown as if it were in so many (repeat-factor
            sampling: Gupta et al., LVIS, 2019); 0 = every picture equally often.
    """

    def __init__(self, dataset: Dataset, seed: int, rare: float = 0.0) -> None:
        self._seed = seed
        self._factor = repeat_factors(dataset, rare)
        self._rounds: dict[int, I64] = {}
        self.round_length = max(1, round(float(self._factor.sum())))

    def picture(self, sample: int) -> int:
        """Index of the picture that is shown as this sample, both from 0."""
        turn, position = divmod(sample, self.round_length)
        shown = self._rounds.get(turn)
        if shown is None:
            shown = self._round(turn)
            self._rounds = {key: one for key, one in self._rounds.items() if key >= turn - 1} | {turn: shown}
        return int(shown[position])

    def _round(self, turn: int) -> I64:
        random = np.random.default_rng([self._seed, turn])
        whole = np.floor(self._factor + random.random(len(self._factor))).astype(np.int64)  # right on average
        shown = random.permutation(np.repeat(np.arange(len(whole)), whole))
        return np.resize(shown if len(shown) else random.permutation(len(whole)), self.round_length)


def repeat_factors(dataset: Dataset, rare: float) -> F64:
    """(P,) how often each picture is shown in a round, >= 1."""
    has = np.zeros((len(dataset), len(dataset.labels)), bool)
    for row, picture in zip(has, dataset.pictures, strict=True):
        row[picture.label] = True
    share = has.mean(axis=0) if len(dataset) else np.zeros(len(dataset.labels))
    wanted = np.sqrt(np.maximum(1.0, rare / np.maximum(share, 1e-9)))
    return np.where(has, wanted, 1.0).max(axis=1, initial=1.0)
