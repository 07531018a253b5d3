"""nbdkit holds a disk, nbdfuse makes a file of it, a loop device a disk.

All of it is real but the medium: reads and writes go through the kernel's block layer, past its page cache. Needs root.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.programs import absent, program

PLUGIN = Path(__file__).with_name("plugin.py")
START_S = 30.0


def need_block_devices() -> None:
    """Skip with the reason where no block device can be made here."""
    needed = ("/dev/loop-control", "/dev/fuse")
    if os.geteuid() != 0 or not all(os.access(path, os.R_OK | os.W_OK) for path in needed):
        pytest.skip(f"making block devices needs root, {' and '.join(needed)}")


@contextlib.contextmanager
def programmed(folder: Path, medium: Path) -> Iterator[str]:
    """A loop device over the medium of a file of Python, which begins with what `disk` in the folder holds."""
    need_block_devices()
    probe = subprocess.run([program("nbdkit"), "--dump-plugin", "python"], capture_output=True, check=False)
    if probe.returncode:
        absent("nbdkit has no Python plugin (package nbdkit-plugin-python)")
    with served(folder, ["python", str(PLUGIN), f"medium={medium}", f"folder={folder}"]) as device:
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
