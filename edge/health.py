"""How the daemon and the machine under it are doing: stage times, memory, processor, temperature, throttling."""

import ctypes
import gc
import math
import os
import resource
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

KEPT = 512  # samples per stage: a minute at 8 frames/s


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Percentiles of one stage, milliseconds of wall clock."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    count: int


class StageClock:
    """Times the stages of a chain. One thread writes; reading from another gives a recent picture."""

    def __init__(self, kept: int = KEPT) -> None:
        """`kept` is how many samples of each stage percentiles are taken of, the newest."""
        self._kept = kept
        self._samples: dict[str, deque[float]] = {}
        self._counts: dict[str, int] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the enclosed block as `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - start)

    def add(self, name: str, seconds: float) -> None:
        """Count one sample of a stage."""
        self._samples.setdefault(name, deque(maxlen=self._kept)).append(seconds * 1e3)
        self._counts[name] = self._counts.get(name, 0) + 1

    def restart(self) -> None:
        """Forget all samples so far."""
        self._samples, self._counts = {}, {}

    def times(self) -> Mapping[str, StageTimes]:
        """The newest samples of each stage, as percentiles; `count` is since the start."""
        result = {}
        for name, samples in list(self._samples.items()):
            recent = np.array(list(samples))
            p50, p95, p99 = np.percentile(recent, [50, 95, 99]).tolist()
            result[name] = StageTimes(p50, p95, p99, self._counts.get(name, 0))
        return result


def rss_bytes() -> int:
    """Memory of this process that is resident now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def give_back_memory() -> None:
    """Let go of what a model or a camera that was closed has left behind; the C library keeps it otherwise."""
    gc.collect()
    with suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def cpu_seconds() -> float:
    """Processor time of this process, all threads. Decoders of network cameras are processes of their own."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def process_figures(pid: int) -> tuple[int, float]:
    """Resident memory in bytes, and processor time in seconds, of another process; zeros where it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    except (OSError, IndexError):
        return 0, 0.0
    return pages * resource.getpagesize(), sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def free_mb(root: Path = Path("/")) -> float:
    """Memory that programs can still have, in units of 2^20 bytes; NaN where the system does not tell."""
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return math.nan


def on_battery(root: Path = Path("/")) -> bool:
    """Whether a battery of the machine itself is being emptied."""
    for supply in (root / "sys/class/power_supply").glob("*"):
        emptied = (_line(supply / "type"), _line(supply / "status")) == ("Battery", "Discharging")
        if emptied and _line(supply / "scope") != "Device":  # the battery of a mouse, say
            return True
    return False


def _line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def temperature_c(root: Path = Path("/")) -> float | None:
    """The hottest thermal zone in degrees Celsius, None where the board tells none. `root`: where `sys` is."""
    readings = []
    for zone in (root / "sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            readings.append(int(zone.read_text()) / 1000)
        except (OSError, ValueError):  # a zone that is switched off answers with an error
            continue
    return max(readings, default=None)


# Raspberry Pi firmware, bits of `get_throttled`: https://www.raspberrypi.com/documentation/computers/os.html
_THROTTLE_FLAGS = {
    0: "under-voltage",
    1: "frequency capped",
    2: "throttled",
    3: "soft temperature limit",
    16: "under-voltage since start",
    17: "frequency capped since start",
    18: "throttled since start",
    19: "soft temperature limit since start",
}


def throttle_flags(root: Path = Path("/")) -> tuple[str, ...]:
    """What the Raspberry Pi firmware says of power and heat; empty when all is well or on other boards."""
    source = root / "sys/devices/platform/soc/soc:firmware/get_throttled"
    try:
        bits = int(source.read_text(), 16)
    except (OSError, ValueError):
        return ()
    return tuple(flag for bit, flag in _THROTTLE_FLAGS.items() if bits >> bit & 1)
