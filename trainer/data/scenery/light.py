"""Dusk and night over a street that was drawn by day: less and other light from the sky, lamps, lit windows, cars."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.random import Generator

from edge.contracts.types import F32
from edge.demo.backdrop import FACADE_Z
from edge.demo.routes import SIDE_STREET_X
from edge.demo.traffic import PARKED_ID, Passer
from edge.demo.truth import LABELS
from edge.demo.view import View
from trainer.data.scenery.look import Hour

SKY: Mapping[Hour, tuple[tuple[float, float, float], tuple[float, float, float]]] = {  # BGR at strength 0 and 1
    Hour.DAY: ((1.0, 1.0, 1.0), (0.92, 0.96, 1.0)),
    Hour.DUSK: ((0.72, 0.72, 0.86), (0.58, 0.48, 0.55)),
    Hour.NIGHT: ((0.42, 0.36, 0.32), (0.26, 0.2, 0.17)),
}
LAMPS: Mapping[Hour, float] = {Hour.DAY: 0.0, Hour.DUSK: 0.3, Hour.NIGHT: 0.75}
_LAMP_XZ = ((-7.9, 26.6), (6.7, 15.4))  # where the furniture's lamps have their heads
_LAMP_M, _POOL_M = 5.5, 5.0
_BEFORE_M = 2.6  # a car has one distance, that of its middle
_WARM = np.array([0.55, 0.8, 1.0], np.float32)
_HEAD, _TAIL = (215.0, 245.0, 255.0), (40.0, 40.0, 230.0)


def lit(picture: F32, depth: F32, passers: Sequence[Passer], view: View, hour: Hour, strength: float) -> F32:
    """The picture (h, w, 3), 0..255, by the light of that hour.

    Args:
        picture: as it was drawn, by day.
        depth: (h, w) metres.
        passers: those who carry lights.
        view: where the camera is.
        hour: dusk, say.
        strength: how far the hour has gone, 0..1.
    """
    first, last = np.array(SKY[hour], np.float32)
    sky = first + (last - first) * np.float32(strength)
    if hour is Hour.DAY:
        return picture * sky
    lamps = LAMPS[hour]
    light = sky + lamps * _pools(depth, view)[..., None] * _WARM
    return picture * light + _emitted(depth, passers, view, lamps)


def lit_windows(view: View, random: Generator, share: float) -> F32:
    """(h, w, 3) light of the windows behind which somebody is at home, on the plane of the facades."""
    glow = np.zeros((view.height, view.width, 3), np.float32)
    left, right = SIDE_STREET_X
    for x in np.arange(-27.0, 27.0, 2.3):
        for low in (1.1, 4.1):
            if random.random() < share and not left - 3 < x < right + 2:
                corners = [(x + dx, low + dy, FACADE_Z) for dx, dy in ((0, 0), (0.96, 0), (0.96, 1.6), (0, 1.6))]
                flat = np.rint(view.project(np.array(corners, np.float64)) * 16).astype(np.int32)
                colour = (np.array([60, 130, 180]) * random.uniform(0.4, 1.0)).tolist()
                cv2.fillPoly(glow, [flat], colour, cv2.LINE_8, 4)
    return glow


def _pools(depth: F32, view: View) -> F32:
    """(h, w) 0..1: how near a lamp is to what is seen, by depth and column."""
    columns = np.arange(view.width, dtype=np.float32)[None] + 0.5 - view.width / 2
    x = columns * depth / np.float32(view.focal_px) + np.float32(view.aside_m)
    pools = [np.exp(-(((x - lx) ** 2 + (depth - lz) ** 2) / (2 * _POOL_M**2))) for lx, lz in _LAMP_XZ]
    return np.minimum(np.sum(pools, axis=0), 1.0).astype(np.float32)


def _emitted(depth: F32, passers: Sequence[Passer], view: View, lamps: float) -> F32:
    """(h, w, 3) light that comes straight from lamps and cars, with its bloom."""
    glow = np.zeros((*depth.shape, 3), np.float32)
    for x, z in _LAMP_XZ:
        _spot(glow, depth, view, (x, _LAMP_M, z), 0.22, (190.0, 235.0, 255.0))
    car = LABELS.index("car")
    for passer in passers:
        if passer.label == car and passer.id != PARKED_ID:
            _car_lights(glow, depth, view, passer)
    bloom = cv2.GaussianBlur(glow, (0, 0), max(view.width / 120, 1.0))
    return glow * min(1.0, 1.3 * lamps) + bloom * (2.2 * lamps)


def _car_lights(glow: F32, depth: F32, view: View, passer: Passer) -> None:
    """Head and tail lights of the ends that can be seen."""
    ahead, away = float(np.cos(passer.heading)), float(np.sin(passer.heading))
    for sign, colour, radius in ((1, _HEAD, 0.17), (-1, _TAIL, 0.12)):
        if sign * away > 0.5:  # that end looks away from the camera
            continue
        for aside in (-0.68, 0.68):
            x, z = passer.x + sign * 2.1 * ahead - aside * away, passer.z + sign * 2.1 * away + aside * ahead
            if aside * ahead <= 0.3:  # the lamp on the near side
                _spot(glow, depth, view, (x, 0.65, z), radius, colour)


def _spot(
    glow: F32,
    depth: F32,
    view: View,
    place: tuple[float, float, float],
    radius_m: float,
    colour: tuple[float, float, float],
) -> None:
    """Add a round light, in place, where nothing is before it."""
    u, v = view.project(np.array(place, np.float64)).tolist()
    radius = max(1, round(radius_m * view.per_metre(place[2])))
    inside = 0 <= u < view.width and 0 <= v < view.height
    if inside and depth[int(v), int(u)] > place[2] - _BEFORE_M:
        cv2.circle(glow, (round(u), round(v)), radius, colour, -1, cv2.LINE_AA)
