"""What stands in the street and hides those who pass behind it."""

from dataclasses import dataclass

import numpy as np

from edge.demo.cars import Body, car, placed
from edge.demo.shapes import Face, Limb, Shape, Sprite, darken, lay, shadow, sprite
from edge.demo.view import View

PARKED_X, PARKED_Z = 16.5, 25.2  # metres


@dataclass(frozen=True, eq=False, slots=True)
class Thing:
    """Something that stands there."""

    z: float  # metres from the camera
    sprite: Sprite


def furniture(view: View, rng: np.random.Generator) -> list[tuple[float, list[Shape]]]:
    """Distance and shapes of each thing."""
    edge = view.half_width_m(14.0) - view.aside_m
    return [
        (29.6, _tree(-13.0, 29.6, 6.5, rng)),
        (27.0, _tree(12.5, 27.0, 5.5, rng)),
        (26.9, _tree(-1.0, 26.9, 5.0, rng)),
        (26.6, _lamp(-9.0, 26.6)),
        (PARKED_Z, parked_car()),
        (15.4, _lamp(5.6, 15.4)),
        (15.0, _pillar(1.4, 15.0)),
        (15.2, _bench(-1.9, 15.2)),
        (14.0, _tree(-edge + 0.9, 14.0, 6.0, rng)),
    ]


def parked_car() -> list[Shape]:
    """The car that never leaves."""
    what = Body(4.3, 1.8, 1.45, 0.9, (-0.5, -0.46, 0.1, 0.27), (120, 105, 60))
    return placed(car(what), np.array([PARKED_X, 0.0, PARKED_Z]), np.pi)


def stand(picture: np.ndarray, view: View, rng: np.random.Generator, *, parked: bool) -> list[Thing]:
    """Put the furniture, with its shadows, into the picture (in place), farthest first; the things again.

    Without `parked` the parked car is left out.
    """
    described = [(z, shapes) for z, shapes in furniture(view, rng) if parked or z != PARKED_Z]
    for _, shapes in described:
        trunk = [shape for shape in shapes if isinstance(shape, Face) or shape.radius_m < 0.5]
        darken(picture, shadow(trunk, view))
    things = [Thing(z, sprite(shapes, view)) for z, shapes in described]
    for thing in things:
        lay(picture, thing.sprite)
    return things


def _line(points: list[tuple[float, float, float]], radius_m: float, colour: tuple[float, float, float]) -> Limb:
    return Limb(np.array(points, np.float64), radius_m, colour)


def _tree(x: float, z: float, height: float, rng: np.random.Generator) -> list[Shape]:
    """A trunk and a crown of many leaves-coloured balls, light at the top left."""
    crown = 0.3 * height
    shapes: list[Shape] = [_line([(x, 0, z), (x + 0.05, height * 0.75, z)], 0.035 * height * 0.75, (52, 72, 92))]
    shapes.append(_line([(x, height * 0.45, z), (x + 0.25 * crown, height * 0.7, z)], 0.09, (52, 72, 92)))
    for k in range(150):
        angle, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
        dx, dy = far * np.cos(angle) * crown, far * np.sin(angle) * crown * 0.85
        light = 0.62 + 0.3 * (dy - 0.6 * dx) / crown * 0.6 + 0.18 * k / 150 + float(rng.uniform(-0.08, 0.08))
        colour = (52 * light, 128 * light, 84 * light)
        shapes.append(_line([(x + dx, height * 0.76 + dy, z)], float(rng.uniform(0.14, 0.3)) * crown * 0.8, colour))
    return shapes


def _lamp(x: float, z: float) -> list[Shape]:
    """A street lamp."""
    post = [(x, 0.0, z), (x, 5.2, z), (x + 0.25, 5.5, z), (x + 1.0, 5.6, z)]
    return [
        _line([(x, 0, z), (x, 0.9, z)], 0.12, (66, 70, 66)),
        _line(post, 0.06, (70, 74, 70)),
        _line([(x + 0.9, 5.52, z), (x + 1.35, 5.52, z)], 0.1, (205, 225, 230)),
    ]


def _pillar(x: float, z: float) -> list[Shape]:
    """A round advertising pillar, shaded, with posters."""
    shapes: list[Shape] = []
    for k in range(12):
        left, right = (x + 0.6 * np.sin((a - 6) / 12 * np.pi) for a in (k, k + 1))
        light = 1.05 - 0.05 * k
        corners = [(left, 0.0, z), (right, 0.0, z), (right, 2.7, z), (left, 2.7, z)]
        shapes.append(Face(np.array(corners), (88 * light, 104 * light, 96 * light)))
        for low, high, paper in (
            (0.7, 1.5, (170, 120, 70)),
            (1.6, 2.5, (90, 130, 215)) if k < 7 else (1.6, 2.5, (210, 214, 205)),
        ):
            corners = [(left, low, z), (right, low, z), (right, high, z), (left, high, z)]
            shapes.append(Face(np.array(corners), (paper[0] * light, paper[1] * light, paper[2] * light)))
    shapes.append(_line([(x - 0.55, 2.78, z), (x + 0.55, 2.78, z)], 0.12, (60, 72, 66)))
    shapes.append(_line([(x, 3.0, z)], 0.16, (60, 72, 66)))
    return shapes


def _bench(x: float, z: float) -> list[Shape]:
    """A bench, seen from behind."""
    shapes: list[Shape] = [_line([(x + s, 0, z), (x + s, 0.85, z)], 0.04, (50, 52, 54)) for s in (-0.8, 0.8)]
    shapes += [_line([(x - 0.95, y, z), (x + 0.95, y, z)], 0.055, (60, 100, 150)) for y in (0.45, 0.65, 0.82)]
    return shapes
