"""A board with a card: started, restarted as its kernel asks, and ended whatever happens."""

import re
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs import program
from tests.rigs.board.console import Console
from tests.rigs.board.firmware import Loaded, load
from tests.rigs.board.machines import VIRT, Machine

RESTART = re.compile(r"reboot: Restarting system(?: with command '(?P<command>[^']*)')?")
TRIAL = "0 tryboot"
TURN_S = 0.5


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the board."""

    partition: int
    trial: bool
    at_s: float  # by `time.monotonic()`
    since: int  # where in the console's text it begins


class Board:
    """Use as a context manager. The image stays as it is: what is written goes into an overlay.

    Args:
        image: of a card, raw.
        folder: for the overlay and what is started.
        machine: of QEMU's.
    """

    def __init__(self, image: Path, folder: Path, machine: Machine = VIRT) -> None:
        self._image, self._folder, self._machine = image.resolve(), folder, machine
        self.console, self.starts = Console(folder / "console.txt"), list[Start]()
        self.stopped = False
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.disk = self._folder / "card.qcow2"
        command = [program("qemu-img", "qemu-utils"), "create", "-q", "-f", "qcow2", "-F", "raw"]
        size = [self._machine.size] if self._machine.size else []
        subprocess.run([*command, "-b", str(self._image), str(self.disk), *size], check=True, timeout=60)
        with ExitStack() as stack:
            stack.callback(self.kill)
            self._start(trial=False)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def kill(self) -> None:
        """Pull the plug."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def until(self, done: Callable[[], object], within_s: float, what: str) -> None:
        """Let it run, through restarts, until something is so; fails at the deadline with what it said last."""
        until_s = time.monotonic() + within_s
        while not done():
            assert time.monotonic() < until_s, f"not within {within_s:g} s: {what}; it said\n{self.console.tail()}"
            assert not self.stopped, f"it has stopped before: {what}; it said\n{self.console.tail(60)}"
            self.console.pump(min(until_s, time.monotonic() + TURN_S))
            if self.console.ended:
                self._ended()

    def says(self, pattern: str, within_s: float) -> None:
        """Wait until a line of this start of the board matches."""
        self.until(lambda: self.console.said(pattern, self.starts[-1].since), within_s, pattern)

    def types(self, line: str) -> None:
        """A line, as if typed at its console."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    @property
    def partitions(self) -> list[int]:
        """The boot partitions that were started from, in order."""
        return [start.partition for start in self.starts]

    def _ended(self) -> None:
        """QEMU was told not to restart, so that the firmware can choose anew."""
        self.kill()
        said = list(RESTART.finditer(self.console.text, self.starts[-1].since))
        if said:
            self._start(trial=said[-1]["command"] == TRIAL)
        else:
            self.stopped = True

    def _start(self, trial: bool) -> None:
        loaded: Loaded = load(self.disk, self._folder, trial)
        self.starts.append(Start(loaded.partition, trial, time.monotonic(), len(self.console.text)))
        self._process = subprocess.Popen(
            self._machine.command(loaded, self.disk),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdout is not None
        self.console.begin(self._process.stdout.fileno())
