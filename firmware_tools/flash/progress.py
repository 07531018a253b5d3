"""How far it is, how fast, and how long it will take: a bar on a terminal, now and then a line elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from firmware_tools.flash.workplace import Stage, Watch

LINE_EVERY_S = 10.0


@contextlib.contextmanager
def shown(console: Console) -> Iterator[Watch]:
    """What is told of the progress, shown as fits the console."""
    if not console.is_terminal:
        yield Lines(lambda line: console.print(line, markup=False, highlight=False), time.monotonic)
        return
    columns = (TextColumn("{task.description:23}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bars:
        tasks = {stage: bars.add_task(stage, start=False, total=None) for stage in (Stage.WRITING, Stage.CHECKING)}

        def watch(stage: Stage, done: int, total: int) -> None:
            if stage in tasks:
                bars.start_task(tasks[stage])
                bars.update(tasks[stage], completed=done, total=total)

        yield watch


@dataclass(frozen=True)
class Pace:
    """Of one stage: how far, how fast, how long still."""

    done_bytes: int
    total_bytes: int
    spent_s: float

    def words(self) -> str:
        """`41 %, 18.2 MB/s, 2 min 05 s left`."""
        percent = 100 * self.done_bytes // max(self.total_bytes, 1)
        if self.spent_s <= 0 or self.done_bytes <= 0:
            return f"{percent} %"
        speed = self.done_bytes / self.spent_s
        minutes, seconds = divmod(round((self.total_bytes - self.done_bytes) / speed), 60)
        left = f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
        return f"{percent} %, {speed / 1e6:.1f} MB/s, {left} left"


class Lines:
    """A line at the beginning of each stage, at its end, and every ten seconds between."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._say, self._clock = say, clock
        self._stage: Stage | None = None
        self._began_s = self._said_s = 0.0

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        """Take what is told of the progress."""
        now_s = self._clock()
        if stage != self._stage:
            self._stage, self._began_s, self._said_s = stage, now_s, float("-inf")
        if now_s - self._said_s >= LINE_EVERY_S or done >= total:
            self._said_s = now_s
            self._say(f"{stage}: {Pace(done, total, now_s - self._began_s).words()}")
