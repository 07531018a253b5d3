"""What computes: the processor, one GPU, or several that share each batch out among them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

from trainer.errors import TrainError


class Devices:
    """Devices of one kind; a strategy of TensorFlow's (`tf.distribute`)."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy
        self.count: int = strategy.num_replicas_in_sync

    @classmethod
    def present(cls, wanted: int) -> "Devices":
        """As many as are wanted, 0 = all GPUs there are; without a GPU, the processor.

        Raises:
            TrainError: there are fewer.
        """
        found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        if wanted > len(found):
            raise TrainError(
                f"{wanted} devices are asked for and {len(found)} are there: {[one.name for one in found]}"
            )
        chosen = found[: wanted or len(found)]
        if len(chosen) == 1:
            return cls(tf.distribute.get_strategy())
        return cls(tf.distribute.MirroredStrategy([one.name for one in chosen]))

    def scope(self) -> AbstractContextManager[Any]:
        """Where variables are made that every device has."""
        return self._strategy.scope()

    def run(self, step: Callable[[Any], dict[str, Any]], batch: tuple[Any, ...]) -> dict[str, Any]:
        """One step on each device with its part of the batch; the means of what they return."""
        if self.count == 1:
            return step(batch)
        parts = self._strategy.experimental_distribute_values_from_function(
            lambda context: tuple(one[context.replica_id_in_sync_group :: self.count] for one in batch)
        )
        each = self._strategy.run(step, args=(parts,))
        mean = tf.distribute.ReduceOp.MEAN
        return {name: self._strategy.reduce(mean, value, axis=None) for name, value in each.items()}
