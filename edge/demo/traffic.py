"""Who is in the street at a moment, as sprites ready to be laid over the empty street."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64
from edge.demo.cars import PAINT, body, car, placed, turned
from edge.demo.furniture import PARKED_X, PARKED_Z, parked_car
from edge.demo.people import cyclist, figure, walker
from edge.demo.routes import ROUTES, Journey, journeys
from edge.demo.shapes import Face, Limb, Shape, Sprite, shadow, sprite
from edge.demo.truth import LABELS
from edge.demo.view import View

PARKED_ID = -1
_MARGIN_M = 3.5  # beyond the edge of the picture, so that shadows come in before their owners


@dataclass(frozen=True, eq=False, slots=True)
class Passer:
    """One person, car or bicycle as it looks now."""

    id: int
    label: int
    x: float  # metres to the right of the street's middle
    z: float  # metres from the camera
    heading: float  # radians, 0 = to the right, pi / 2 = away
    sprite: Sprite
    shadow: F64  # (P, 2) outline in pixels


class Traffic:
    """All journeys of one street. Time must not go back.

    With `parked`, the car that stands there belongs to it too.
    """

    def __init__(self, seed: int, view: View, *, parked: bool = False) -> None:
        self._view = view
        self._standing = [parked_passer(view)] if parked else []
        self._coming: list[Iterator[Journey]] = [journeys(seed, number) for number in range(len(ROUTES))]
        self._next: list[Journey] = [next(route) for route in self._coming]
        self._under_way: list[Journey] = []

    def at(self, t_s: float) -> list[Passer]:
        """Everybody in view at `t_s`, farthest first."""
        for number, route in enumerate(self._coming):
            while self._next[number].start_s <= t_s:
                self._under_way.append(self._next[number])
                self._next[number] = next(route)
        self._under_way = [journey for journey in self._under_way if journey.end_s > t_s]
        passers = [passer for journey in self._under_way if (passer := self._passer(journey, t_s)) is not None]
        return sorted(passers + self._standing, key=lambda passer: (-passer.z, passer.id))

    def _passer(self, journey: Journey, t_s: float) -> Passer | None:
        """The traveller now, None out of view."""
        way_m, moves = journey.way(t_s)
        x, z, heading = journey.place(way_m)
        if abs(x - self._view.aside_m) > self._view.half_width_m(z) + _MARGIN_M:
            return None
        shapes = _shapes(journey, way_m, np.array([x, 0.0, z]), heading, moves=moves)
        outline = shadow(shapes, self._view)
        return Passer(journey.id, LABELS.index(journey.kind), x, z, heading, sprite(shapes, self._view), outline)


def parked_passer(view: View) -> Passer:
    """The car that never leaves, in the shape of traffic."""
    shapes = parked_car()
    return Passer(
        PARKED_ID, LABELS.index("car"), PARKED_X, PARKED_Z, math.pi, sprite(shapes, view), shadow(shapes, view)
    )


def _shapes(journey: Journey, way_m: float, position: F64, heading: float, *, moves: bool) -> list[Shape]:
    """The traveller's shapes in the world, in the order of drawing."""
    rng = np.random.default_rng(journey.seed)
    if journey.kind == "car":
        return placed(car(body(rng)), position, heading)
    who = figure(rng)
    if journey.kind == "bicycle":
        shapes = cyclist(who, PAINT[int(rng.integers(len(PAINT)))], way_m)
    else:
        shapes = walker(who, way_m, 1.0 if moves else 0.0)
    turn = turned(heading)
    if np.cos(heading) > 0:  # the figures are made to be seen from their left; mirrored, from their right
        turn = turn * np.array([[1.0], [1.0], [-1.0]])
    return [_moved(shape, turn, position) for shape in shapes]


def _moved(shape: Shape, turn: F64, position: F64) -> Shape:
    """The shape in the world."""
    points = shape.points @ turn + position
    if isinstance(shape, Face):
        return Face(points, shape.colour)
    return Limb(points, shape.radius_m, shape.colour, shape.round_trip)
