import numpy as np
import pytest

from edge.series.grid import SECOND_NS, Grid, Node, usual_step_ns

NAN = float("nan")


def nodes(*readings: tuple[float, float]) -> list[Node]:
    grid = Grid(1, SECOND_NS, 5)
    return [node for at, value in readings for node in grid.add(round(at * SECOND_NS), np.array([value]))]


def told(*readings: tuple[float, float]) -> list[tuple[float, float, bool, bool]]:
    return [
        (node.utc_ns / SECOND_NS, round(float(node.values[0]), 6), bool(node.known[0]), node.fresh)
        for node in nodes(*readings)
    ]


@pytest.mark.parametrize(
    ("readings", "wanted"),
    [
        ((), []),
        (((7, 1),), [(7, 1, True, True)]),
        (((0, 1), (1, 2), (2, 4)), [(0, 1, True, True), (1, 2, True, False), (2, 4, True, False)]),
        (((0, 0), (1.5, 3), (2, 3)), [(0, 0, True, True), (1, 2, True, False), (2, 3, True, False)]),  # jitter
        (((0, 0), (0.9, 9), (2, 9)), [(0, 0, True, True), (1, 9, True, False), (2, 9, True, False)]),  # a little early
        (((0, 0), (3, 3)), [(0, 0, True, True), (1, 1, False, False), (2, 2, False, False), (3, 3, True, False)]),
        (((0, 0), (9, 5)), [(0, 0, True, True), (9, 5, True, True)]),  # a long silence begins anew
        (((5, 1), (5, 2), (4, 3)), [(5, 1, True, True)]),  # twice, and late
        (((90, 1), (3, 2)), [(90, 1, True, True), (3, 2, True, True)]),  # the clock was set
        (((0, 1), (1, NAN)), [(0, 1, True, True), (1, 1, False, False)]),  # a hole holds the last value
        (((0, NAN), (1, 2)), [(1, 2, True, True)]),  # never spoke before
    ],
)
def test_readings_become_nodes(
    readings: tuple[tuple[float, float], ...], wanted: list[tuple[float, float, bool, bool]]
) -> None:
    assert told(*readings) == wanted


def test_many_readings_of_one_moment_are_one_node() -> None:
    assert len(nodes(*[(3.0, float(value)) for value in range(1000)])) == 1


@pytest.mark.parametrize(
    ("between_s", "step_s"),
    [([], 1.0), ([0.0, -5.0], 1.0), ([60.2, 59.9, 60.1, 300.0], 60.0), ([0.1] * 5, 0.1), ([3601.0] * 3, 3600.0)],
)
def test_the_usual_step_is_round_where_it_can_be(between_s: list[float], step_s: float) -> None:
    assert usual_step_ns([round(one * SECOND_NS) for one in between_s]) == round(step_s * SECOND_NS)
