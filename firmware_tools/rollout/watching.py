"""How a roll-out is looked at while it runs: a picture that changes on a terminal, lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from firmware_tools.rollout.course import Course
from firmware_tools.rollout.picture import picture
from firmware_tools.rollout.running import Watcher
from firmware_tools.rollout.shown import drawn, summary

LINE_EVERY_S, DRAWN_EVERY_S = 60.0, 0.5


class Lines:
    """A line when a wave begins, something fails, or the state changes; and one a minute."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.say = say
        self._clock = clock
        self._told: object = None
        self._said_s = float("-inf")

    def turn(self, course: Course) -> None:
        """So it stands."""
        if self._clock() - self._said_s < LINE_EVERY_S and self._told == _changes(course):
            return
        now = picture(course)
        self._told, self._said_s = _changes(course), self._clock()
        self.say(summary(now))


class Drawn:
    """A picture that is drawn anew."""

    def __init__(self, live: Live, clock: Callable[[], float] = time.monotonic) -> None:
        self._live, self._clock = live, clock
        self._drawn_s = float("-inf")

    def turn(self, course: Course) -> None:
        """So it stands."""
        if course.ended or self._clock() - self._drawn_s >= DRAWN_EVERY_S:
            self._drawn_s = self._clock()
            self._live.update(drawn(picture(course)), refresh=True)

    def say(self, told: str) -> None:
        """Above the picture."""
        self._live.console.print(told, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def watcher(console: Console, quiet: bool) -> Iterator[Watcher]:
    """As fits the console."""
    if quiet or not console.is_terminal:
        yield Lines(lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
        return
    with Live(console=console, auto_refresh=False) as live:
        yield Drawn(live)


def _changes(course: Course) -> tuple[int, bool, bool, str]:
    return len(course.waves), course.paused, course.ended, course.stopped
