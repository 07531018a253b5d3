"""Lines of the learner's process come into the daemon's log, and never too many of them."""

import json
import logging

import pytest

from edge.learners.heard import Heard
from edge.learners.log import LOG, LONGEST, MOST_LINES, PER_S, LogLines


class Far:
    """The log over there, with a clock that only these tests move."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.lines = LogLines(lambda: self.now_s)

    def log(self, message: str, *values: object, level: int = logging.WARNING) -> None:
        self.lines.handle(logging.LogRecord("edge.far", level, "far.py", 1, message, values, None))

    def sent(self) -> list[dict[str, str]]:
        found = []
        while (line := self.lines.first()) is not None:
            found.append(json.loads(json.dumps(line)))
            self.lines.sent()
        return found


def test_nothing_was_said() -> None:
    assert Far().sent() == []


def test_lines_come_in_their_order_and_long_ones_are_cut() -> None:
    far = Far()
    far.log("%s: no room", "yard", level=logging.ERROR)
    far.log("x" * 2 * LONGEST)
    far.log("%d", "no number")
    first, second, third = far.sent()
    assert first == {LOG: "ERROR", "of": "edge.far", "text": "yard: no room"}
    assert len(second["text"]) == LONGEST
    assert third["text"].startswith("%d")
    assert far.sent() == []


def test_too_many_lines_are_counted_and_not_sent() -> None:
    far = Far()
    for number in range(MOST_LINES + 5):
        far.log("%d", number)
    assert [line["text"] for line in far.sent()] == [str(number) for number in range(MOST_LINES)]
    far.now_s += PER_S
    far.log("again")
    assert [line["text"] for line in far.sent()] == ["5 lines were left out", "again"]


@pytest.mark.parametrize("level", ["ERROR", "WARNING", "nonsense"])
def test_a_line_is_logged_here_as_it_was_there(level: str, caplog: pytest.LogCaptureFixture) -> None:
    assert Heard(["yard"]).take({LOG: level, "of": "edge.far", "text": "100 % sure"}) is None
    wanted = logging.WARNING if level == "nonsense" else getattr(logging, level)
    assert caplog.record_tuples == [("edge.far", wanted, "100 % sure")]
