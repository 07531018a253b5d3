"""People who walk and people who ride, as limbs and faces; every one looks a little different."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64
from edge.demo.shapes import Colour, Limb, Shape

SKIN: tuple[Colour, ...] = ((150, 180, 225), (120, 160, 210), (80, 115, 165), (50, 75, 110))
CLOTHES: tuple[Colour, ...] = (
    (60, 60, 200), (190, 90, 40), (60, 140, 60), (40, 170, 220), (150, 60, 140), (220, 220, 225), (45, 45, 50),
    (90, 90, 100), (180, 150, 60), (70, 100, 160), (30, 110, 190), (200, 190, 160),
)  # fmt: skip
HAIR: tuple[Colour, ...] = ((30, 35, 45), (40, 70, 110), (90, 140, 180), (120, 120, 125))


@dataclass(frozen=True, slots=True)
class Figure:
    """How a person looks."""

    height_m: float
    build: float  # 1 = usual
    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    bag: Colour
    carries: bool


def figure(rng: np.random.Generator) -> Figure:
    """Somebody."""

    def pick(colours: Sequence[Colour]) -> Colour:
        return colours[int(rng.integers(len(colours)))]

    return Figure(
        float(rng.uniform(1.5, 1.92)), float(rng.uniform(0.85, 1.25)), pick(SKIN), pick(HAIR), pick(CLOTHES),
        pick(CLOTHES), pick(CLOTHES), bool(rng.random() < 0.4),
    )  # fmt: skip


def walker(who: Figure, walked_m: float, striding: float) -> list[Shape]:
    """A walking person in local metres (forward, up, left), feet at 0.

    Args:
        who: the looks.
        walked_m: the way walked so far, which moves the legs.
        striding: 0 = stands, 1 = walks.
    """
    h, b = who.height_m, who.build
    phase = walked_m / (0.42 * h) * math.pi
    swing = 0.2 * h * math.sin(phase) * striding
    hip, shoulder = 0.52 * h, 0.81 * h + 0.008 * h * abs(math.cos(phase))
    darker = _times(who.trousers, 0.8)
    shapes: list[Shape] = [
        _leg(hip, -swing, -0.09 * b, darker, h, b),
        _arm(shoulder, swing * 0.9, -0.2 * b, _times(who.top, 0.8), h, b),
        _leg(hip, swing, 0.09 * b, who.trousers, h, b),
        _limb([(0, hip - 0.02 * h, 0), (0.02 * h, shoulder - 0.06 * h, 0)], 0.105 * h * b, who.top),
        _limb(
            [(0.02 * h, shoulder - 0.05 * h, -0.13 * b), (0.02 * h, shoulder - 0.05 * h, 0.13 * b)], 0.06 * h, who.top
        ),
        _arm(shoulder, -swing * 0.9, 0.2 * b, _times(who.top, 0.92), h, b),
        _limb([(0.03 * h, 0.925 * h, 0)], 0.068 * h, who.hair),
        _limb([(0.05 * h, 0.908 * h, 0)], 0.055 * h, who.skin),
    ]
    if who.carries:
        shapes.insert(
            3, _limb([(-0.14 * h, hip + 0.06 * h, 0), (-0.12 * h, shoulder - 0.1 * h, 0)], 0.075 * h, who.bag)
        )
    return shapes


def cyclist(who: Figure, frame: Colour, ridden_m: float) -> list[Shape]:
    """A person on a bicycle in local metres (forward, up, left), wheels on 0, the centre between them."""
    crank = ridden_m / 1.6
    spin = np.array([math.cos(crank), -math.sin(crank)]) * 0.16
    pedal = np.array([0.0, 0.3])
    hip, shoulder = (-0.18, 0.98), (0.14, 1.46)
    shapes: list[Shape] = [_leg_to_pedal(hip, pedal - spin, -0.1, _times(who.trousers, 0.75))]
    shapes += [_wheel(-0.52), _wheel(0.52)]
    for line in (((-0.52, 0.34), (-0.2, 0.85), (0.4, 0.85), (0.0, 0.3), (-0.52, 0.34)), ((0.4, 0.85), (0.52, 0.34))):
        shapes.append(_limb([(x, y, 0) for x, y in line], 0.03, frame))
    shapes += [
        _limb([(-0.3, 0.95, 0), (-0.1, 0.95, 0)], 0.05, (30, 30, 30)),
        _limb([(*hip, 0), (*shoulder, 0)], 0.15 * who.build, who.top),
        _leg_to_pedal(hip, pedal + spin, 0.1, who.trousers),
        _limb([(*shoulder, 0.16), (0.36, 1.2, 0.2), (0.45, 1.02, 0.2)], 0.055, _times(who.top, 0.9)),
        _limb([(0.24, 1.68, 0)], 0.12, who.bag if who.carries else who.hair),
        _limb([(0.27, 1.65, 0)], 0.095, who.skin),
    ]
    return shapes


def _leg(hip: float, swing: float, side: float, colour: Colour, h: float, b: float) -> Limb:
    """Hip, knee, foot."""
    lift = max(0.0, -swing) * 0.25
    knee = (swing * 0.55 + 0.03 * h, hip * 0.52, side)
    return _limb(
        [(0, hip, side * 0.6), knee, (swing, 0.06 + lift, side), (swing + 0.1, 0.05 + lift, side)],
        0.045 * h * b,
        colour,
    )


def _arm(shoulder: float, swing: float, side: float, colour: Colour, h: float, b: float) -> Limb:
    """Shoulder, elbow, hand."""
    hand = (swing * 0.9 + 0.03 * h, shoulder - 0.32 * h, side)
    return _limb(
        [(0.02 * h, shoulder - 0.04 * h, side), (swing * 0.35, shoulder - 0.18 * h, side), hand], 0.03 * h * b, colour
    )


def _leg_to_pedal(hip: tuple[float, float], pedal: F64, side: float, colour: Colour) -> Limb:
    """A rider's leg."""
    knee = ((hip[0] + pedal[0]) / 2 + 0.24, (hip[1] + pedal[1]) / 2 + 0.1, side)
    return _limb([(*hip, side), knee, (float(pedal[0]), float(pedal[1]), side)], 0.07, colour)


def _wheel(forward: float) -> Limb:
    """A tyre."""
    angle = np.linspace(0, 2 * math.pi, 18, endpoint=False)
    ring = np.stack([forward + 0.33 * np.cos(angle), 0.34 + 0.33 * np.sin(angle), np.zeros(18)], axis=-1)
    return Limb(ring, 0.025, (35, 35, 38), round_trip=True)


def _limb(points: Sequence[tuple[float, float, float]], radius_m: float, colour: Colour) -> Limb:
    """A limb through these local points."""
    return Limb(np.array(points, np.float64), radius_m, colour)


def _times(colour: Colour, factor: float) -> Colour:
    """A darker or lighter colour."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor
