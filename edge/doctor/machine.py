"""Clock, disk, memory, heat and power of the board."""

import ctypes
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
TIME_ERROR = 5  # of adjtimex: not synchronised
WORN_TENTHS = 9  # of an eMMC's life that are used up
LOW_DISK_MB, NO_DISK_MB = 500, 50
LOW_MEMORY_MB = 150
MB = 1_000_000


def clock(root: Path, now_s: float | None = None, synchronised: bool | None = None) -> Iterator[Finding]:
    """Whether the time can be right, and is kept right.

    Args:
        root: where `run` is.
        now_s: seconds since 1970; None: now.
        synchronised: whether somebody keeps the clock right; None: the kernel is asked.
    """
    synchronised = kernel_synchronised() if synchronised is None else synchronised
    now = dt.datetime.fromtimestamp(time.time() if now_s is None else now_s, dt.UTC)
    if now < BUILT:
        todo = "connect it to the network, or set the time; certificates and the times of events depend on it"
        yield trouble("clock", f"shows {now:%Y-%m-%d %H:%M} UTC, which has long passed", todo)
        return
    if not synchronised and not (root / "run/systemd/timesync/synchronized").exists():
        todo = "`timedatectl` tells more; allow NTP (UDP port 123) to leave the network"
        yield warning("clock", "is not known to be synchronised", todo)
        return
    yield ok("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def kernel_synchronised() -> bool:
    """Whether timesyncd, chrony, ntpd or whoever else has told the kernel that the clock is right; see adjtimex(2)."""
    room = ctypes.create_string_buffer(512)  # struct timex has 208 bytes; all zero: nothing is changed
    try:
        state: int = ctypes.CDLL(None).adjtimex(room)
    except (OSError, AttributeError):
        return False
    return state not in {-1, TIME_ERROR}


def disk(root: Path, state_dir: Path) -> Iterator[Finding]:
    """Whether events can be stored, and for how long the card lasts.

    Args:
        root: where `sys` is.
        state_dir: of the daemon; need not be there yet.
    """
    place = next(folder for folder in (state_dir, *state_dir.parents) if os.path.lexists(folder))
    yield from _worn(root)
    if not place.is_dir():
        yield trouble("disk", f"{place} is no folder", "remove it, or set device.state_dir")
        return
    free_mb = shutil.disk_usage(place).free / MB
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        todo = "`mount` and `dmesg` tell why; a card that the system made read-only is often worn out: replace it"
        yield trouble("disk", f"{place} is on a read-only file system", todo)
    elif not os.access(place, os.W_OK | os.X_OK):
        yield trouble("disk", f"{place} cannot be written to", f"`chown` {place} to this user, or set device.state_dir")
    elif free_mb < NO_DISK_MB:
        yield trouble("disk", f"{free_mb:.0f} MB are free in {place}", "free some space: events are dropped soon")
    elif free_mb < LOW_DISK_MB:
        yield warning("disk", f"{free_mb:.0f} MB are free in {place}", "free some space")
    else:
        yield ok("disk", f"{free_mb / 1000:.1f} GB free in {place}")


def _worn(root: Path) -> Iterator[Finding]:
    """What eMMCs say of their age, in tenths of their life: "0x02 0x01". Cards say nothing."""
    for told in sorted((root / "sys/block").glob("mmcblk*/device/life_time")):
        try:
            tenths = max(int(word, 16) for word in told.read_text().split())
        except (OSError, ValueError):
            continue
        if tenths >= WORN_TENTHS:
            said = f"{told.parent.parent.name} has used up {10 * (tenths - 1)} % or more of its life"
            yield warning("disk", said, "replace it soon, and keep a copy of the state folder")


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
