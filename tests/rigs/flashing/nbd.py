"""A block device that fails as it is told: nbdkit holds it, nbdfuse makes a file of it, a loop device a disk.

All of it is real but the medium: reads and writes go through the kernel's block layer, past its page cache. Needs root.
"""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs import absent, program

PLUGIN = Path(__file__).with_name("plugin.py")
START_S = 30.0


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


def need_block_devices() -> None:
    """Skip with the reason where no block device can be made here."""
    needed = ("/dev/loop-control", "/dev/fuse")
    if os.geteuid() != 0 or not all(os.access(path, os.R_OK | os.W_OK) for path in needed):
        pytest.skip(f"making block devices needs root, {' and '.join(needed)}")


@contextlib.contextmanager
def faulty_disk(folder: Path, size_bytes: int) -> Iterator[FaultyDisk]:
    """A disk of that size, without faults at first."""
    need_block_devices()
    probe = subprocess.run([program("nbdkit"), "--dump-plugin", "python"], capture_output=True, check=False)
    if probe.returncode:
        absent("nbdkit has no Python plugin (package nbdkit-plugin-python)")
    with (folder / "disk").open("wb") as file:
        file.truncate(size_bytes)
    (folder / "orders.json").write_text("{}")
    with served(folder, ["python", str(PLUGIN), f"folder={folder}"]) as device:
        yield FaultyDisk(device, folder)


@contextlib.contextmanager
def limited_disk(folder: Path, file: Path, bytes_per_s: int) -> Iterator[str]:
    """A disk over that file which is no faster than that, each way; nbdkit counts in bits."""
    need_block_devices()
    rate = f"rate={bytes_per_s * 8}"
    with served(folder, ["--filter=rate", "file", str(file), rate, "burstiness=0.25"]) as device:
        yield device


@contextlib.contextmanager
def served(folder: Path, what: list[str]) -> Iterator[str]:
    """What nbdkit is told to serve, as a loop device. Errors that it tells of are ordered ones: they are not shown."""
    mounted = folder / "nbd"
    mounted.touch()
    server = [program("nbdkit"), "-s", "--exit-with-parent", *what]
    command = [program("nbdfuse", "libnbd-bin"), str(mounted), "--command", *server]
    client = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait(lambda: mounted.stat().st_size > 0, client)
        with loop(mounted) as device:
            yield device
    finally:
        subprocess.run([program("fusermount3", "fuse3"), "-u", "-z", str(mounted)], check=False)
        client.terminate()
        client.wait(START_S)


@contextlib.contextmanager
def loop(file: Path, *options: str) -> Iterator[str]:
    """A loop device over the file, past the page cache."""
    losetup = program("losetup", "mount")
    command = [losetup, "--direct-io=on", *options, "-f", "--show", str(file)]
    device = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run([losetup, "-d", device], check=True)


def _wait(ready: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while not ready():
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        assert time.monotonic() < until, f"{process.args!r} is not ready"
        time.sleep(0.01)
