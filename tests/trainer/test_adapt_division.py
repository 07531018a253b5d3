"""What is reported on comes after what is learnt from, and no pass of an object is in both."""

import numpy as np
import pytest

from trainer.adapt.division import Division, divide_clip
from trainer.adapt.looks import Labelled
from trainer.adapt.settings import FootageSettings

SETTINGS = FootageSettings(held_out_share=0.25, gap_s=3.0, longest_gap_s=20.0)
NOWHERE = np.zeros((0, 4), np.float32)


def clip(first_s: int, last_s: int, speed: float) -> list[Labelled]:
    """A hundred seconds in which one object is there for a while."""
    made = []
    for t_s in range(101):
        there = first_s <= t_s <= last_s
        left = 0.1 + speed * (t_s - first_s)
        box = np.array([[left, 0.4, left + 0.06, 0.6]] * there, np.float32).reshape(-1, 4)
        n = len(box)
        zeros = np.zeros(n, np.int64)
        made.append(Labelled(float(t_s), box, zeros, zeros, np.ones(n, np.float32), np.zeros(n, bool), NOWHERE))
    return made


@pytest.mark.parametrize(
    ("labelled", "expected"),
    [
        ([], Division(0.0, 0.0)),
        (clip(200, 200, 0.0), Division(72.0, 75.0)),  # nothing there: the gap alone
        (clip(10, 40, 0.01), Division(72.0, 75.0)),  # gone before
        (clip(60, 90, 0.01), Division(60.0, 75.0)),  # moves, and is there before and after
        (clip(10, 90, 0.01), Division(55.0, 75.0)),  # moves for ever: the longest gap
        (clip(10, 90, 0.0), Division(72.0, 75.0)),  # stands still
    ],
)
def test_the_gap_grows_while_a_moving_object_is_on_both_sides(labelled: list[Labelled], expected: Division) -> None:
    assert divide_clip(labelled, SETTINGS) == expected


def test_every_moment_is_in_one_part_or_in_the_gap() -> None:
    division = Division(6.0, 8.0)
    assert [division.part(t_s) for t_s in (0.0, 5.9, 6.0, 7.9, 8.0, 99.0)] == ["train", "train", "", "", "test", "test"]
    assert "2.0 s between them left out" in division.words()


def test_a_clip_shorter_than_the_gap_still_teaches_with_half_of_what_comes_before() -> None:
    assert divide_clip(clip(200, 200, 0.0)[:5], SETTINGS) == Division(1.5, 3.0)
