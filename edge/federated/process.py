"""A program that runs beside us, and is gone when we go."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

GRACE_S = 5.0  # to end by itself


@contextlib.contextmanager
def running(command: Sequence[str], env: Mapping[str, str], log: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in our own process group, so that whoever ends us ends it; at the end it is told to end, or killed.

    What it has started in its turn ends when it finds it gone, as Flower's programs do.

    Args:
        command: and its arguments.
        env: its environment.
        log: that its output is added to; None: it is ours.
    """
    with contextlib.ExitStack() as stack:
        output = None if log is None else stack.enter_context(log.open("ab"))
        process = subprocess.Popen(
            list(command),
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Tell it to end, wait a little, kill it."""
    for finish in (process.terminate, process.kill):
        finish()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
            return


def free_port(host: str) -> int:
    """A port of this machine that nobody listens on now. Raises OSError where the name is not its own."""
    family, *_, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as free:
        free.bind(address)
        return int(free.getsockname()[1])
