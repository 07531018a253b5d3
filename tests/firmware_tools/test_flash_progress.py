"""Progress without a terminal: a line now and then."""

import io

import pytest
from rich.console import Console

from firmware_tools.flash.progress import LINE_EVERY_S, Lines, Pace, shown
from firmware_tools.flash.workplace import Stage


@pytest.mark.parametrize(
    ("done", "total", "spent_s", "words"),
    [
        (0, 0, 0.0, "0 %"),
        (0, 100, 5.0, "0 %"),
        (50_000_000, 200_000_000, 0.0, "25 %"),
        (50_000_000, 200_000_000, 5.0, "25 %, 10.0 MB/s, 15 s left"),
        (50_000_000, 2_050_000_000, 5.0, "2 %, 10.0 MB/s, 3 min 20 s left"),
        (7, 7, 1.0, "100 %, 0.0 MB/s, 0 s left"),
    ],
)
def test_how_far_how_fast_how_long_still(done: int, total: int, spent_s: float, words: str) -> None:
    assert Pace(done, total, spent_s).words() == words


def test_lines_come_at_the_beginning_at_the_end_and_now_and_then() -> None:
    said: list[str] = []
    clock = iter([0.0, 1.0, LINE_EVERY_S, LINE_EVERY_S + 1, LINE_EVERY_S + 2, 30.0])
    lines = Lines(said.append, lambda: next(clock))
    for done in (10, 20, 30, 40):
        lines(Stage.WRITING, done, 50)
    lines(Stage.WRITING, 50, 50)
    lines(Stage.CHECKING, 10, 50)
    assert [line.split(",")[0] for line in said] == [
        "writing: 20 %",
        "writing: 60 %",
        "writing: 100 %",
        "reading back: 20 %",
    ]


def test_a_terminal_gets_a_bar() -> None:
    out = io.StringIO()
    with shown(Console(file=out, force_terminal=True, width=120)) as watch:
        watch(Stage.WIPING, 1, 1)
        watch(Stage.WRITING, 50, 100)
        watch(Stage.CHECKING, 100, 100)
    assert "reading back" in out.getvalue()
    assert "100/100 bytes" in out.getvalue()
