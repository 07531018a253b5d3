"""A disk with faults, for nbdkit's Python plugin, which the system's own Python runs: nothing of ours is imported.

It is given `folder=`; there `disk` is what it holds, `orders.json` what it shall do wrong, read again whenever it
changes, and to `done` it adds a byte for each time that it did so.
"""

import errno
import json
import os
import time
from pathlib import Path

import nbdkit  # type: ignore[import-not-found]  # nbdkit itself brings it

API_VERSION = 2
BLOCK = 4096
WIPE_BYTES = 1 << 20  # at the end of the disk, where a card that is full only in the middle takes everything


class Disk:
    """What is stored, and the orders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = os.open(folder / "disk", os.O_RDWR)
        self.size = os.fstat(self.file).st_size
        self._read_at = 0
        self.fault, self.at, self.bit, self.real, self.delay_s = "", -1, 0, self.size, 0.0

    def obey(self) -> None:
        """Read the orders, where they changed."""
        path = self.folder / "orders.json"
        changed = path.stat().st_mtime_ns
        if changed != self._read_at:
            self._read_at, orders = changed, json.loads(path.read_text())
            self.fault, self.at = orders.get("fault", ""), orders.get("at", -1)
            self.bit, self.real = orders.get("bit", 0), orders.get("real", self.size)
            self.delay_s = orders.get("delay_s", 0.0)

    def meant(self, offset: int, length: int) -> bool:
        """Whether the byte that the orders name is among these; noted in `done`."""
        if not offset <= self.at < offset + length:
            return False
        self.did()
        return True

    def did(self) -> None:
        """Note a fault."""
        with (self.folder / "done").open("ab") as file:
            file.write(b".")

    def place(self, offset: int) -> int:
        """Where a block really is; -1 for nowhere."""
        if offset < self.real:
            return offset
        return offset % self.real if self.fault == "capacity-wraps" else -1

    def store(self, data: bytes, offset: int) -> None:
        """Wherever it ends up."""
        if offset + len(data) > self.real:
            self.did()
        if self.real == self.size:
            os.pwrite(self.file, data, offset)
            return
        for start in range(0, len(data), BLOCK):
            if (place := self.place(offset + start)) >= 0:
                os.pwrite(self.file, data[start : start + BLOCK], place)

    def load(self, length: int, offset: int) -> bytearray:
        """What is there; zeros where nothing is."""
        if self.real == self.size:
            return bytearray(os.pread(self.file, length, offset))
        found = bytearray(length)
        for start in range(0, length, BLOCK):
            count = min(BLOCK, length - start)
            if (place := self.place(offset + start)) >= 0:
                found[start : start + count] = os.pread(self.file, count, place)
        return found


DISKS: "list[Disk]" = []


def config(key: str, value: str) -> None:
    """From nbdkit's command line."""
    if key == "folder":
        DISKS.append(Disk(Path(value)))


def thread_model() -> object:
    """One request after the other."""
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def open(readonly: bool) -> Disk:  # noqa: A001 - nbdkit's name
    """For each client."""
    return DISKS[0]


def get_size(disk: Disk) -> int:
    """In bytes."""
    return disk.size


def can_fua(disk: Disk) -> object:
    """Writes are where they are at once."""
    return nbdkit.FUA_NATIVE


def flush(disk: Disk, flags: int) -> None:
    """Nothing is held back."""


def pread(disk: Disk, buffer: bytearray, offset: int, flags: int) -> None:
    """Read, with the fault that is ordered."""
    disk.obey()
    meant = disk.fault.startswith("read-") and disk.meant(offset, len(buffer))
    if meant and disk.fault == "read-vanish":
        os._exit(1)
    if meant and disk.fault == "read-eio":
        fail(errno.EIO)
    buffer[:] = disk.load(len(buffer), offset)
    if meant and disk.fault == "read-corrupt":
        buffer[disk.at - offset] ^= 1 << disk.bit


def pwrite(disk: Disk, buffer: bytearray, offset: int, flags: int) -> None:
    """Write, with the fault that is ordered."""
    disk.obey()
    time.sleep(disk.delay_s)
    data = bytes(buffer)
    if disk.fault in WRITES and disk.meant(offset, len(data)):
        WRITES[disk.fault](disk, data, offset)
    elif disk.fault == "write-enospc" and disk.at < offset + len(data) <= disk.size - WIPE_BYTES:
        disk.did()
        fail(errno.ENOSPC)
    else:
        disk.store(data, offset)


def vanish(disk: Disk, data: bytes, offset: int) -> None:
    """Gone, in the middle of a write."""
    os._exit(1)


def refuse(disk: Disk, data: bytes, offset: int) -> None:
    """An error that is told."""
    fail(errno.EIO)


def drop(disk: Disk, data: bytes, offset: int) -> None:
    """One block of it is not stored; success is told."""
    start = max(disk.at // BLOCK * BLOCK - offset, 0)
    disk.store(data[:start], offset)
    disk.store(data[start + BLOCK :], offset + start + BLOCK)


def cut_short(disk: Disk, data: bytes, offset: int) -> None:
    """Stored up to the byte; success is told."""
    disk.store(data[: disk.at - offset], offset)


WRITES = {"write-eio": refuse, "write-dropped": drop, "write-short": cut_short, "write-vanish": vanish}


def fail(number: int) -> None:
    """The error that the client is told."""
    nbdkit.set_error(number)
    raise OSError(number, os.strerror(number))
