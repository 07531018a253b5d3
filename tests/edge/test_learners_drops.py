"""Whether learning makes cameras drop frames."""

import pytest

from edge.learners.drops import Drops


def told(each: list[tuple[int, bool]]) -> list[bool]:
    """What is said, five seconds after five seconds, of frames dropped in each and whether something was learnt."""
    drops, total, found = Drops(), 0, []
    for number, (dropped, learning) in enumerate(each):
        total += dropped
        found.append(drops.step(5.0 * number, total, learning=learning))
    return found


@pytest.mark.parametrize(
    ("each", "said"),
    [
        ([], []),
        ([(0, True)], [False]),
        ([(0, False), (0, False), (0, True), (0, True)], [False] * 4),
        ([(0, False), (0, False), (10, True)], [False, False, True]),
        ([(0, False), (100, False), (100, True), (110, True)], [False] * 4),  # a slow detector drops all the time
        ([(0, False), (100, False), (200, True), (100, True)], [False, False, True, False]),
        ([(0, False), (10, False), (10, False), (2, True)], [False] * 4),
    ],
)
def test_more_than_usually_while_something_is_learnt(each: list[tuple[int, bool]], said: list[bool]) -> None:
    assert told(each) == said


def test_counts_that_begin_anew_say_nothing() -> None:
    drops = Drops()
    assert not drops.step(0.0, 1000, learning=True)
    assert not drops.step(5.0, 3, learning=True)
    assert not drops.step(5.0, 500, learning=True)  # no time has passed
