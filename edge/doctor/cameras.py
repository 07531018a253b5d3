"""Whether each camera gives pictures, and how many."""

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from edge.cameras.opening import open_source
from edge.cameras.settings import AnySettings, NetworkSettings, StreetSettings, V4l2Settings
from edge.cameras.source import leave
from edge.contracts.errors import SourceError
from edge.doctor.findings import Finding, ok, trouble, warning
from edge.doctor.reasons import cleaned, http_refusal, todo_for

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
        shape, rate, wait_s = _watch(name, source)
    except SourceError as error:
        said, more = cleaned(str(error)).removeprefix(f"{subject}: "), _more(source)
        todo = todo_for(more or said, _TODO.get(type(source), "correct `source`"))
        yield trouble(subject, f"{said} ({more})" if more else said, todo)
        return
    said = f"{shape[1]} x {shape[0]}, {rate:.1f} a second, the first after {wait_s:.1f} s"
    if shape[0] * shape[1] > LARGE and isinstance(source, NetworkSettings):
        yield warning(subject, said, "decoding so many pixels costs more than detecting: take the camera's sub-stream")
    else:
        yield ok(subject, said)


def _watch(name: str, source: AnySettings) -> tuple[tuple[int, ...], float, float]:
    """The shape of its pictures, how many a second, and how long the first took.

    Raises:
        SourceError: it cannot be opened, or gives no picture in time.
    """
    begin_s = time.monotonic()
    with open_source(name, source, leave) as opened:
        frame = opened.read(time.monotonic() + FIRST_S)
        if frame is None:
            raise SourceError(f"camera {name}: it has no picture at all; name another clip")
        shape, first_s, count = frame.pixels.shape, time.monotonic(), 0
        while frame and time.monotonic() - first_s < WATCHED_S:
            frame = opened.read(time.monotonic() + FIRST_S)
            count += 1
        passed_s = time.monotonic() - first_s
    return shape, count / max(passed_s, 1e-3), first_s - begin_s


def _more(source: AnySettings) -> str:
    """Why it cannot be opened, where the library does not say; "" where nothing more is known."""
    if isinstance(source, NetworkSettings):
        return http_refusal(source.url)
    if isinstance(source, V4l2Settings) and Path(source.device).exists():
        return _device_trouble(source.device)
    return ""


def _device_trouble(device: str) -> str:
    """Why a device file cannot be opened."""
    try:
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "") + f" {error.strerror}"
    return "it opens, so it is in use by another program, or no camera"
