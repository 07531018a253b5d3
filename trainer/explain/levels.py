"""The levels of a network worth a look: how often the picture has been halved says how much of it a unit can see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from trainer.errors import TrainError
from trainer.explain.flat import Flat, Step

MOST = 6
_BENDS = (keras.layers.ReLU, keras.layers.Activation, keras.layers.LeakyReLU)


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One feature map. `before` is its activation function: ReLU6 makes all strong responses the same 6."""

    name: str
    before: Any  # (B, h, w, C)
    after: Any  # (B, h, w, C)

    @property
    def side(self) -> int:
        """Units along one side of the map."""
        return int(self.after.shape[1])

    @property
    def channels(self) -> int:
        """Patterns that are looked for at every place."""
        return int(self.after.shape[-1])


def levels(flat: Flat, most: int = MOST) -> tuple[Level, ...]:
    """The first activation, and the last one of each size of map on the way down, from shallow to deep.

    Raises:
        TrainError: there are no feature maps.
    """
    maps = [step for step in flat.trunk() if _is_map(step) and step.after[0].shape != flat.picture.shape]
    bends = [step for step in maps if _bends(step)] or maps
    if not bends:
        raise TrainError("the network has no feature maps: only convolutional ones can be explained")
    last: dict[int, Step] = {}
    for step in bends:
        size = int(step.after[0].shape[1])
        if not last or size <= min(last):
            last[size] = step
    chosen = [bends[0], *(step for step in last.values() if step is not bends[0])]
    return tuple(_level(step) for step in _spread(chosen, most))


def level_named(flat: Flat, name: str) -> Level:
    """The feature map of one layer.

    Raises:
        TrainError: there is none of that name.
    """
    maps = {step.layer.name: step for step in flat.steps if _is_map(step)}
    if name not in maps:
        raise TrainError(f"the network has no feature map {name!r}; it has {', '.join(maps)}")
    return _level(maps[name])


def _level(step: Step) -> Level:
    before = step.before[0] if _bends(step) else step.after[0]
    return Level(step.layer.name, before, step.after[0])


def _is_map(step: Step) -> bool:
    return len(step.after) == 1 and len(step.after[0].shape) == 4 and int(step.after[0].shape[1]) > 1


def _bends(step: Step) -> bool:
    """Whether a layer is an activation function and nothing else."""
    return isinstance(step.layer, _BENDS) and step.before[0].shape == step.after[0].shape


def _spread(steps: Sequence[Step], most: int) -> list[Step]:
    """At most so many of them, evenly, with the first and the last."""
    if len(steps) <= most:
        return list(steps)
    return [steps[round(index * (len(steps) - 1) / (most - 1))] for index in range(most)]
