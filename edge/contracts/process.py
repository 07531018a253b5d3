"""A child process that may hang: everything asked of it has a deadline, and it can be killed."""

import functools
import logging
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from edge.contracts.redact import redact

_LOG = logging.getLogger(__name__)
KEPT_BYTES = 4096  # of what the child says on its standard error
KILL_S = 5.0
TRIED_S = 10.0


class Child:
    """A running program in a session of its own; what it says on standard error is kept for messages.

    `stdout` is a pipe from its standard output.
    """

    def __init__(self, argv: Sequence[str], pass_fds: Sequence[int], env: Mapping[str, str]) -> None:
        self._popen = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=pass_fds,
            env=env,
            start_new_session=True,
        )
        assert self._popen.stdout is not None
        assert self._popen.stderr is not None
        self.stdout = self._popen.stdout.fileno()
        self._stderr = self._popen.stderr.fileno()
        os.set_blocking(self.stdout, False)
        os.set_blocking(self._stderr, False)
        self._said = b""
        self._talking = True

    @property
    def pid(self) -> int:
        """Its number."""
        return self._popen.pid

    def wait_for(self, fd: int, deadline_s: float) -> bool:
        """Wait until `fd` can be read, or has ended; False when the deadline (`time.monotonic()`) came first."""
        while True:
            watch = select.poll()
            for watched in [fd, self._stderr] if self._talking else [fd]:
                watch.register(watched, select.POLLIN)
            ready = dict(watch.poll(max(0.0, deadline_s - time.monotonic()) * 1000))
            if self._stderr in ready:
                self._listen()
            if fd in ready or not ready:
                return fd in ready

    def said(self) -> str:
        """The end of what it said on standard error, on one line and without passwords; "" if nothing.

        What a library says for information only (`INFO: ...`) is left out.
        """
        self._listen()
        lines = [line.strip() for line in self._said.decode(errors="replace").splitlines()]
        return redact("; ".join([line for line in lines if line and not line.startswith("INFO")][-3:]))

    def exit_code(self, deadline_s: float) -> int | None:
        """How it ended, negative for a signal; None if it still runs at the deadline."""
        try:
            return self._popen.wait(max(0.0, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End it and whatever it started, now, and leave no zombie."""
        if self._popen.poll() is None:
            os.killpg(self._popen.pid, signal.SIGKILL)
        try:
            self._popen.wait(KILL_S)
        except subprocess.TimeoutExpired:
            _LOG.warning("process %d does not die; the kernel holds it", self._popen.pid)
        for pipe in (self._popen.stdout, self._popen.stderr):
            assert pipe is not None
            pipe.close()

    def _listen(self) -> None:
        if not self._talking:
            return
        try:
            heard = os.read(self._stderr, 1 << 16)
        except BlockingIOError:
            return
        self._talking = bool(heard)
        self._said = (self._said + heard)[-KEPT_BYTES:]


def dying_with_us(argv: Sequence[str]) -> Sequence[str]:
    """The command, wrapped so that it dies with us even if we are killed, where the system can do that."""
    return (*_wrapper(), *argv)


@functools.cache
def _wrapper() -> tuple[str, ...]:
    """What a command is begun by; nothing where that does not work: setpriv calls capset(2), which can be forbidden."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    wrapper = (setpriv, "--pdeathsig", "KILL")
    try:
        tried = subprocess.run(
            (*wrapper, "true"), stdin=subprocess.DEVNULL, capture_output=True, timeout=TRIED_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return () if tried.returncode else wrapper
