"""A minute of a daemon's life, made up."""

import math

from edge.contracts.types import CameraHealth, Health


def camera_health(name: str) -> CameraHealth:
    """Of a camera that is well and has seen no frame in this minute."""
    return CameraHealth(
        camera=name,
        online=True,
        reason="",
        lost=0,
        captured_fps=4.98765,
        detected_fps=5.0,
        dropped=1,
        skipped=2,
        failed=0,
        detect_ms=math.nan,
        latency_ms=31.25,
    )


def health(*cameras: CameraHealth) -> Health:
    """Of a daemon that is well."""
    return Health(
        uptime_s=60.123456,
        rss_bytes=100_000_000,
        cpu_percent=33.3,
        temperature_c=math.nan,
        throttled=(),
        runtime="ai_edge_litert",
        delegate="xnnpack",
        accelerator="none",
        accelerator_reason="",
        accelerator_lost=0,
        cameras=cameras,
        sensors=(),
        outbox_rows=2,
        outbox_dropped=0,
        outbox_trouble="",
        link_sessions=1,
        link_dropped=0,
        learner_rss_bytes=0,
        learner_cpu_percent=0.0,
        learner_restarts=0,
        learner_dropped=0,
    )
