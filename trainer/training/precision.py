"""In which precision layers compute; weights are float32 always."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from trainer.training.number import Precision

_POLICIES = {
    Precision.FLOAT32: "float32",
    Precision.BFLOAT16: "mixed_bfloat16",
    Precision.FLOAT16: "mixed_float16",
}


@contextmanager
def computed_in(precision: Precision) -> Iterator[None]:
    """Layers made within compute so."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(_POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
