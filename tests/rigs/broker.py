"""A real mosquitto on an ephemeral loopback port: started, stopped, killed, frozen and brought back."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs import program

START_S = 10.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_listening(port: int, timeout_s: float = START_S) -> None:
    """Wait until something accepts connections."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.01)
        else:
            return


def passwords(path: Path, user: str, password: str) -> None:
    """Write a file of users as mosquitto wants it."""
    command = [program("mosquitto_passwd", "mosquitto"), "-b", "-c", str(path), user, password]
    subprocess.run(command, check=True, capture_output=True, timeout=20)


class Broker:
    """Use as a context manager. `extra` are further lines of mosquitto.conf (ACL, limits, persistence)."""

    def __init__(self, extra: tuple[str, ...] = (), started: bool = True, anonymous: bool = True) -> None:
        self.port = free_port()
        self._extra = extra
        self._started = started
        self._anonymous = "true" if anonymous else "false"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="broker-"))
        self._config = self.folder / "mosquitto.conf"
        lines = (
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {self._anonymous}",
            "set_tcp_nodelay true",
            *self._extra,
        )
        self._config.write_text("\n".join((*lines, "log_type none", "user root", "")))
        if self._started:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder)

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
            self._process.wait(10)
            self._process = None

    def restart(self) -> None:
        """kill -9, and start again."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: the port stays open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
