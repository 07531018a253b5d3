"""Windows laid over each other for training, with their classes in the same shares (mixup, Zhang et al., 2018).

Few speakers are learnt by heart: the network then tells one class from another by who speaks. What lies between two
recordings is nobody's.
"""

import numpy as np

from edge.contracts.types import F32


def mixed(windows: F32, target: F32, mixing: float, chance: np.random.Generator) -> tuple[F32, F32]:
    """Each window (B, S, C) with some of another one of the batch in it, and its target (B, L) likewise.

    Args:
        windows: scaled.
        target: shares of the classes, 1 in sum.
        mixing: both parameters of the beta distribution that shares are drawn from; 0 = nothing is mixed.
        chance: draws shares and partners.
    """
    if not mixing:
        return windows, target
    drawn = chance.beta(mixing, mixing, len(windows)).astype(np.float32)
    share = np.maximum(drawn, 1 - drawn)  # the greater one is the window's own
    other = chance.permutation(len(windows))
    wide = share[:, None, None]
    seen = windows * wide + windows[other] * (1 - wide)
    return seen, target * share[:, None] + target[other] * (1 - share[:, None])
