"""Block devices that fail as they are told, or are slow. They need root."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.nbd.serving import need_block_devices, programmed, served

MEDIUM = Path(__file__).with_name("faulty_medium.py")


@dataclass(frozen=True)
class FaultyDisk:
    """`device` is its loop device; `folder` is where its plugin looks."""

    device: str
    folder: Path

    def fill(self, content: bytes) -> None:
        """What it holds to begin with, behind everybody's back."""
        with (self.folder / "disk").open("r+b") as file:
            file.write(content)

    def order(self, **orders: object) -> None:
        """What it does wrong from now on; nothing, without orders."""
        (self.folder / "done").write_bytes(b"")
        fresh = self.folder / "orders.new"
        fresh.write_text(json.dumps(orders))
        fresh.replace(self.folder / "orders.json")

    def times_done(self) -> int:
        """How often it did wrong since it was ordered to."""
        return (self.folder / "done").stat().st_size

    def start_of(self, count: int) -> bytes:
        """What it really holds at its beginning."""
        with (self.folder / "disk").open("rb") as file:
            return file.read(count)


@contextlib.contextmanager
def faulty_disk(folder: Path, size_bytes: int) -> Iterator[FaultyDisk]:
    """A disk of that size, without faults at first."""
    with (folder / "disk").open("wb") as file:
        file.truncate(size_bytes)
    (folder / "orders.json").write_text("{}")
    with programmed(folder, MEDIUM) as device:
        yield FaultyDisk(device, folder)


@contextlib.contextmanager
def limited_disk(folder: Path, file: Path, bytes_per_s: int) -> Iterator[str]:
    """A disk over that file which is no faster than that, each way; nbdkit counts in bits."""
    need_block_devices()
    rate = f"rate={bytes_per_s * 8}"
    with served(folder, ["--filter=rate", "file", str(file), rate, "burstiness=0.25"]) as device:
        yield device
