"""Cars as lit faces: a body, a cabin of glass and roof, wheels and lights."""

import math
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64
from edge.demo.shapes import Colour, Face, Shape

PAINT: tuple[Colour, ...] = (
    (45, 45, 190), (150, 75, 30), (225, 225, 228), (60, 60, 64), (165, 165, 168), (60, 120, 70), (40, 150, 210),
    (120, 40, 70), (190, 170, 90), (30, 80, 150),
)  # fmt: skip
GLASS: Colour = (95, 80, 66)
_LIGHT = np.array([-0.45, 0.75, -0.48])


@dataclass(frozen=True, slots=True)
class Body:
    """How a car looks; the cabin's four corners are fractions of the length, from the middle, positive forward."""

    length_m: float
    width_m: float
    height_m: float
    waist_m: float
    cabin: tuple[
        float, float, float, float
    ]  # rear at the waist, rear at the roof, front at the roof, front at the waist
    paint: Colour


CABINS = ((-0.42, -0.3, 0.05, 0.24), (-0.5, -0.46, 0.1, 0.27), (-0.5, -0.49, 0.3, 0.42))  # saloon, hatchback, van


def body(rng: np.random.Generator) -> Body:
    """Some car."""
    kind = int(rng.choice(3, p=(0.4, 0.42, 0.18)))
    length = float(rng.uniform(*((4.3, 4.8), (3.5, 4.2), (4.7, 5.3))[kind]))
    height = float(rng.uniform(*((1.4, 1.48), (1.45, 1.6), (1.9, 2.2))[kind]))
    paint = PAINT[int(rng.integers(len(PAINT)))]
    return Body(length, 1.95 if kind == 2 else 1.8, height, 1.15 if kind == 2 else 0.9, CABINS[kind], paint)


def car(what: Body) -> list[Face]:
    """The faces of a car in local metres (forward, up, left), wheels on 0."""
    half, side = what.length_m / 2, what.width_m / 2
    low, waist, roof = 0.28, what.waist_m, what.height_m
    faces = _box(((-half, low), (-half * 1.0, waist), (half * 0.96, waist * 0.93), (half, low)), side, side, what.paint)
    rear, rear_top, front_top, front = (x * what.length_m for x in what.cabin)
    cabin = _box(
        ((rear, waist), (rear_top, roof), (front_top, roof), (front, waist * 0.97)), side * 0.97, side * 0.8, GLASS
    )
    top = [(rear_top, roof + 0.02, s) for s in (-side * 0.8, side * 0.8)]
    top += [(front_top, roof + 0.02, s) for s in (side * 0.8, -side * 0.8)]
    faces += [*cabin, Face(np.array(top), what.paint)]
    for sign in (-1, 1):
        faces += _details(what, sign, side, half)
    return faces


def placed(faces: list[Face], position: F64, heading: float) -> list[Shape]:
    """The faces in the world, lit, farthest first."""
    turn = turned(heading)
    eye = np.array([0.0, 6.0, 0.0])
    world = [Face(face.points @ turn + position, face.colour) for face in faces]
    middle = position + np.array([0.0, 0.7, 0.0])
    world.sort(key=lambda face: -float(np.linalg.norm(face.points.mean(axis=0) - eye)))
    return [Face(face.points, _lit(face, middle)) for face in world]


def turned(heading: float) -> F64:
    """Matrix (3, 3) from local rows (forward, up, left) to world rows (x, y, z); heading 0 = along +x."""
    c, s = math.cos(heading), math.sin(heading)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def _box(profile: tuple[tuple[float, float], ...], low_side: float, high_side: float, colour: Colour) -> list[Face]:
    """Two sides and what spans them, for a profile of (forward, up): rear low, rear high, front high, front low."""
    sides = (low_side, high_side, high_side, low_side)
    left = np.array([(x, y, s) for (x, y), s in zip(profile, sides, strict=True)])
    right = left * (1, 1, -1)
    spans = [np.array([left[k], left[(k + 1) % 4], right[(k + 1) % 4], right[k]]) for k in range(3)]
    return [Face(left, colour), Face(right, colour), *(Face(span, colour) for span in spans)]


def _details(what: Body, sign: int, side: float, half: float) -> list[Face]:
    """Wheels, pillar and lights of one side, a little outside the body so that they are drawn after it."""
    faces: list[Face] = []
    angle = np.linspace(0, 2 * math.pi, 14, endpoint=False)
    for forward in (-0.31 * what.length_m, 0.31 * what.length_m):
        for radius, out, colour in ((0.34, 0.03, (28, 28, 30)), (0.2, 0.06, (150, 150, 152))):
            ring = [forward + radius * np.cos(angle), 0.34 + radius * np.sin(angle), np.full(14, sign * (side + out))]
            faces.append(Face(np.stack(ring, axis=-1), colour))
    pillar, wide = (what.cabin[1] + what.cabin[2]) / 2 * what.length_m, 0.05
    top, bottom = sign * side * 0.82, sign * side * 0.99
    corners = [(pillar - wide, what.waist_m, bottom), (pillar - wide, what.height_m, top)]
    corners += [(pillar + wide, what.height_m, top), (pillar + wide, what.waist_m, bottom)]
    faces.append(Face(np.array(corners), what.paint))
    for end, colour in ((half + 0.03, (190, 235, 250)), (-half - 0.03, (40, 40, 200))):
        lamp = [(end, y, sign * s) for y, s in ((0.55, 0.5), (0.75, 0.5), (0.75, 0.85), (0.55, 0.85))]
        faces.append(Face(np.array(lamp), colour))
    return faces


def _lit(face: Face, middle: F64) -> Colour:
    """The face's colour by how much it is turned to the sun."""
    normal = np.cross(face.points[1] - face.points[0], face.points[2] - face.points[0])
    normal /= max(float(np.linalg.norm(normal)), 1e-9)
    if normal @ (face.points.mean(axis=0) - middle) < 0:
        normal = -normal
    factor = 0.62 + 0.5 * max(0.0, float(normal @ _LIGHT))
    return tuple(min(c * factor, 255.0) for c in face.colour)  # type: ignore[return-value]
