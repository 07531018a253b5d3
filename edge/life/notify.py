"""Tells systemd how the daemon fares (sd_notify(3)): one datagram to the socket that NOTIFY_SOCKET names."""

import os
import socket
import time
from collections.abc import Mapping

SEND_S = 1.0


class Notifier:
    """Says nothing where nobody listens. May be used on any thread."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_s = _watchdog_s(environment)

    def ready(self, status: str) -> None:
        """Everything runs."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Another configuration is being taken up; `ready` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The daemon was told to end, and does."""
        self._send("STOPPING=1")

    def alive(self, status: str) -> None:
        """The watchdog need not bite."""
        self._send("WATCHDOG=1", f"STATUS={status}")

    def status(self, status: str) -> None:
        """What people see in `systemctl status`."""
        self._send(f"STATUS={status}")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        text = "\n".join(line.replace("\n", " ") for line in lines)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.settimeout(SEND_S)
            try:
                line.sendto(text.encode(), self._address)
            except OSError:  # whoever listened is gone; there is nobody to tell
                return


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """How often systemd wants to hear from this process, seconds; 0: not at all."""
    try:
        meant = int(environment.get("WATCHDOG_PID", os.getpid())) == os.getpid()
        return int(environment.get("WATCHDOG_USEC", "0")) / 1e6 if meant else 0.0
    except ValueError:
        return 0.0
