"""Drawing what the chain saw and expects onto its pictures, for people: clips, contact sheets, snapshots."""

import itertools
import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from edge.contracts.types import F32, U8, Forecasts, Tracks

Polygon = Sequence[tuple[float, float]]
Shapes = Mapping[str, Polygon]
Colour = tuple[int, int, int]  # BGR
Pixel = tuple[int, int]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_ZONE: Colour = (200, 160, 60)
_ALARM: Colour = (40, 40, 230)
STIRS = 0.02  # frame fractions that an object must be forecast to move for its path to be drawn
FAINTEST = 0.05  # ways that are less likely are not drawn
_INK: Colour = (255, 255, 255)
_SHADE: Colour = (20, 20, 20)


def colour_of(track: int) -> Colour:
    """A saturated colour for a track id; neighbouring ids look different (golden-angle hues)."""
    hue = int(track * 137.508 / 2) % 180
    blue, green, red = cv2.cvtColor(np.array([[[hue, 200, 255]]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0].tolist()
    return blue, green, red


def to_pixels(points: F32, picture: U8) -> list[tuple[int, int]]:
    """Points (..., 2) in frame fractions as pixel positions of a picture."""
    height, width = picture.shape[:2]
    scaled = np.nan_to_num(points.reshape(-1, 2)) * (width, height)
    return [(int(x), int(y)) for x, y in np.clip(scaled, -30_000, 30_000)]


def draw_zones(picture: U8, zones: Shapes, lines: Shapes) -> None:
    """Zones as tinted outlines, crossing lines as strokes, each with its name. Draws into `picture`."""
    for name, shape in (*zones.items(), *lines.items()):
        points = to_pixels(np.array(shape, np.float32), picture)
        cv2.polylines(picture, [np.array(points, np.int32)], name in zones, _ZONE, 2, cv2.LINE_AA)
        caption(picture, name, points[0], _ZONE)


def draw_tracks(picture: U8, tracks: Tracks, names: Mapping[int, str]) -> None:
    """Boxes with id and name, and the path walked so far. Lost tracks are thin. Draws into `picture`."""
    for row, track in enumerate(tracks.id.tolist()):
        colour = colour_of(track)
        top_left, bottom_right = to_pixels(tracks.box[row], picture)
        cv2.rectangle(picture, top_left, bottom_right, colour, 1 if tracks.lost_s[row] > 0 else 2, cv2.LINE_AA)
        caption(picture, f"{track} {names.get(track, '')}", top_left, colour)
        walked = tracks.history[row][~np.isnan(tracks.history_age_s[row])]
        if len(walked) > 1:
            foot = np.stack([(walked[:, 0] + walked[:, 2]) / 2, walked[:, 3]], axis=-1)
            cv2.polylines(picture, [np.array(to_pixels(foot, picture), np.int32)], False, colour, 1, cv2.LINE_AA)


def draw_forecasts(picture: U8, tracks: Tracks, forecasts: Forecasts) -> None:
    """The predicted paths of the foot point of what is in sight and moves: each way that it may go.

    The likelier a way, the stronger its colour; rings are 1 sd of it, at its first second and at the last horizon.
    Draws into `picture`.
    """
    foot_of_tracks = np.stack([(tracks.box[:, 0] + tracks.box[:, 2]) / 2, tracks.box[:, 3]], axis=-1)
    below = np.zeros((len(tracks), len(forecasts.horizon_s), 2), np.float32)
    below[..., 1] = (forecasts.box[..., 3] - forecasts.box[..., 1]) / 2
    foot = forecasts.mode_centre + below[:, None]
    far = np.abs(foot - foot_of_tracks[:, None, None]).max(axis=(1, 2, 3), initial=0)
    ringed = sorted({int(np.abs(forecasts.horizon_s - 1).argmin()), len(forecasts.horizon_s) - 1})
    for row in np.flatnonzero((tracks.lost_s == 0) & (far > STIRS)).tolist():
        colour = colour_of(int(forecasts.id[row]))
        for mode in np.argsort(forecasts.mode_weight[row]).tolist():  # the likeliest on top
            weight = float(forecasts.mode_weight[row, mode])
            if weight >= FAINTEST:
                points = to_pixels(np.vstack([foot_of_tracks[row : row + 1], foot[row, mode]]), picture)
                radii = [_radius(forecasts.mode_sigma[row, mode, horizon], picture) for horizon in ringed]
                rings = [(points[1 + horizon], radius) for horizon, radius in zip(ringed, radii, strict=True)]
                _draw_way(picture, points, rings, colour, weight)


def _draw_way(picture: U8, points: list[Pixel], rings: list[tuple[Pixel, int]], colour: Colour, weight: float) -> None:
    """One way as a line with dots and rings, as strong as it is likely. Draws into `picture`."""
    reach = max((radius for _, radius in rings), default=0) + 6
    corners = np.array(points)
    left, top = np.clip(corners.min(axis=0) - reach, 0, picture.shape[1::-1]).tolist()
    right, bottom = np.clip(corners.max(axis=0) + reach + 1, 0, picture.shape[1::-1]).tolist()
    part = picture[top:bottom, left:right]
    if not part.size:
        return
    drawn = part.copy()
    at = [(x - left, y - top) for x, y in points]
    for start, end in itertools.pairwise(at):
        cv2.line(drawn, start, end, _SHADE, 4, cv2.LINE_AA)
        cv2.line(drawn, start, end, colour, 2, cv2.LINE_AA)
    for point in at[1:]:
        cv2.circle(drawn, point, 4, colour, -1, cv2.LINE_AA)
    for (x, y), radius in rings:
        cv2.circle(drawn, (x - left, y - top), radius, colour, 1, cv2.LINE_AA)
    cv2.addWeighted(drawn, weight, part, 1 - weight, 0, dst=part)


def _radius(sigma: float, picture: U8) -> int:
    """Pixels of a sigma, which stands for both axes in frame fractions (their root mean square)."""
    height, width = picture.shape[:2]
    return int(min(sigma / math.sqrt(0.5 / height**2 + 0.5 / width**2), width))


def draw_near_misses(picture: U8, tracks: Tracks, pairs: Sequence[tuple[int, int]]) -> None:
    """A red line between the feet of two objects that are expected to come too near. Draws into `picture`."""
    foot = np.stack([(tracks.box[:, 0] + tracks.box[:, 2]) / 2, tracks.box[:, 3]], axis=-1)
    places = dict(zip(tracks.id.tolist(), to_pixels(foot, picture), strict=True))
    for first, second in pairs:
        if first in places and second in places:
            cv2.line(picture, places[first], places[second], _SHADE, 5, cv2.LINE_AA)
            cv2.line(picture, places[first], places[second], _ALARM, 3, cv2.LINE_AA)


def caption(picture: U8, text: str, corner: tuple[int, int], colour: Colour) -> None:
    """Small text on a patch of `colour`, its lower left at `corner`, kept inside the picture."""
    scale = max(picture.shape[1] / 2400, 0.4)
    (width, height), below = cv2.getTextSize(text, _FONT, scale, 1)
    left = int(np.clip(corner[0], 0, max(picture.shape[1] - width - 4, 0)))
    base = int(np.clip(corner[1], height + below, picture.shape[0] - below))
    cv2.rectangle(picture, (left, base - height - below), (left + width + 4, base + 2), colour, -1)
    ink = _SHADE if sum(colour) > 330 else _INK
    cv2.putText(picture, text, (left + 2, base - below // 2), _FONT, scale, ink, 1, cv2.LINE_AA)


def contact_sheet(pictures: Sequence[U8], columns: int, width: int) -> U8:
    """Pictures side by side in rows of `columns`, the whole sheet about `width` pixels wide."""
    each = width // columns
    small = [_shrunk(picture, each) for picture in pictures]
    height = max((p.shape[0] for p in small), default=1)
    rows = -(-len(small) // columns) if small else 1
    sheet = np.full((rows * (height + 4), columns * (each + 4), 3), 24, np.uint8)
    for index, picture in enumerate(small):
        top, left = (index // columns) * (height + 4) + 2, (index % columns) * (each + 4) + 2
        sheet[top : top + picture.shape[0], left : left + each] = picture
    return sheet


def _shrunk(picture: U8, width: int) -> U8:
    """The picture at a width; its height follows, within what a sheet can show of a picture one pixel wide."""
    height = min(max(round(width * picture.shape[0] / picture.shape[1]), 1), 4 * width)
    shrinks = width <= picture.shape[1] and height <= picture.shape[0]
    made: U8 = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return made
