"""The methods of descent, by name."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from trainer.training.schedule import Descent, Schedule

NOT_DECAYED = ["bias", "gamma", "beta"]  # decay is for what multiplies
MOMENTUM = 0.9


def optimizer(schedule: Schedule) -> Any:
    """A Keras optimizer; where the layers compute in float16, one that scales the loss so that nothing underflows."""
    made = _MAKE[schedule.descent](schedule)
    made.exclude_from_weight_decay(var_names=NOT_DECAYED)
    if keras.config.dtype_policy().compute_dtype == "float16":
        return keras.optimizers.LossScaleOptimizer(made)
    return made


def _adamw(schedule: Schedule) -> Any:
    return keras.optimizers.AdamW(schedule.rate, weight_decay=schedule.decay, global_clipnorm=schedule.clip)


def _sgd(schedule: Schedule) -> Any:
    return keras.optimizers.SGD(
        schedule.rate, MOMENTUM, nesterov=True, weight_decay=schedule.decay, global_clipnorm=schedule.clip
    )


_MAKE: Mapping[Descent, Callable[[Schedule], Any]] = {Descent.ADAMW: _adamw, Descent.SGD: _sgd}
