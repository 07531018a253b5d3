"""Exact tracks of the rendered street, without rendering it: where everybody's outline is at any time.

Each street has traffic, and a camera, of its own: half of the cameras are the demonstration's, the others hang and
look elsewhere. Outlines are those of the figures that are drawn, cut off at the edges of the picture, as the truth
of the rendered pictures is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, U8
from edge.demo.cars import body, car
from edge.demo.people import cyclist, figure, walker
from edge.demo.routes import ROUTES, Journey, journeys
from edge.demo.shapes import Limb, Shape
from edge.demo.street import Street
from edge.demo.view import View
from trainer.data.scenery.look import drawn_look
from trainer.recorded.scene import Picture, Scene, Track, Unit

SIZE = (1280, 720)
SECONDS, FPS = 60.0, 10.0
PHASES = 12  # in which a stride or a turn of the pedals is looked at
STRIDE_M, CRANK_M = 0.84, 1.6 * 2 * np.pi  # per body height; per turn
LEAST_SIDE_PX = 4.0  # of an outline that a detector could make out
REACH_M = 0.6  # before and behind, between which a heading is taken
GREY = (120.0, 120.0, 120.0)
Stage = Callable[[Journey], Journey]  # where journeys really lead: a street that is turned, say


@dataclass(frozen=True, eq=False, slots=True)
class Outline:
    """The corners of one figure in local metres (forward, up, left), phase by phase."""

    points: F64  # (PHASES, P, 3)
    radius_m: F64  # (P,)
    cycle_m: float  # way in which all phases pass
    still: F64  # (P, 3) when it stands


def street_scenes(
    seeds: range, *, varied: bool = True, seconds: float = SECONDS, fps: float = FPS
) -> tuple[Scene, ...]:
    """A scene for each seed.

    Args:
        seeds: of the streets; the demonstration's are small numbers.
        varied: whether cameras differ; otherwise all are the demonstration's.
        seconds: length of each scene.
        fps: how often its objects are seen.
    """
    return tuple(_scene(seed, _view(seed) if varied else View(*SIZE), seconds, fps) for seed in seeds)


def _view(seed: int) -> View:
    return drawn_look(np.random.default_rng((seed, 11)), SIZE).view


def filmed(seed: int, view: View, t_s: F64, stage: Stage = lambda journey: journey) -> tuple[Track, ...]:
    """Everybody whom a camera sees.

    Args:
        seed: of the street.
        view: the camera.
        t_s: (n,) when pictures are taken, ascending.
        stage: where journeys really lead, in the camera's world.
    """
    return tuple(track for number in range(len(ROUTES)) for track in _route(seed, number, view, t_s, stage))


def _scene(seed: int, view: View, seconds: float, fps: float) -> Scene:
    tracks = filmed(seed, view, np.arange(round(seconds * fps)) / fps)
    return Scene(f"street/{seed}", Unit.HEIGHTS, view.width / view.height, tracks, picture=_drawn(seed, view))


def _drawn(seed: int, view: View) -> Picture:
    def picture(t_s: float) -> U8:
        return Street(seed, view=view).at(t_s)[0]

    return picture


def _route(seed: int, number: int, view: View, t_s: F64, stage: Stage) -> Iterator[Track]:
    """The tracks of all who take one route while it is looked at."""
    for journey in journeys(seed, number):
        if journey.start_s > t_s[-1]:
            return
        if journey.end_s > t_s[0]:
            track = _track(stage(journey), view, t_s[(t_s >= journey.start_s) & (t_s < journey.end_s)])
            if track is not None:
                yield track


def _track(journey: Journey, view: View, t_s: F64) -> Track | None:
    """One journey as far as it is in the picture."""
    if not len(t_s):
        return None
    ways = [journey.way(float(at)) for at in t_s]
    way_m, moves = np.array([way for way, _ in ways]), np.array([moves for _, moves in ways])
    place = _places(journey, way_m)
    near = np.abs(place[:, 0] - view.aside_m) < view.width / view.focal_px * place[:, 1]  # twice what can be seen
    if near.sum() < 2:
        return None
    t_s, place = t_s[near], place[near]
    box = _boxes(outline(journey), way_m[near], moves[near], place, view)
    limits = np.array([view.width, view.height], np.float64)
    low, high = np.clip(box[:, 0], 0, limits), np.clip(box[:, 1], 0, limits)
    inside = (high - low >= LEAST_SIDE_PX).all(axis=1) & (place[:, 1] > view.nearest_m() / 2)
    if inside.sum() < 2:
        return None
    centre, size = (low + high)[inside] / 2 / view.height, (high - low)[inside] / view.height
    return Track(str(journey.id), journey.kind, t_s[inside], centre, size)


def _places(journey: Journey, way_m: F64) -> F64:
    """(n, 3) `Journey.place` of all these ways."""
    at, ahead, behind = (
        np.stack([np.interp(way_m + by, journey.along_m, journey.path[:, axis]) for axis in (0, 1)], axis=1)
        for by in (0.0, REACH_M, -REACH_M)
    )
    heading = np.arctan2(ahead[:, 1] - behind[:, 1], ahead[:, 0] - behind[:, 0])
    return np.concatenate([at, heading[:, None]], axis=1)


def outline(journey: Journey) -> Outline:
    """The figure of who makes the journey, as `edge.demo.traffic` draws it."""
    random = np.random.default_rng(journey.seed)
    if journey.kind == "car":
        shapes = [list[Shape](car(body(random)))]
        return _outline(shapes * PHASES, list(shapes[0]), 1.0)
    who = figure(random)
    if journey.kind == "bicycle":
        phases = [cyclist(who, GREY, CRANK_M * phase / PHASES) for phase in range(PHASES)]
        return _outline(phases, phases[0], CRANK_M)
    cycle_m = STRIDE_M * who.height_m
    return _outline(
        [walker(who, cycle_m * phase / PHASES, 1.0) for phase in range(PHASES)], walker(who, 0.0, 0.0), cycle_m
    )


def _outline(phases: list[list[Shape]], still: list[Shape], cycle_m: float) -> Outline:
    radius = [np.full(len(shape.points), shape.radius_m if isinstance(shape, Limb) else 0.0) for shape in still]
    return Outline(np.stack([_points(shapes) for shapes in phases]), np.concatenate(radius), cycle_m, _points(still))


def _points(shapes: list[Shape]) -> F64:
    return np.concatenate([shape.points for shape in shapes])


def _boxes(who: Outline, way_m: F64, moves: F64, place: F64, view: View) -> F64:
    """(n, 2, 2) left top and right bottom, pixels, not cut off.

    Args:
        who: the figure.
        way_m: (n,) gone so far.
        moves: (n,) whether it does.
        place: (n, 3) x, z, heading.
        view: the camera.
    """
    phase = np.rint(way_m / who.cycle_m * PHASES).astype(int) % PHASES
    local = np.where(moves[:, None, None], who.points[phase], who.still)
    cos, sin = np.cos(place[:, 2, None]), np.sin(place[:, 2, None])
    forward, up, left = np.moveaxis(local, 2, 0)
    world = np.stack(
        [place[:, 0, None] + cos * forward - sin * left, up, place[:, 1, None] + sin * forward + cos * left], -1
    )
    flat = view.project(world)
    reach = who.radius_m * view.focal_px / np.maximum(world[..., 2], 2.0)
    return np.stack([(flat - reach[..., None]).min(axis=1), (flat + reach[..., None]).max(axis=1)], axis=1)
