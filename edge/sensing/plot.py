"""A picture of a series: what was read, what had been expected of it, what was odd, and what comes next.

Drawn with OpenCV: a device has no other library for it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import cv2
import numpy as np

from edge.contracts.types import F64, U8
from edge.sensing.trace import Traced

WIDTH, PANEL, STRIP, TOP, LEFT, RIGHT, GAP, BELOW = 1600, 300, 90, 44, 90, 30, 26, 40  # pixels
BAND = 2.0  # standard deviations
Colour = tuple[int, int, int]  # BGR
INK, GRID, SERIES, EXPECTED = (60, 60, 60), (228, 228, 228), (150, 80, 30), (120, 200, 250)
ODD, SCORE, COMES = (200, 200, 255), (40, 40, 210), (70, 150, 60)
_FONT, _SMALL = cv2.FONT_HERSHEY_SIMPLEX, 0.45
_TICKS = 5


class Panel:
    """A rectangle of the picture with a scale on either axis."""

    def __init__(self, picture: U8, top: int, height: int, x: tuple[float, float], y: tuple[float, float]) -> None:
        self._picture, self._top, self._height, self._x, self._y = picture, top, height, x, y

    def place(self, x: F64, y: F64) -> F64:
        """Pixels (N, 2) of points."""
        across = (x - self._x[0]) / max(self._x[1] - self._x[0], 1e-9) * (WIDTH - LEFT - RIGHT) + LEFT
        up = (y - self._y[0]) / max(self._y[1] - self._y[0], 1e-12)
        return np.stack([across, self._top + self._height - np.clip(up, 0, 1) * self._height], axis=-1)

    def frame(self, title: str, marks: Sequence[float]) -> None:
        """Border, scale and title."""
        for mark in marks:
            y = round(float(self.place(np.zeros(1), np.array([mark]))[0, 1]))
            cv2.line(self._picture, (LEFT, y), (WIDTH - RIGHT, y), GRID, 1)
            _write(self._picture, f"{mark:.4g}", (8, y + 5), INK)
        bottom = self._top + self._height
        cv2.rectangle(self._picture, (LEFT, self._top), (WIDTH - RIGHT, bottom), (180, 180, 180), 1)
        _write(self._picture, title, (LEFT + 6, self._top - 6), INK)

    def spans(self, spans: Sequence[tuple[float, float]]) -> None:
        """Times that were odd, from top to bottom."""
        for begin, end in spans:
            ends = self.place(np.array([begin, end]), np.zeros(2))[:, 0]
            left, right = int(ends[0]), max(int(ends[1]), int(ends[0]) + 2)
            cv2.rectangle(self._picture, (left, self._top), (right, self._top + self._height), ODD, -1)

    def band(self, x: F64, low: F64, high: F64, colour: Colour) -> None:
        """What lies between two lines; where either is NaN there is a hole."""
        good = np.isfinite(low) & np.isfinite(high)
        for rows in _runs(good):
            upper, lower = self._thinned(x[rows], high[rows]), self._thinned(x[rows], low[rows])
            corners = np.concatenate([upper, lower[::-1]]).round().astype(np.int32)
            cv2.fillPoly(self._picture, [corners], colour, cv2.LINE_AA)

    def line(self, x: F64, y: F64, colour: Colour, width: int = 1) -> None:
        """A line; where it is NaN there is a hole."""
        for rows in _runs(np.isfinite(y)):
            points = self._thinned(x[rows], y[rows]).round().astype(np.int32)
            if len(points) == 1:
                cv2.circle(self._picture, (int(points[0, 0]), int(points[0, 1])), width + 1, colour, -1, cv2.LINE_AA)
            cv2.polylines(self._picture, [points], False, colour, width, cv2.LINE_AA)

    def _thinned(self, x: F64, y: F64) -> F64:
        """At most two points for each column of pixels, the lowest and the highest."""
        points = self.place(x, y)
        if len(points) <= 4 * WIDTH:
            return points
        column = points[:, 0].astype(np.int64)
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        across = np.repeat(points[starts, 0], 2)
        ends = np.stack([np.maximum.reduceat(points[:, 1], starts), np.minimum.reduceat(points[:, 1], starts)], axis=-1)
        return np.stack([across, ends.ravel()], axis=-1)


def draw(traced: Traced, channels: Sequence[str], title: str) -> U8:
    """The picture, BGR; a panel for each channel, and one for the score of anomalies."""
    count = len(channels)
    height = TOP + count * (PANEL + GAP) + STRIP + GAP + BELOW
    picture = np.full((height, WIDTH, 3), 255, np.uint8)
    _write(picture, f"{title}: {len(traced.t_s)} samples, {len(traced.odd)} anomalies", (LEFT, 20), INK)
    _legend(picture)
    if not len(traced.t_s):
        return picture
    x = (float(traced.t_s[0]), float(traced.t_s[-1]) + max(traced.ahead.horizon_s if traced.ahead else (0.0,)))
    for index, name in enumerate(channels):
        _channel(picture, TOP + index * (PANEL + GAP), traced, index, name, x)
    strip = Panel(picture, TOP + count * (PANEL + GAP), STRIP, x, (0.0, 1.0))
    strip.spans(traced.odd)
    strip.frame("anomaly", (0.0, 0.5, 1.0))
    strip.line(traced.t_s, traced.anomaly, SCORE)
    _times(picture, x, height - BELOW + 8)
    return picture


def _channel(picture: U8, top: int, traced: Traced, index: int, name: str, x: tuple[float, float]) -> None:
    values, expected = traced.values[:, index], traced.expected[:, index]
    spread = BAND * traced.sigma[:, index]
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * (high - low) or max(abs(high) * 0.05, 0.5)
    panel = Panel(picture, top, PANEL, x, (low - margin, high + margin))
    panel.spans(traced.odd)
    panel.band(traced.t_s, expected - spread, expected + spread, EXPECTED)
    panel.frame(name, np.linspace(low, high, _TICKS).tolist())
    panel.line(traced.t_s, values, SERIES)
    if traced.ahead:
        t_s = traced.t_s[-1] + np.array([0.0, *traced.ahead.horizon_s])
        mean = np.array([values[-1], *(row[index] for row in traced.ahead.values)])
        sigma = BAND * np.array([0.0, *(row[index] for row in traced.ahead.sigma)])
        panel.band(t_s, mean - sigma, mean + sigma, (205, 235, 200))
        panel.line(t_s, mean, COMES, 2)


def _legend(picture: U8) -> None:
    left = WIDTH - RIGHT - 620
    for text, colour in (
        ("read", SERIES),
        ("expected, 2 sigma", EXPECTED),
        ("odd", ODD),
        ("comes next, 2 sigma", COMES),
    ):
        cv2.rectangle(picture, (left, 9), (left + 14, 21), colour, -1)
        _write(picture, text, (left + 20, 20), INK)
        left += 45 + 9 * len(text)


def _times(picture: U8, x: tuple[float, float], y: int) -> None:
    """The time axis: dates where it spans days, else times of the day; UTC."""
    form = "%Y-%m-%d" if x[1] - x[0] > 3 * 86400 else "%m-%d %H:%M:%S"
    for share in np.linspace(0, 1, _TICKS).tolist():
        at = LEFT + share * (WIDTH - LEFT - RIGHT)
        text = datetime.fromtimestamp(x[0] + share * (x[1] - x[0]), UTC).strftime(form)
        width = cv2.getTextSize(text, _FONT, _SMALL, 1)[0][0]
        _write(picture, text, (round(min(at - width / 2, WIDTH - width - 4)), y), INK)


def _write(picture: U8, text: str, at: tuple[int, int], colour: Colour) -> None:
    plain = text.encode("ascii", "ignore").decode()  # the font has no other letters
    cv2.putText(picture, plain, at, _FONT, _SMALL, colour, 1, cv2.LINE_AA)


def _runs(good: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> list[slice]:
    """Where it is true without a break."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    return [slice(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2], strict=True)]
