"""Plane geometry of one outline or line, in plain floats. Points are `(x, y)`, y downwards."""

from collections.abc import Sequence
from itertools import combinations

Point = tuple[float, float]
Edge = tuple[Point, Point]


def cross(a: Point, b: Point, c: Point) -> float:
    """Twice the area of the triangle a, b, c; above 0 where c lies on the right hand of a → b in the picture."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def edges(points: Sequence[Point], *, closed: bool) -> list[Edge]:
    """The edges from point to point, and back to the first where closed."""
    ends = [*points[1:], points[0]] if closed else points[1:]
    return list(zip(points, ends, strict=False))


def area(points: Sequence[Point]) -> float:
    """Area of a polygon that does not cross itself (shoelace formula)."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges(points, closed=True))) / 2


def crosses_itself(points: Sequence[Point], *, closed: bool) -> bool:
    """Whether edges meet anywhere but where one follows another, or a point comes twice."""
    every = edges(points, closed=closed)
    if len(set(points)) < len(points):
        return True
    return any(_meet(first, second) for first, second in combinations(every, 2))


def _meet(first: Edge, second: Edge) -> bool:
    """Whether two edges have a point in common beyond the end that they share, if they share one."""
    (a, b), (c, d) = first, second
    if {a, b} & {c, d}:
        return any(_within(first, p) for p in (c, d) if p not in first) or any(
            _within(second, p) for p in (a, b) if p not in second
        )
    if cross(a, b, c) * cross(a, b, d) < 0 and cross(c, d, a) * cross(c, d, b) < 0:
        return True
    return any(_within(first, point) for point in second) or any(_within(second, point) for point in first)


def _within(edge: Edge, point: Point) -> bool:
    """Whether the point lies on the edge."""
    (ax, ay), (bx, by) = edge
    inside = min(ax, bx) <= point[0] <= max(ax, bx) and min(ay, by) <= point[1] <= max(ay, by)
    return inside and cross(*edge, point) == 0


def distance(edge: Edge, point: Point, unit: Point) -> float:
    """From the point to the nearest point of the edge, x and y measured in their own units."""
    (ax, ay), (bx, by) = edge
    ex, ey = (bx - ax) / unit[0], (by - ay) / unit[1]
    px, py = (point[0] - ax) / unit[0], (point[1] - ay) / unit[1]
    along = (px * ex + py * ey) / max(ex * ex + ey * ey, 1e-12)
    along = min(max(along, 0.0), 1.0)
    return float(((px - along * ex) ** 2 + (py - along * ey) ** 2) ** 0.5)


def passes(edge: Edge, start: Point, end: Point) -> bool:
    """Whether a step, whose ends lie on different sides of the edge's line, goes through the edge itself.

    An end of the edge that is touched counts as lying on the step's left, so that a step through the corner of a
    bent line goes through exactly one of its edges.
    """
    return (cross(start, end, edge[0]) > 0) != (cross(start, end, edge[1]) > 0)
