"""Where the units of a feature map lie over the picture: how far apart, and where the first one is centred.

Padding moves the map: a MobileNet's units look half a unit further right and down than a plain grid would have them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from trainer.explain.flat import Flat, Step


class Place(NamedTuple):
    """Unit i of a map is centred at `first + step * i`, pixels of the picture; one axis."""

    first: float
    step: float


def places(flat: Flat, tensor: Any) -> tuple[Place, Place]:
    """Where the units of a map (B, h, w, C) are: across (x) and down (y)."""
    found: dict[int, tuple[Place, Place]] = {id(flat.picture): (Place(0.5, 1.0), Place(0.5, 1.0))}
    for step in flat.steps:
        known = [one for one in step.before if id(one) in found]
        if known and len(step.after) == 1 and len(step.after[0].shape) == 4:
            x, y = found[id(known[0])]
            found[id(step.after[0])] = (_moved(step, known[0], x, 1), _moved(step, known[0], y, 0))
    return found[id(tensor)]


def _moved(step: Step, before: Any, place: Place, axis: int) -> Place:
    """Where the units are after a layer; axis 0 is down, 1 across."""
    told: Mapping[str, Any] = step.layer.get_config()  # layers of our own say there what Keras' have as attributes
    size, left = int(before.shape[1 + axis]), int(step.after[0].shape[1 + axis])
    kernel = _first(told, ("kernel_size", "pool_size", "kernel_shape"))
    padding = told.get("padding")
    if kernel is None and isinstance(padding, tuple | list):  # pads and nothing else
        return Place(place.first - padding[axis][0] * place.step, place.step)
    if kernel is not None and left <= size:
        stride = _of(_first(told, ("strides",)), axis)
        wide = (_of(kernel, axis) - 1) * _of(_first(told, ("dilation_rate", "dilation")), axis) + 1
        outside = max((left - 1) * stride + wide - size, 0) // 2 if padding == "same" else 0
        return Place(place.first + ((wide - 1) / 2 - outside) * place.step, place.step * stride)
    ratio = size / left
    return Place(place.first + (ratio - 1) / 2 * place.step, place.step * ratio)


def _first(told: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((told[name] for name in names if told.get(name) is not None), None)


def _of(value: Any, axis: int) -> int:
    """A size along one axis; 1 where a layer has none."""
    return 1 if value is None else value if isinstance(value, int) else int(value[axis])
