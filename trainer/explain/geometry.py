"""Where the units of a feature map lie over the picture: how far apart, and where the first one is centred.

Padding moves the map: a MobileNet's units look half a unit further right and down than a plain grid would have them.
"""

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
    size, left = int(before.shape[1 + axis]), int(step.after[0].shape[1 + axis])
    padding = getattr(step.layer, "padding", None)
    kernel = getattr(step.layer, "kernel_size", getattr(step.layer, "pool_size", None))
    if isinstance(padding, tuple):  # pads and nothing else
        return Place(place.first - padding[axis][0] * place.step, place.step)
    if kernel is not None and left <= size:
        return _convolved(step.layer, place, (kernel[axis], axis, size, left))
    ratio = size / left
    return Place(place.first + (ratio - 1) / 2 * place.step, place.step * ratio)


def _convolved(layer: Any, place: Place, sizes: tuple[int, int, int, int]) -> Place:
    kernel, axis, size, left = sizes
    stride = _pair(layer, "strides")[axis]
    wide = (kernel - 1) * _pair(layer, "dilation_rate")[axis] + 1
    before = max((left - 1) * stride + wide - size, 0) // 2 if layer.padding == "same" else 0
    return Place(place.first + ((wide - 1) / 2 - before) * place.step, place.step * stride)


def _pair(layer: Any, name: str) -> tuple[int, int]:
    value = getattr(layer, name, None) or 1
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))
