"""Where objects are with respect to all zones and lines of one camera, in one pass over all their edges."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32, F64, I64, Mask
from edge.events.polygon import Edge, Point, distance, edges, passes
from edge.events.settings import LineSettings, ZoneSettings

INSIDE_FRAME = (np.float32(1e-4), np.float32(1 - 1e-4))


def anchor(box: F32, which: str) -> F32:
    """The point (…, 2) that stands for a box (…, 4): its `centre`, or its `foot`, the middle of the bottom edge."""
    point = (box[..., :2] + box[..., 2:]) * np.float32(0.5)
    if which == "foot":
        point[..., 1] = box[..., 3]
    return point


def in_frame(point: F32) -> F32:
    """Points moved into the frame, so that an object cut off by its edge is in the zone drawn up to that edge."""
    return np.minimum(np.maximum(point, INSIDE_FRAME[0]), INSIDE_FRAME[1])


@dataclass(frozen=True, slots=True)
class Border:
    """The edges of one zone or line."""

    name: str
    labels: tuple[str, ...]
    inertia_s: float
    edges: tuple[Edge, ...]

    @property
    def shape(self) -> str:
        """Tells whether it was drawn anew."""
        return f"{zlib.crc32(repr(self.edges).encode()):08x}"

    def wants(self, label: str) -> bool:
        """Whether objects of this label count here."""
        return not self.labels or label in self.labels

    def distance(self, point: Point, unit: Point) -> float:
        """How far the point is from the nearest edge, x and y in units of their own (a box's width and height)."""
        return min(distance(edge, point, unit) for edge in self.edges)


class Borders:
    """All zones and lines of a camera. Z zones, S straight pieces of lines, E edges in all.

    A point is inside a zone by the even-odd rule over its edges. Edges are half open: a point on a border shared by
    two zones is inside exactly one of them. `right` is the side of a piece's whole line, the right hand of who looks
    along it in the picture; a point on the line itself counts as on the left.
    """

    def __init__(self, zones: Sequence[ZoneSettings], lines: Sequence[LineSettings]) -> None:
        self.zones = [Border(z.name, z.labels, z.inertia_s, tuple(edges(z.points, closed=True))) for z in zones]
        self.lines = [Border(s.name, s.labels, s.inertia_s, tuple(edges(s.points, closed=False))) for s in lines]
        self._pieces = [(line, edge) for line, border in enumerate(self.lines) for edge in border.edges]
        every = [edge for border in (*self.zones, *self.lines) for edge in border.edges]
        flat: F64 = np.array(every, np.float64).reshape(-1, 4)
        self._ax, self._ay, bx, self._by = flat.T.copy()
        self._ex, self._ey = bx - self._ax, self._by - self._ay
        self._up = np.where(self._ey > 0, 1.0, -1.0)
        counts = [len(border.edges) for border in self.zones]
        self._zone_edges = sum(counts)
        self._starts: I64 = np.cumsum([0, *counts[:-1]], dtype=np.int64)[: len(counts)]

    def locate(self, point: F32) -> tuple[Mask, Mask]:
        """Of points (T, 2): inside which zones (T, Z), and on the right of which pieces of lines (T, S)."""
        px, py = point[:, :1], point[:, 1:]
        cross = self._ex * (py - self._ay)
        cross -= self._ey * (px - self._ax)
        right = cross[:, self._zone_edges :] > 0
        return self._inside(cross[:, : self._zone_edges], py), right

    def _inside(self, cross: F64, py: F32) -> Mask:
        """Even-odd rule: a ray to the right of the point meets an odd number of edges."""
        n = self._zone_edges
        if n == 0:
            return np.zeros((len(py), 0), bool)
        hit = (self._ay[:n] > py) != (self._by[:n] > py)
        hit &= cross * self._up[:n] > 0
        return np.logical_xor.reduceat(hit, self._starts, axis=1)

    def passed(self, start: Point, end: Point, was_right: Sequence[bool], right: Sequence[bool]) -> dict[int, int]:
        """Lines that a step passes: how often more `forward` (left to right) than backward, without the zeros."""
        net: dict[int, int] = {}
        for (line, edge), before, after in zip(self._pieces, was_right, right, strict=True):
            if before != after and passes(edge, start, end):
                net[line] = net.get(line, 0) + (1 if after else -1)
        return {line: count for line, count in net.items() if count}
