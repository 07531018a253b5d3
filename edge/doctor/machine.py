"""Clock, disk, memory, heat and power of the board."""

import datetime as dt
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from edge.doctor.findings import Finding, ok, trouble, warning
from edge.health import temperature_c, throttle_flags

BUILT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)  # no clock that is right shows an earlier time
HOT_C, TOO_HOT_C = 75.0, 85.0
LOW_DISK_MB, NO_DISK_MB = 500, 50
LOW_MEMORY_MB = 150
MB = 1_000_000


def clock(root: Path, now_s: float | None = None) -> Iterator[Finding]:
    """Whether the time can be right, and is kept right."""
    now = dt.datetime.fromtimestamp(time.time() if now_s is None else now_s, dt.UTC)
    if now < BUILT:
        todo = "connect it to the network, or set the time; certificates and the times of events depend on it"
        yield trouble("clock", f"shows {now:%Y-%m-%d %H:%M} UTC, which has long passed", todo)
        return
    if (root / "run/systemd/system").is_dir() and not (root / "run/systemd/timesync/synchronized").exists():
        todo = "`timedatectl` tells more; allow NTP (UDP port 123) to leave the network"
        yield warning("clock", "is not known to be synchronised", todo)
        return
    yield ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def disk(state_dir: Path) -> Iterator[Finding]:
    """Whether events can be stored."""
    place = next(folder for folder in (state_dir, *state_dir.parents) if folder.exists())
    free_mb = shutil.disk_usage(place).free / MB
    if not os.access(place, os.W_OK):
        todo = f"`chown` {place} to the daemon's user, or set device.state_dir; a read-only card may be worn out"
        yield trouble("disk", f"{place} cannot be written to", todo)
    elif free_mb < NO_DISK_MB:
        yield trouble("disk", f"{free_mb:.0f} MB are free in {place}", "free some space: events are dropped soon")
    elif free_mb < LOW_DISK_MB:
        yield warning("disk", f"{free_mb:.0f} MB are free in {place}", "free some space")
    else:
        yield ok("disk", f"{free_mb / 1000:.1f} GB free in {place}")


def memory(root: Path) -> Iterator[Finding]:
    """Whether the daemon fits."""
    told = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines() if ":" in line)
    free_mb = int(told.get("MemAvailable", "0 kB").split()[0]) * 1024 / MB
    if free_mb < LOW_MEMORY_MB:
        todo = "stop other programs, or take a smaller model: the daemon needs about 150 MB"
        yield warning("memory", f"{free_mb:.0f} MB are available", todo)
    else:
        yield ok("memory", f"{free_mb:.0f} MB available")


def heat_and_power(root: Path) -> Iterator[Finding]:
    """What the board says of itself."""
    degrees = temperature_c(root)
    if degrees is None:
        yield ok("temperature", "the board tells none")
    elif degrees >= TOO_HOT_C:
        yield trouble("temperature", f"{degrees:.0f} °C: it slows down", "a heat sink, a fan, or a cooler place")
    elif degrees >= HOT_C:
        yield warning("temperature", f"{degrees:.0f} °C", "a heat sink or a fan")
    else:
        yield ok("temperature", f"{degrees:.0f} °C")
    flags = throttle_flags(root)
    if any("under-voltage" in flag for flag in flags):
        todo = "use the power supply made for this board, and a short, thick cable; power USB devices by themselves"
        yield trouble("power", ", ".join(flags), todo)
    elif flags:
        yield warning("power", ", ".join(flags), "cool it better")
