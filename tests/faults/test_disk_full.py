"""A real file system that is full: the outbox lives on, counts exactly what it drops, and recovers by itself."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.outbox.outbox import Outbox
from edge.outbox.settings import Forget, OutboxSettings
from edge.outbox.store import open_store
from tests.rigs.host import wait_until

SIZE = "4m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """4 MB, mounted."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)],
        capture_output=True,
        check=False,
        timeout=300,
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True, timeout=300)


def fill(path: Path) -> None:
    """Take all that is left, as a neighbour would."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def put(outbox: Outbox, count: int) -> int:
    return [outbox.put("t", b'{"n": "%s"}' % (b"x" * 500)) for _ in range(count)][-1]


def test_a_full_disk_is_lived_through_and_counted(disk: Path) -> None:
    settings = OutboxSettings(forget=Forget.HOST_ACK, memory_events=500)
    with Outbox(disk / "outbox.db", settings) as outbox:
        assert outbox.accepted(put(outbox, 500), 60)
        for _ in range(3):
            fill(disk / "neighbour")
            put(outbox, 2000)
            assert wait_until(lambda: outbox.stats().trouble != "")
            (disk / "neighbour").unlink()
            assert wait_until(lambda: outbox.stats().trouble == "" and not outbox.stats().waiting)
        assert outbox.accepted(put(outbox, 1), 60)
        numbers = [row.seq for row in outbox.read(0, 1_000_000)[1]]
        stats = outbox.stats()
        assert numbers[-1] == 500 + 3 * 2000 + 1
        assert stats.dropped == numbers[-1] - len(numbers) > 0
    open_store(disk / "outbox.db", settings.limit_bytes).close()  # checks the file
