"""Windows on which the quantiser measures ranges, in the batches that the network takes."""

import numpy as np

from edge.contracts.types import F32
from trainer.errors import TrainError

MOST = 4096  # windows: ranges hardly move beyond
FEW = 64  # fewer measure too narrow ranges


def batches(windows: F32, batch: int) -> F32:
    """At most `MOST` windows evenly spread, as input tensors; the last one is filled up with the first windows.

    Args:
        windows: (N, …) inputs of the training part, without the batch.
        batch: B.

    Returns:
        (ceil(N / B), B, …).

    Raises:
        TrainError: there are none, or some are no numbers.
    """
    if not len(windows):
        raise TrainError("int8 measures its ranges on windows and was given none; give windows of the training part")
    if not np.isfinite(windows).all():
        raise TrainError("windows for calibration hold values that are no numbers; mend or leave out those windows")
    count = min(len(windows), MOST)
    chosen = windows[np.linspace(0, len(windows) - 1, count).round().astype(int)]
    padded = -(-count // batch) * batch
    return chosen[np.arange(padded) % count].reshape(-1, batch, *windows.shape[1:]).astype(np.float32)
