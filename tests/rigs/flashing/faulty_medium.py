"""A medium with faults, run by nbdkit (tests/rigs/nbd/plugin.py): nothing of ours is imported.

In its folder `disk` is what it holds, `orders.json` what it shall do wrong, read again whenever it changes, and to
`done` it adds a byte for each time that it did so.
"""

import errno
import json
import os
import time
from pathlib import Path

BLOCK = 4096
WIPE_BYTES = 1 << 20  # at the end of the disk, where a card that is full only in the middle takes everything


class Medium:
    """What is stored, and the orders."""

    durable_writes = True  # they are where they are at once

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = os.open(folder / "disk", os.O_RDWR)
        self.size = os.fstat(self.file).st_size
        self._read_at = 0
        self.fault, self.at, self.bit, self.real, self.delay_s = "", -1, 0, self.size, 0.0

    def flush(self) -> None:
        """Nothing is held back."""

    def read(self, length: int, offset: int) -> bytes:
        """With the fault that is ordered."""
        self.obey()
        meant = self.fault.startswith("read-") and self.meant(offset, length)
        if meant and self.fault == "read-vanish":
            os._exit(1)
        if meant and self.fault == "read-eio":
            fail(errno.EIO)
        found = self.load(length, offset)
        if meant and self.fault == "read-corrupt":
            found[self.at - offset] ^= 1 << self.bit
        return bytes(found)

    def write(self, data: bytes, offset: int) -> None:
        """With the fault that is ordered."""
        self.obey()
        time.sleep(self.delay_s)
        if self.fault in WRITES and self.meant(offset, len(data)):
            WRITES[self.fault](self, data, offset)
        elif self.fault == "write-enospc" and self.at < offset + len(data) <= self.size - WIPE_BYTES:
            self.did()
            fail(errno.ENOSPC)
        else:
            self.store(data, offset)

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


def vanish(medium: Medium, data: bytes, offset: int) -> None:
    """Gone, in the middle of a write."""
    os._exit(1)


def refuse(medium: Medium, data: bytes, offset: int) -> None:
    """An error that is told."""
    fail(errno.EIO)


def drop(medium: Medium, data: bytes, offset: int) -> None:
    """One block of it is not stored; success is told."""
    start = max(medium.at // BLOCK * BLOCK - offset, 0)
    medium.store(data[:start], offset)
    medium.store(data[start + BLOCK :], offset + start + BLOCK)


def cut_short(medium: Medium, data: bytes, offset: int) -> None:
    """Stored up to the byte; success is told."""
    medium.store(data[: medium.at - offset], offset)


WRITES = {"write-eio": refuse, "write-dropped": drop, "write-short": cut_short, "write-vanish": vanish}


def fail(number: int) -> None:
    """The error that the client is told."""
    raise OSError(number, os.strerror(number))
