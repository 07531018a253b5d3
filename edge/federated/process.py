"""A program that runs beside us, and is gone with all that it has started when we go."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

GRACE_S = 5.0  # to end by itself


@contextlib.contextmanager
def running(command: Sequence[str], env: Mapping[str, str], log: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own; at the end the group is told to end, then killed.

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
            start_new_session=True,
        )
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Tell the group to end, wait a little, kill what is left."""
    for kind, wait_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait_s)
