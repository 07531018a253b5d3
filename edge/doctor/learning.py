"""Whether what learns on the device will get round to it."""

from collections.abc import Iterator
from pathlib import Path

from edge.config.settings import Settings
from edge.doctor.findings import Finding, ok, warning
from edge.health import free_mb, on_battery, temperature_c
from edge.learners.found import find

SUBJECT = "learning"


def learning(settings: Settings, root: Path) -> Iterator[Finding]:
    """Who learns, and what would make them wait now. Nothing where learning is off."""
    wanted = settings.learning
    if not wanted.enabled:
        return
    found = find(settings)
    if found.models:
        yield ok(SUBJECT, f"{', '.join(found.models)} learn, on at most {wanted.cpu_percent:g} % of a core")
    else:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in found.others.items()) or "there is nobody"
        yield warning(SUBJECT, f"nothing learns: {reasons}", "name a model that learns, or set learning.enabled: false")
        return
    temperature, free = temperature_c(root), free_mb(root)
    if temperature is not None and temperature > wanted.pause_c:
        yield warning(SUBJECT, f"it waits: {temperature:.0f} degrees", "cool the board, or raise learning.pause_c")
    if free < wanted.pause_free_mb:
        yield warning(SUBJECT, f"it waits: {free:.0f} MB are free", "close programs, or lower learning.pause_free_mb")
    if on_battery(root):
        yield warning(SUBJECT, "it waits while the machine runs on its battery", "nothing, unless it should not")
