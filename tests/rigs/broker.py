"""A real mosquitto on an ephemeral loopback port: started, stopped, killed, frozen and brought back."""

import signal
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.programs import program
from tests.rigs.host import wait_until
from tests.rigs.ports import held_port, port_of, wait_listening


def passwords(path: Path, user: str, password: str) -> None:
    """Write a file of users as mosquitto wants it."""
    command = [program("mosquitto_passwd", "mosquitto"), "-b", "-c", str(path), user, password]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


class Broker:
    """Use as a context manager. `extra` are further lines of mosquitto.conf (ACL, limits, persistence)."""

    def __init__(self, extra: tuple[str, ...] = (), started: bool = True, anonymous: bool = True) -> None:
        self._extra = extra
        self._started = started
        self._anonymous = "true" if anonymous else "false"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.port = port_of(stack.enter_context(held_port()))  # ours also while no broker runs
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="broker-")))
            stack.callback(self.kill)
            self._configure()
            if self._started:
                self.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def start(self) -> None:
        """Start, or start again, and wait until it listens."""
        self._process = subprocess.Popen(
            [program("mosquitto"), "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_listening(self.port)

    def kill(self) -> None:
        """kill -9."""
        if self._process:
            self._process.kill()
            self._process.wait(60)
            self._process = None

    def restart(self) -> None:
        """kill -9, and start again."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: the port stays open, nothing answers."""
        self._signal(signal.SIGSTOP)
        assert wait_until(self._stopped)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _configure(self) -> None:
        self._config = self.folder / "mosquitto.conf"
        lines = (
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {self._anonymous}",
            "set_tcp_nodelay true",
            *self._extra,
        )
        self._config.write_text("\n".join((*lines, "log_type none", "user root", "")))

    def _stopped(self) -> bool:
        assert self._process is not None
        return psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
