"""Whether each camera gives pictures, and how many."""

import time
from collections.abc import Iterator

from edge.cameras.opening import open_source
from edge.cameras.settings import AnySettings, NetworkSettings, StreetSettings, V4l2Settings
from edge.cameras.source import leave
from edge.contracts.errors import SourceError
from edge.doctor.findings import Finding, ok, trouble, warning

FIRST_S, WATCHED_S = 12.0, 3.0
LARGE = 1920 * 1080

_TODO = {
    NetworkSettings: "try the address in a player (`ffplay`); check user, password and path with the camera's page",
    V4l2Settings: "`v4l2-ctl --list-devices`; another program may hold it, or the user is not in group `video`",
}


def camera(name: str, source: AnySettings) -> Iterator[Finding]:
    """Open it and look at its pictures for some seconds."""
    subject = f"camera {name}"
    if isinstance(source, StreetSettings):
        yield ok(subject, "a rendered street")
        return
    try:
        with open_source(name, source, leave) as opened:
            begin_s = time.monotonic()
            frame = opened.read(begin_s + FIRST_S)
            first_s, count = time.monotonic(), 0
            shape = frame.pixels.shape if frame else (0, 0, 3)
            while frame and time.monotonic() - first_s < WATCHED_S:
                frame = opened.read(time.monotonic() + FIRST_S)
                count += 1
            passed_s = time.monotonic() - first_s
    except SourceError as error:
        yield trouble(subject, str(error).removeprefix(f"{subject}: "), _TODO.get(type(source), "correct `source`"))
        return
    rate = count / max(passed_s, 1e-3)
    said = f"{shape[1]} x {shape[0]}, {rate:.1f} a second, the first after {first_s - begin_s:.1f} s"
    if shape[0] * shape[1] > LARGE and isinstance(source, NetworkSettings):
        yield warning(subject, said, "decoding so many pixels costs more than detecting: take the camera's sub-stream")
    else:
        yield ok(subject, said)
