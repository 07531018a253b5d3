"""A disk on a medium that is a program, for nbdkit's Python plugin, which the system's own Python runs.

It is given `medium=`, a file of Python with a class `Medium`, and then `folder=`, what that is made with: a folder in
which `disk` is what it holds at first. A medium imports nothing of ours, for it is not our Python that runs it.
"""

import importlib.util
import os
from pathlib import Path
from typing import Protocol

import nbdkit  # type: ignore[import-not-found]  # nbdkit itself brings it

API_VERSION = 2


class Medium(Protocol):
    """What holds the bytes; whatever it raises as OSError is what the client is told.

    `durable_writes` says whether a write that is marked so (FUA) is durable at once, else the kernel flushes instead.
    """

    size: int
    durable_writes: bool

    def read(self, length: int, offset: int) -> bytes: ...

    def write(self, data: bytes, offset: int) -> None: ...

    def flush(self) -> None: ...


MADE: "list[str]" = []  # where the class is
DISKS: "list[Medium]" = []


def config(key: str, value: str) -> None:
    """From nbdkit's command line."""
    if key == "medium":
        MADE.append(value)
    if key == "folder":
        DISKS.append(made(Path(MADE[0]), Path(value)))


def made(source: Path, folder: Path) -> Medium:
    """The medium of a file of Python."""
    spec = importlib.util.spec_from_file_location("medium", source)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]  # there is one for every file of Python
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    medium: Medium = module.Medium(folder)
    return medium


def thread_model() -> object:
    """One request after the other."""
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def open(readonly: bool) -> Medium:  # noqa: A001 - nbdkit's name
    """For each client."""
    return DISKS[0]


def get_size(medium: Medium) -> int:
    """In bytes."""
    return medium.size


def can_fua(medium: Medium) -> object:
    """See `Medium`."""
    return nbdkit.FUA_NATIVE if medium.durable_writes else nbdkit.FUA_NONE


def flush(medium: Medium, flags: int) -> None:
    """Everything written so far is to be durable."""
    medium.flush()


def pread(medium: Medium, buffer: bytearray, offset: int, flags: int) -> None:
    """Into the buffer."""
    try:
        buffer[:] = medium.read(len(buffer), offset)
    except OSError as error:
        raise told(error) from error


def pwrite(medium: Medium, buffer: bytearray, offset: int, flags: int) -> None:
    """Out of the buffer."""
    try:
        medium.write(bytes(buffer), offset)
    except OSError as error:
        raise told(error) from error


def told(error: OSError) -> OSError:
    """The error, which the client is told of by its number."""
    nbdkit.set_error(error.errno)
    return OSError(error.errno, os.strerror(error.errno or 0))
