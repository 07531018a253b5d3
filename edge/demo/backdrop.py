"""The empty street: sky, houses, pavements, road, markings. Drawn once."""

import cv2
import numpy as np

from edge.contracts.types import F32, F64, U8
from edge.demo.routes import CROSSING_X, KERBS_Z, SIDE_STREET_X
from edge.demo.shapes import Colour
from edge.demo.view import NEAREST_M, View

FACADE_Z = 31.0
FAR_Z = 140.0
_ROOF_M = 9.0  # about where facades end
NEAR_Z = 8.0
WIDE_M = 60.0
ASPHALT: Colour = (96, 94, 92)
PAVING: Colour = (148, 154, 160)
KERB: Colour = (178, 182, 186)
WHITE: Colour = (214, 218, 220)
FACADES: tuple[Colour, ...] = (
    (150, 178, 205), (128, 150, 190), (170, 186, 176), (120, 128, 150), (176, 196, 214), (190, 178, 160),
)  # fmt: skip
ROOFS: tuple[Colour, ...] = ((70, 75, 125), (72, 72, 80), (60, 80, 110))


def backdrop(view: View, rng: np.random.Generator) -> U8:
    """The picture (h, w, 3) without anything that moves or stands before the houses."""
    picture = _sky(view)
    _flat(picture, view, (-WIDE_M, WIDE_M), (_near_z(view), FAR_Z), (132, 146, 140))
    _side_street(picture, view)
    _houses(picture, view, rng)
    _ground(picture, view)
    _markings(picture, view)
    return _grain(picture, view, rng)


def ground_depth(view: View) -> F32:
    """(h, w) metres to the ground, the facades and the sky, nothing before them."""
    rows = np.maximum(np.arange(view.height) + 0.5 - view.horizon_px, 1e-3)
    ground = np.minimum(view.focal_px * view.eye_m / rows, FACADE_Z)
    sky = view.horizon_px - view.focal_px * (_ROOF_M - view.eye_m) / FACADE_Z
    ground[: max(int(sky), 0)] = FAR_Z
    return np.repeat(ground.astype(np.float32)[:, None], view.width, axis=1)


def _near_z(view: View) -> float:
    """Where the ground begins: whole metres, below the picture."""
    return float(min(NEAR_Z, max(np.floor(view.nearest_m()), NEAREST_M)))


def _sky(view: View) -> U8:
    """Blue above, hazy at the horizon."""
    share = np.clip(np.arange(view.height) / max(view.horizon_px, 1.0), 0, 1)[:, None, None]
    colour = np.array([225, 180, 135]) * (1 - share) + np.array([235, 228, 220]) * share
    return np.ascontiguousarray(np.broadcast_to(colour, (view.height, view.width, 3))).astype(np.uint8)


def _fill(picture: U8, view: View, points: F64, colour: Colour) -> None:
    """A polygon (P, 3) of the world."""
    flat = np.clip(view.project(points), -20_000, 20_000)
    cv2.fillPoly(picture, [np.rint(flat * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def _flat(picture: U8, view: View, x: tuple[float, float], z: tuple[float, float], colour: Colour) -> None:
    """A rectangle on the ground."""
    corners = [(x[0], 0, z[0]), (x[1], 0, z[0]), (x[1], 0, z[1]), (x[0], 0, z[1])]
    _fill(picture, view, np.array(corners, np.float64), colour)


def _upright(picture: U8, view: View, x: tuple[float, float], y: tuple[float, float], colour: Colour) -> None:
    """A rectangle on the plane of the facades."""
    corners = [(x[0], y[0], FACADE_Z), (x[1], y[0], FACADE_Z), (x[1], y[1], FACADE_Z), (x[0], y[1], FACADE_Z)]
    _fill(picture, view, np.array(corners, np.float64), colour)


def _side_street(picture: U8, view: View) -> None:
    """The street that leads away, its pavements and the walls along it."""
    left, right = SIDE_STREET_X
    _flat(picture, view, (left - 1.8, right + 1.8), (KERBS_Z[1], FAR_Z), PAVING)
    _flat(picture, view, (left, right), (KERBS_Z[1], FAR_Z), ASPHALT)
    for wall, heights in ((left - 1.8, (9.5, 8.0, 10.5, 7.5)), (right + 1.8, (8.5, 10.0, 7.0, 9.0))):
        ends = (FACADE_Z, 46.0, 66.0, 95.0, FAR_Z)
        for k in (3, 2, 1, 0):
            haze = 0.2 * k
            base = np.array(FACADES[(k * 2 + (wall > 0) * 1 + int(wall)) % len(FACADES)]) * (0.72 if wall < 5 else 0.9)
            colour = tuple((base * (1 - haze) + np.array([215, 208, 200]) * haze).tolist())
            near, far = ends[k], ends[k + 1]
            wall_corners = [(wall, 0, near), (wall, heights[k], near), (wall, heights[k], far), (wall, 0, far)]
            _fill(picture, view, np.array(wall_corners, np.float64), colour)
            _side_windows(picture, view, wall, (near, far), heights[k], tuple(c * 0.6 for c in colour))


def _side_windows(
    picture: U8, view: View, wall: float, z: tuple[float, float], height: float, colour: tuple[float, ...]
) -> None:
    """Windows on a wall along the side street."""
    for floor in range(int(height // 3)):
        for near in np.arange(z[0] + 1.2, z[1] - 1.6, 3.0):
            low = floor * 3 + 0.9
            corners = [
                (wall, low, near),
                (wall, low + 1.5, near),
                (wall, low + 1.5, near + 1.3),
                (wall, low, near + 1.3),
            ]
            _fill(picture, view, np.array(corners, np.float64), colour)  # type: ignore[arg-type]


def _houses(picture: U8, view: View, rng: np.random.Generator) -> None:
    """Two rows of houses, left and right of the side street."""
    for start, step in ((SIDE_STREET_X[0] - 1.8, -1), (SIDE_STREET_X[1] + 1.8, 1)):
        edge, before = start, -1
        while abs(edge) < view.half_width_m(FACADE_Z) + abs(view.aside_m) + 2:
            width, floors = float(rng.uniform(6.5, 10.0)), int(rng.integers(2, 4))
            choice = int(rng.choice([k for k in range(len(FACADES)) if k != before]))
            before = choice
            x = (edge, edge + width) if step > 0 else (edge - width, edge)
            _house(picture, view, x, floors, FACADES[choice], rng)
            edge += step * width


def _house(
    picture: U8, view: View, x: tuple[float, float], floors: int, colour: Colour, rng: np.random.Generator
) -> None:
    """One facade with its roof, windows and ground floor."""
    top = 0.6 + 3.0 * floors + float(rng.uniform(0, 0.6))
    roof = ROOFS[int(rng.integers(len(ROOFS)))]
    corners = [
        (x[0] - 0.2, top, FACADE_Z),
        (x[1] + 0.2, top, FACADE_Z),
        (x[1] - 0.9, top + 2, 34.0),
        (x[0] + 0.9, top + 2, 34.0),
    ]
    _fill(picture, view, np.array(corners, np.float64), roof)
    _upright(picture, view, x, (0, top), colour)
    _upright(picture, view, x, (0, 0.5), _shade(colour, 0.7))
    _upright(picture, view, x, (top - 0.25, top), _shade(colour, 1.15))
    shop = bool(rng.random() < 0.6)
    count = max(2, round((x[1] - x[0]) / 2.4))
    for floor in range(floors):
        for k in range(count):
            middle = x[0] + (k + 0.5) * (x[1] - x[0]) / count
            if floor == 0 and shop:
                continue
            door = floor == 0 and k == count // 2
            _window(picture, view, middle, (0.0 if door else floor * 3 + 1.1), 2.3 if door else 1.6, colour, rng)
    if shop:
        awning = FACADES[int(rng.integers(len(FACADES)))]
        _upright(picture, view, (x[0] + 0.6, x[1] - 0.6), (0.4, 2.5), (84, 76, 66))
        _upright(picture, view, (x[0] + 0.7, (x[0] + x[1]) / 2 - 0.1), (0.6, 2.4), (140, 128, 108))
        _upright(picture, view, ((x[0] + x[1]) / 2 + 0.1, x[1] - 0.7), (0.6, 2.4), (128, 118, 100))
        _upright(picture, view, (x[0] + 0.4, x[1] - 0.4), (2.5, 3.1), _shade(awning, 0.75))


def _window(
    picture: U8, view: View, middle: float, low: float, high: float, wall: Colour, rng: np.random.Generator
) -> None:
    """Frame, glass and a lighter pane that mirrors the sky."""
    glass = float(rng.uniform(0.8, 1.15))
    _upright(picture, view, (middle - 0.58, middle + 0.58), (low - 0.1, low + high + 0.1), _shade(wall, 1.2))
    _upright(picture, view, (middle - 0.48, middle + 0.48), (low, low + high), _shade((112, 96, 80), glass))
    _upright(
        picture, view, (middle - 0.48, middle - 0.06), (low + high * 0.45, low + high), _shade((168, 150, 128), glass)
    )
    _upright(picture, view, (middle - 0.7, middle + 0.7), (low - 0.22, low - 0.1), _shade(wall, 0.8))


def _ground(picture: U8, view: View) -> None:
    """Pavements with joints, kerbs and the road."""
    near, far = KERBS_Z
    for low, high in ((_near_z(view), near), (far, FACADE_Z)):
        _flat(picture, view, (-WIDE_M, WIDE_M), (low, high), PAVING)
        for z in np.arange(low, high, 1.0):
            _flat(picture, view, (-WIDE_M, WIDE_M), (z, z + 0.03), _shade(PAVING, 0.9))
        for x in np.arange(-30, 30, 1.5):
            _flat(picture, view, (x, x + 0.035), (low, high), _shade(PAVING, 0.92))
    _flat(picture, view, (-WIDE_M, WIDE_M), (near, far), ASPHALT)
    _flat(picture, view, (-WIDE_M, WIDE_M), (near - 0.25, near), KERB)
    _flat(picture, view, (-WIDE_M, WIDE_M), (far, far + 0.25), KERB)
    left, right = SIDE_STREET_X
    mouth = [(left - 1.2, 0, far), (right + 1.2, 0, far), (right, 0, FACADE_Z), (left, 0, FACADE_Z)]
    _fill(picture, view, np.array(mouth, np.float64), ASPHALT)


def _markings(picture: U8, view: View) -> None:
    """Lane lines, the zebra crossing, stop lines."""
    middle = sum(KERBS_Z) / 2
    left, right = CROSSING_X
    for x in np.arange(-36, 36, 4.0):
        if not left - 3.5 < x < right + 0.8:
            _flat(picture, view, (x, x + 2.0), (middle - 0.07, middle + 0.07), WHITE)
    for z in np.arange(KERBS_Z[0] + 0.4, KERBS_Z[1] - 0.3, 1.0):
        _flat(picture, view, (left, right), (z, z + 0.5), WHITE)
    _flat(picture, view, (left - 1.6, left - 1.2), (KERBS_Z[0] + 0.3, middle - 0.2), WHITE)
    _flat(picture, view, (right + 1.2, right + 1.6), (middle + 0.2, KERBS_Z[1] - 0.3), WHITE)
    for z in np.arange(34, 100, 6.0):
        centre = sum(SIDE_STREET_X) / 2
        _flat(picture, view, (centre - 0.06, centre + 0.06), (z, z + 2.5), WHITE)


def _grain(picture: U8, view: View, rng: np.random.Generator) -> U8:
    """Stone and plaster are never of one colour: fine grain, broad stains."""
    fine: F32 = rng.normal(0, 3.0, picture.shape[:2]).astype(np.float32)
    broad = cv2.resize(
        rng.normal(0, 4.0, (9, 16)).astype(np.float32), (view.width, view.height), interpolation=cv2.INTER_CUBIC
    )
    texture = cv2.GaussianBlur(fine, (0, 0), 0.7) * 1.5 + broad
    texture[: max(int(view.horizon_px * 0.6), 0)] *= 0.3
    return np.clip(picture + texture[..., None], 0, 255).astype(np.uint8)


def _shade(colour: Colour, factor: float) -> Colour:
    """A darker or lighter colour."""
    return min(colour[0] * factor, 255.0), min(colour[1] * factor, 255.0), min(colour[2] * factor, 255.0)
