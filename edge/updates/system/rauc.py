"""RAUC, as it is spoken to over D-Bus: which system runs, what is in a bundle, install it, say whether it is good."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from edge.updates.system.bus import Bus, BusError

SERVICE, INTERFACE = "de.pengutronix.rauc", "de.pengutronix.rauc.Installer"
POLL_S = 1.0
INSPECT_S = 120.0  # the signature of the whole manifest, on a slow card
IDLE = "idle"

Pause = Callable[[float], bool]  # seconds; True when the daemon ends


@dataclass(frozen=True, slots=True)
class Inside:
    """What a bundle says of itself; RAUC has verified its signature, not its content."""

    compatible: str
    version: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a root file system."""

    name: str  # `rootfs.0`
    bootname: str  # `A`
    booted: bool
    good: bool  # marked good since it was written last


class Rauc:
    """The service on this device. Every method raises BusError.

    Args:
        address: of the bus; "" is the system's.
    """

    def __init__(self, address: str = "") -> None:
        self._bus = Bus(SERVICE, "/", INTERFACE, address)

    def compatible(self) -> str:
        """What bundles for this device are called."""
        return str(self._bus.properties("Compatible")[0])

    def slots(self) -> tuple[Slot, ...]:
        """Those that can be booted."""
        told = self._bus.call("GetSlotStatus")
        entries = told[0] if told and isinstance(told[0], list) else []
        slots = [_slot(entry) for entry in entries if _is_pair(entry)]
        return tuple(slot for slot in slots if slot.bootname)

    def primary(self) -> str:
        """Name of the slot to be started next: that on trial, while one waits to be tried and is not given up."""
        return str(self._bus.call("GetPrimary")[0])

    def inspect(self, bundle: Path) -> Inside:
        """Verify the signature of a bundle, and read what it is for."""
        try:
            told = self._bus.call("InspectBundle", "sa{sv}", str(bundle), "0", within_s=INSPECT_S)
        except BusError as error:
            if not error.unknown:
                raise
            old = self._bus.call("Info", "s", str(bundle), within_s=INSPECT_S)  # before RAUC 1.9
            return Inside(*map(str, old)) if len(old) == 2 else Inside("", "")
        return inside(told)

    def install(self, bundle: Path, within_s: float, pause: Pause) -> bool:
        """Write a bundle into the slot that does not run; whether it was done before the daemon ends.

        Raises:
            BusError: it failed; the message is RAUC's own. What runs now was not touched.
        """
        if not self._until_idle(within_s, pause):
            return False
        self._bus.call("InstallBundle", "sa{sv}", str(bundle), "0")
        if not self._until_idle(within_s, pause):
            return False
        failed = str(self._bus.properties("LastError")[0])
        if failed:
            raise BusError(failed)
        return True

    def mark(self, state: str, slot: str) -> None:
        """`good` or `bad`; the slot by name, or as `booted` or `other`."""
        self._bus.call("Mark", "ss", state, slot)

    def _until_idle(self, within_s: float, pause: Pause) -> bool:
        until = time.monotonic() + within_s
        while True:
            operation, progress = self._bus.properties("Operation", "Progress")
            if operation == IDLE:
                return True
            if time.monotonic() > until:
                raise BusError(f"still {operation} after {within_s:g} s, at {progress!r:.120}", silent=True)
            if pause(POLL_S):
                return False


def inside(told: list[object]) -> Inside:
    """What `InspectBundle` answered, as busctl's JSON has it; "" for what it does not say."""
    update = _entries(_entries(told[0] if told else None).get("update"))
    return Inside(_text(update, "compatible"), _text(update, "version"))


def _slot(entry: list[object]) -> Slot:
    name, told = entry
    assert isinstance(told, dict)
    state, good = _text(told, "state"), _text(told, "boot-status")
    return Slot(str(name), _text(told, "bootname"), state == "booted", good == "good")


def _is_pair(entry: object) -> TypeGuard[list[object]]:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], dict)


def _entries(value: object) -> dict[str, object]:
    data = _bare(value)
    return data if isinstance(data, dict) else {}


def _text(entry: dict[str, object], key: str) -> str:
    data = _bare(entry.get(key))
    return data if isinstance(data, str) else ""


def _bare(value: object) -> object:
    """What a variant holds; RAUC 1.13 puts dictionaries of a bundle into two variants, one in the other."""
    while isinstance(value, dict) and value.keys() == {"type", "data"} and isinstance(value["type"], str):
        value = value["data"]
    return value
