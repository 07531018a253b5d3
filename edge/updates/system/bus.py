"""Calls to a service on the system bus: each in a short-lived child, so that nothing of ours waits for ever."""

import json
import subprocess
from dataclasses import dataclass

from edge.contracts.errors import EdgeError

BUSCTL = "busctl"
SPARE_S = 5.0  # that the child has beyond the call's own deadline
LONGEST_SAID = 400


class BusError(EdgeError):
    """The service did not do it. The message is what it said.

    Args:
        message: for people.
        unknown: it has no such method, being older or newer.
        silent: nobody answered: no bus, no such service, or too late.
    """

    def __init__(self, message: str, *, unknown: bool = False, silent: bool = False) -> None:
        super().__init__(message)
        self.unknown, self.silent = unknown, silent


# What the tool says on its standard error, in English whatever the locale.
_UNKNOWN = ("Unknown method", "No such method", "UnknownMethod")
_SILENT = (
    "Failed to connect to bus",
    "Failed to set bus address",
    "was not provided by any .service files",
    "Connection timed out",
    "Could not activate remote peer",
    "Failed to activate service",
    "Did not receive a reply",
    "Remote peer disconnected",
    "Message recipient disconnected",
)


@dataclass(frozen=True, slots=True)
class Bus:
    """One object of one service.

    Args:
        service: its name on the bus.
        path: of the object.
        interface: of what is called.
        address: of the bus, as `unix:path=/run/x`; "" is the system's.
    """

    service: str
    path: str
    interface: str
    address: str = ""

    def call(self, method: str, signature: str = "", *arguments: str, within_s: float = 60.0) -> list[object]:
        """What the method returns, as JSON has it. Raises BusError."""
        asked = ("call", self.service, self.path, self.interface, method, *([signature] if signature else []))
        lines = self._run((*asked, *arguments), within_s)
        return _data(lines[0]) if lines else []

    def properties(self, *names: str, within_s: float = 60.0) -> list[object]:
        """Their values, in this order. Raises BusError."""
        lines = self._run(("get-property", self.service, self.path, self.interface, *names), within_s)
        if len(lines) != len(names):
            raise BusError(f"{self.service} has {len(lines)} of the properties {', '.join(names)}")
        return [_told(line).get("data") for line in lines]

    def _run(self, asked: tuple[str, ...], within_s: float) -> list[str]:
        address = [f"--address={self.address}"] if self.address else ["--system"]
        command = [BUSCTL, *address, "--json=short", "--no-pager", f"--timeout={within_s:g}", "--", *asked]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=within_s + SPARE_S,
                check=False,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            )
        except subprocess.TimeoutExpired as error:
            raise BusError(f"{self.service} did not answer within {within_s:g} s", silent=True) from error
        except OSError as error:
            raise BusError(f"{BUSCTL} cannot be run: {error}; it is part of systemd", silent=True) from error
        if done.returncode:
            raise _failure(" ".join(done.stderr.split())[-LONGEST_SAID:] or f"{BUSCTL} ended with {done.returncode}")
        return done.stdout.splitlines()


def _failure(said: str) -> BusError:
    unknown, silent = (any(part in said for part in parts) for parts in (_UNKNOWN, _SILENT))
    return BusError(said.removeprefix("Call failed: "), unknown=unknown, silent=silent)


def _data(line: str) -> list[object]:
    data = _told(line).get("data", [])
    return data if isinstance(data, list) else [data]


def _told(line: str) -> dict[str, object]:
    try:
        told = json.loads(line)
    except ValueError as error:
        raise BusError(f"{BUSCTL} said no JSON: {line[:80]!r}") from error
    if not isinstance(told, dict):
        raise BusError(f"{BUSCTL} said {line[:80]!r}")
    return told
