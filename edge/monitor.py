"""What the daemon says of itself each minute: an observer that counts, and the report made of it."""

import math
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.capture import Camera, CameraCounts
from edge.contracts.errors import EdgeError
from edge.contracts.runtime import NO_ACCELERATOR, Accelerator, Runtime
from edge.contracts.sensors import SensorHealth
from edge.contracts.types import CameraHealth, Health
from edge.health import StageClock, cpu_seconds, rss_bytes, temperature_c, throttle_flags
from edge.mqtt.link import LinkStats
from edge.observer import Observer
from edge.outbox.outbox import OutboxStats
from edge.pipeline import Followed

_LATENCIES = 1024


@dataclass(frozen=True, slots=True)
class LearnerFigures:
    """Of the process that learns. Processor time is since its start, the rest since the daemon's."""

    rss_bytes: int
    cpu_s: float
    restarts: int
    dropped: int  # looks and readings that it was too slow for


NO_LEARNER = LearnerFigures(0, 0.0, 0, 0)


@dataclass(slots=True)
class _Tally:
    """What happened to one camera's frames since the start, and how it stood at the last report."""

    looked: int = 0
    skipped: int = 0
    failed: int = 0
    looked_before: int = 0
    captured_before: int = 0
    latency_s: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))


class Monitor(Observer):
    """Counts on the inference thread; `report` is called on another, once a minute or so."""

    def __init__(self, clocks: Mapping[str, StageClock]) -> None:
        self._clocks = clocks
        self._tallies = {name: _Tally() for name in clocks}
        self._start_s = self._since_s = time.monotonic()
        self._cpu_s, self._learner_s = cpu_seconds(), 0.0

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Count one frame."""
        tally = self._tallies[camera.name]
        if followed.looked:
            tally.looked += 1
        else:
            tally.skipped += 1
        tally.latency_s.append(time.monotonic() - followed.sensed.taken_s)

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """Count a frame that could not be followed."""
        self._tallies[camera.name].failed += 1

    def report(
        self,
        counts: Mapping[str, tuple[CameraCounts, int]],
        runtimes: Sequence[Runtime],
        outbox: OutboxStats,
        link: LinkStats,
        sensors: tuple[SensorHealth, ...] = (),
        learner: LearnerFigures = NO_LEARNER,
    ) -> Health:
        """How it was since the last report."""
        now_s, cpu_s = time.monotonic(), cpu_seconds()
        passed_s = max(now_s - self._since_s, 1e-3)
        accelerator = worst([runtime.accelerator for runtime in runtimes])
        temperature = temperature_c()
        health = Health(
            uptime_s=now_s - self._start_s,
            rss_bytes=rss_bytes(),
            cpu_percent=100 * (cpu_s - self._cpu_s) / passed_s,
            temperature_c=math.nan if temperature is None else temperature,
            throttled=throttle_flags(),
            runtime=runtimes[0].name if runtimes else "none",
            delegate=runtimes[0].delegate if runtimes else "none",
            accelerator=accelerator.state,
            accelerator_reason=accelerator.reason,
            accelerator_lost=accelerator.lost,
            cameras=tuple(self._camera(name, *counts[name], passed_s) for name in self._tallies),
            sensors=sensors,
            outbox_rows=outbox.rows,
            outbox_dropped=outbox.dropped,
            outbox_trouble=outbox.trouble,
            link_sessions=link.sessions,
            link_dropped=link.dropped,
            learner_rss_bytes=learner.rss_bytes,
            learner_cpu_percent=100 * max(learner.cpu_s - self._learner_s, 0.0) / passed_s,
            learner_restarts=learner.restarts,
            learner_dropped=learner.dropped,
        )
        self._since_s, self._cpu_s, self._learner_s = now_s, cpu_s, learner.cpu_s
        return health

    def _camera(self, name: str, counts: CameraCounts, dropped: int, passed_s: float) -> CameraHealth:
        tally = self._tallies[name]
        captured, looked, latency_s = counts.captured, tally.looked, list(tally.latency_s)
        detect = self._clocks[name].times().get("detect")
        health = CameraHealth(
            camera=name,
            online=counts.online,
            reason=counts.why,
            lost=counts.lost,
            captured_fps=(captured - tally.captured_before) / passed_s,
            detected_fps=(looked - tally.looked_before) / passed_s,
            dropped=dropped,
            skipped=tally.skipped,
            failed=tally.failed,
            detect_ms=detect.p50_ms if detect else math.nan,
            latency_ms=1e3 * float(np.median(latency_s)) if latency_s else math.nan,
        )
        tally.captured_before, tally.looked_before = captured, looked
        tally.latency_s.clear()
        return health


def worst(accelerators: Sequence[Accelerator]) -> Accelerator:
    """The one that is worth telling of."""
    order = ("degraded", "ok", "none")
    return min(accelerators, key=lambda one: order.index(one.state), default=NO_ACCELERATOR)
