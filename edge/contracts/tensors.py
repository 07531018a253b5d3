"""Between real values and what a tensor stores of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.types import F32, TensorSpec


def real(stored: NDArray[Any], spec: TensorSpec) -> F32:
    """Real values of what an output tensor stores: `scale * (stored - zero_point)`; float outputs uncopied."""
    values: F32 = stored.astype(np.float32, copy=False)
    if spec.scale == 0:
        return values
    return (values - np.float32(spec.zero_point)) * np.float32(spec.scale)


def stored(values: F32, spec: TensorSpec) -> NDArray[Any]:
    """What an input tensor stores of real values: the nearest step, within its range; float inputs uncopied."""
    if spec.scale == 0:
        return values.astype(spec.dtype, copy=False)
    limits = np.iinfo(spec.dtype)
    steps = np.rint(values / np.float32(spec.scale)) + np.float32(spec.zero_point)
    return np.clip(steps, limits.min, limits.max).astype(spec.dtype)
