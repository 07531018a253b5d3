from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import ValidationError

from edge.contracts.types import F32
from edge.events.polygon import area, crosses_itself, distance
from edge.events.presence import Crossings, Presence
from edge.events.settings import LineSettings, ZoneSettings
from edge.events.zones import Borders, anchor, in_frame

SQUARE = ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6))
HORSESHOE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.6, 0.9), (0.6, 0.3), (0.4, 0.3), (0.4, 0.9), (0.1, 0.9))
UPWARD = ((0.5, 0.9), (0.5, 0.1))
BENT = ((0.2, 0.5), (0.5, 0.5), (0.8, 0.5))

Points = Sequence[tuple[float, float]]


def zone(points: Points = SQUARE, name: str = "yard") -> ZoneSettings:
    return ZoneSettings(name=name, points=tuple(points))


def line(points: Points = UPWARD, name: str = "gate") -> LineSettings:
    return LineSettings(name=name, points=tuple(points))


def points(*xy: tuple[float, float]) -> F32:
    return np.array(xy, np.float32).reshape(-1, 2)


@pytest.mark.parametrize(
    "bad",
    [
        (),
        ((0.1, 0.1), (0.5, 0.5)),
        ((0.1, 0.1), (0.5, 0.1), (1.2, 0.5)),
        ((0.1, 0.1), (0.5, 0.1), (0.5, -0.1)),
        ((0.1, 0.1), (0.5, 0.1), (0.5, float("nan"))),
        ((0.1, 0.1), (0.3, 0.3), (0.5, 0.5)),
        ((0.1, 0.1), (0.1, 0.1), (0.5, 0.5), (0.1, 0.5)),
        ((0.1, 0.1), (0.5, 0.5), (0.5, 0.1), (0.1, 0.5)),
        ((0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.3, 0.1), (0.1, 0.5)),
        ((0.5, 0.5), (0.501, 0.5), (0.5, 0.501)),
    ],
    ids=["empty", "two", "right of", "above", "nan", "flat", "twice", "bow tie", "touching", "tiny"],
)
def test_zones_that_are_refused(bad: Points) -> None:
    with pytest.raises(ValidationError):
        zone(bad)


@pytest.mark.parametrize(
    "bad",
    [
        (),
        ((0.5, 0.5),),
        ((0.5, 0.5), (0.5, 0.5)),
        ((0.1, 0.1), (0.9, 0.1), (0.5, 0.1)),
        ((0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)),
    ],
    ids=["empty", "one", "no length", "folded back", "crossing itself"],
)
def test_lines_that_are_refused(bad: Points) -> None:
    with pytest.raises(ValidationError):
        line(bad)


@pytest.mark.parametrize("name", ["", "front door", "a/b", "tür", "x" * 65])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        zone(name=name)
    with pytest.raises(ValidationError):
        line(name=name)


def test_both_drawing_orders_are_the_same_zone() -> None:
    assert area(SQUARE) == pytest.approx(area(SQUARE[::-1]))
    assert not crosses_itself(HORSESHOE, closed=True)
    for order in (SQUARE, SQUARE[::-1]):
        assert Borders([zone(order)], []).locate(points((0.4, 0.4)))[0].tolist() == [[True]]


def test_no_points_and_no_borders() -> None:
    inside, right = Borders([zone()], [line()]).locate(points())
    assert (inside.shape, right.shape) == ((0, 1), (0, 1))
    inside, right = Borders([], []).locate(points((0.5, 0.5)))
    assert (inside.shape, right.shape) == ((1, 0), (1, 0))
    assert Borders([], [line()]).locate(points((0.6, 0.5)))[1].tolist() == [[True]]


def test_points_in_several_zones() -> None:
    borders = Borders([zone(), zone(HORSESHOE, "shoe")], [])
    inside, _ = borders.locate(points((0.3, 0.25), (0.5, 0.5), (0.7, 0.8), (0.05, 0.05), (0.5, 0.8)))
    assert inside.tolist() == [[True, True], [True, False], [False, True], [False, False], [False, False]]


def test_inside_agrees_with_winding_angles() -> None:
    random = np.random.default_rng(2)
    corners = np.array(HORSESHOE)
    where = random.uniform(0, 1, (500, 2)).astype(np.float32)
    a = corners[None] - where[:, None]
    b = np.roll(corners, -1, axis=0)[None] - where[:, None]
    turn = np.arctan2(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0], (a * b).sum(axis=-1)).sum(axis=1)
    assert (Borders([zone(HORSESHOE)], []).locate(where)[0][:, 0] == (np.abs(turn) > np.pi)).all()


def test_a_shared_border_belongs_to_exactly_one_zone() -> None:
    left = ((0.25, 0.25), (0.5, 0.25), (0.5, 0.75), (0.25, 0.75))
    right = ((0.5, 0.25), (0.75, 0.25), (0.75, 0.75), (0.5, 0.75))
    inside, _ = Borders([zone(left, "a"), zone(right[::-1], "b")], []).locate(points((0.5, 0.5), (0.5, 0.25)))
    assert inside.sum(axis=1).tolist() == [1, 1]


def test_which_point_of_a_box_counts() -> None:
    box: F32 = np.array([[0.25, 0.5, 0.75, 1.0]], np.float32)
    assert anchor(box, "foot").tolist() == [[0.5, 1.0]]
    assert anchor(box, "centre").tolist() == [[0.5, 0.75]]
    assert anchor(np.zeros((0, 4), np.float32), "foot").shape == (0, 2)


def test_an_object_cut_off_by_the_frame_is_in_the_zone_at_its_edge() -> None:
    whole = zone(((0, 0), (1, 0), (1, 1), (0, 1)))
    where = points((0.5, 1.0), (0.5, 1.2), (-0.1, 0.5), (0, 0), (1, 1))
    assert Borders([whole], []).locate(in_frame(where))[0].all()


def test_distance_is_measured_in_units() -> None:
    edge = ((0.2, 0.5), (0.6, 0.5))
    assert distance(edge, (0.4, 0.7), (0.1, 0.2)) == pytest.approx(1.0)
    assert distance(edge, (0.1, 0.5), (0.1, 0.2)) == pytest.approx(1.0)
    assert distance(edge, (0.3, 0.5), (0.1, 0.2)) == 0.0


def walk(borders: Borders, way: Points, inertia_s: float = 0.0, *, dt: float = 0.2) -> list[tuple[int, str, float]]:
    """Lines crossed on a way, seen at each of its points."""
    crossings, crossed = None, []
    for n, place in enumerate(way):
        right = borders.locate(points(place))[1][0].tolist()
        crossings = crossings or Crossings(place, right)
        crossings.look(place, right, n * dt, borders)
        crossed += crossings.settle(n * dt, [inertia_s] * len(borders.lines), lambda _: True)
    return crossed


@pytest.mark.parametrize(
    ("drawn", "way", "directions"),
    [
        (UPWARD, [], []),
        (UPWARD, [(0.4, 0.5), (0.6, 0.5)], ["forward"]),
        (UPWARD, [(0.6, 0.5), (0.4, 0.5)], ["backward"]),
        (UPWARD[::-1], [(0.4, 0.5), (0.6, 0.5)], ["backward"]),
        (UPWARD, [(0.45, 0.2), (0.45, 0.8), (0.45, 0.3)], []),
        (UPWARD, [(0.5, 0.2), (0.5, 0.8), (0.5, 0.3)], []),
        (UPWARD, [(0.4, 0.5), (0.5, 0.5), (0.4, 0.5)], []),
        (UPWARD, [(0.6, 0.5), (0.5, 0.5), (0.6, 0.5)], ["backward", "forward"]),
        (UPWARD, [(0.4, 0.5), (0.5, 0.5), (0.6, 0.5)], ["forward"]),
        (UPWARD, [(0.4, 0.05), (0.6, 0.05)], []),
        (UPWARD, [(0.4, 0.5), (0.6, 0.5), (0.6, 0.05), (0.4, 0.05)], ["forward"]),
        (BENT, [(0.4, 0.4), (0.4, 0.6)], ["forward"]),
        (BENT, [(0.5, 0.4), (0.5, 0.6)], ["forward"]),
        (BENT, [(0.5, 0.6), (0.5, 0.4)], ["backward"]),
        (BENT, [(0.1, 0.4), (0.1, 0.6)], []),
        (((0.2, 0.4), (0.5, 0.6), (0.8, 0.4)), [(0.1, 0.5), (0.9, 0.5)], []),
    ],
    ids=[
        "nothing", "forward", "backward", "drawn the other way", "along, beside it", "along, on it",
        "touched from left", "a point on it counts as left", "by a stop on it", "past its end", "back round its end",
        "bent", "through the joint", "back through the joint", "past a bent one", "in and out of a bend",
    ],
)  # fmt: skip
def test_crossing(drawn: Points, way: Points, directions: list[str]) -> None:
    assert [direction for _, direction, _ in walk(Borders([], [line(drawn)]), way)] == directions


def test_inertia_swallows_what_comes_straight_back() -> None:
    borders = Borders([], [line()])
    there_and_back = [(0.49, 0.5), (0.51, 0.5)] * 20
    assert walk(borders, there_and_back, inertia_s=0.3) == []
    for_good = [(0.4, 0.5), (0.6, 0.5), (0.6, 0.5), (0.6, 0.5)]
    assert walk(borders, for_good, inertia_s=0.3) == [(0, "forward", 0.2)]


@pytest.mark.parametrize(
    ("seen", "changes"),
    [
        ([], []),
        ([(0.0, True)], []),
        ([(0.0, True), (0.1, True), (0.35, True)], [(0.35, True, 0.0)]),
        ([(0.0, True), (0.1, False), (0.35, True), (0.5, True)], []),
        ([(0.0, True), (2.0, True), (2.1, False), (2.2, True), (2.5, True)], [(2.0, True, 0.0)]),
        ([(0.0, True), (2.0, True), (2.1, False), (7.0, False)], [(2.0, True, 0.0), (7.0, False, 2.1)]),
    ],
    ids=["never seen", "once", "long enough", "interrupted", "out for a moment", "in and out"],
)
def test_presence(seen: list[tuple[float, bool]], changes: list[tuple[float, bool, float]]) -> None:
    presence, changed = Presence(1), []
    for t_s, inside in seen:
        presence.look([inside], t_s)
        changed += [(t_s, presence.inside[0], since) for _, since in presence.settle(t_s, [0.3], lambda _: True)]
    assert changed == changes


def test_who_stays_at_the_border_does_not_leave() -> None:
    presence = Presence(1)
    for t_s in (0.0, 0.5):
        presence.look([True], t_s)
        presence.settle(t_s, [0.3], lambda _: True)
    for t_s in (1.0, 2.0, 3.0):
        presence.look([False], t_s)
        assert presence.settle(t_s, [0.3], lambda _: False) == []
    assert presence.settle(4.0, [0.3], lambda _: True) == [(0, 1.0)]
    assert presence.inside == [False]
