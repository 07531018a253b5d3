"""The real `foresight` as a process: run to its end, or started, watched, stopped and killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from tests.paths import REPOSITORY

COMMAND = (sys.executable, "-m", "edge")
STOP_S = 90.0


def foresight(state: Path, *arguments: str | Path, limit_s: float = 600.0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with what it says. Its lines are not wrapped; its state goes to a folder."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=REPOSITORY,
        env={**environment(), "STATE_DIRECTORY": str(state)},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )


def environment() -> dict[str, str]:
    """The process's own, with a terminal that wraps nothing and without its secrets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORESIGHT_")}
    return {**kept, "COLUMNS": "400", "NO_COLOR": "1"}


class Daemon:
    """`foresight run CONFIG`. Use as a context manager; leaving kills what still runs.

    `more` are further variables of its environment.
    """

    def __init__(self, config: Path, more: Mapping[str, str] = MappingProxyType({})) -> None:
        self._config, self._more = config, more
        self._log = config.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self.started_s = 0.0  # on the clock of `time.monotonic()`

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The newest process."""
        assert self._process is not None, "start the daemon first"
        return self._process

    @property
    def log(self) -> str:
        """What it has said so far, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        """Start it, or start it again."""
        with self._log.open("ab") as log:
            self.started_s = time.monotonic()
            self._process = subprocess.Popen(
                [*COMMAND, "run", str(self._config)],
                cwd=REPOSITORY,
                env={**environment(), **self._more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and the seconds that it took."""
        begin_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_S)
        return code, time.monotonic() - begin_s

    def allowance_s(self, begun_s: float) -> float:
        """What anything may take longer on this machine, now: twice what it took to begin.

        A daemon begins within a second or two on a machine that has nothing else to do.

        Args:
            begun_s: when it had begun, on the clock of `time.monotonic()`.
        """
        return 2 * (begun_s - self.started_s)

    def kill(self) -> None:
        """kill -9; nothing where it has ended by itself."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S)

    def rss_mb(self) -> float:
        """Resident memory now, in units of 10^6 bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6
