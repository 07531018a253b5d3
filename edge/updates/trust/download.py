"""A signed file into a folder: goes on where it broke off, takes no more than was signed for, and is verified whole.

Its name in the folder is its SHA-256, so that two releases never mix, and what is there under that name was verified.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.backoff import Backoff
from edge.contracts.files import open_plain, sha256_of
from edge.contracts.stored import sync
from edge.updates.trust.clearing import clear
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.settings import TrustSettings
from edge.updates.trust.source import MissingError, Pace, Source, paced

PART = ".part"
SPARE_BYTES = 16 << 20  # that the disk keeps
PAUSE_S = 10.0  # at most, between two attempts
PASSING = frozenset({Reason.UNREACHABLE, Reason.TRUNCATED})  # may be over with the next attempt

Wait = Callable[[float], bool]  # seconds; True when the daemon ends


@dataclass(frozen=True, slots=True)
class Target:
    """A file, as it was signed for: where it is, how long, and its SHA-256 in hexadecimal."""

    path: str
    length: int
    sha256: str


class Download:
    """Fetches files into a folder of its own.

    Args:
        source: not trusted.
        folder: for whole files and parts of them; nothing else is to lie there.
        settings: limits.
        wait: pauses between attempts.
    """

    def __init__(self, source: Source, folder: Path, settings: TrustSettings, wait: Wait) -> None:
        self._source, self._folder, self._settings, self._wait = source, folder, settings, wait

    def fetch(self, target: Target) -> Path:
        """The file, whole, verified and on disk.

        Raises:
            RefusedError: why not. Parts of it stay for the next time, unless they were proved wrong.
            OSError: the disk cannot be written or read.
        """
        if target.length > self._settings.most_target_bytes:
            most = self._settings.most_target_bytes
            raise RefusedError(
                Reason.TOO_LARGE, f"{target.path} has {target.length} bytes, most_target_bytes is {most}"
            )
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole, part = self._folder / target.sha256, self._folder / (target.sha256 + PART)
        if whole.exists() and _proved(whole, target):
            return whole
        self._make_room(part, target)
        resumed = _size(part) > 0
        if not self._came(part, target) and not (resumed and self._came(part, target)):
            raise RefusedError(Reason.CHANGED, f"{target.path} is not the file that was signed for; it was thrown away")
        sync(part)  # whoever wrote it may have been killed before he did
        part.replace(whole)
        sync(self._folder)
        return whole

    def fraction(self, target: Target) -> float:
        """How much of a file has come, 0..1. Any thread."""
        if (self._folder / target.sha256).exists():
            return 1.0
        return min(1.0, _size(self._folder / (target.sha256 + PART)) / max(1, target.length))

    def tidy(self, kept: Set[str]) -> None:
        """Delete all but the files with these SHA-256, and parts of them, as far as it can be deleted."""
        clear(self._folder, lambda name: name.removesuffix(PART) in kept)

    def _came(self, part: Path, target: Target) -> bool:
        """Whether the part is the file now. One that is not is thrown away: its beginning may be of a liar."""
        self._complete(part, target)
        if _proved(part, target):
            return True
        part.unlink()
        return False

    def _make_room(self, part: Path, target: Target) -> None:
        clear(self._folder, lambda name: name == part.name or not name.endswith(PART))
        need = target.length - _size(part) + SPARE_BYTES
        if (free := shutil.disk_usage(self._folder).free) < need:
            raise RefusedError(
                Reason.NO_SPACE, f"{target.path} needs {need} bytes below {self._folder}, {free} are free; make room"
            )

    def _complete(self, part: Path, target: Target) -> None:
        """Attempt after attempt, until the part is as long as the file; `tries` in a row may bring nothing."""
        backoff, failures = Backoff(PAUSE_S), 0
        if _size(part) > target.length:  # not of ours: what is written is never longer
            part.unlink()
        while (before := _size(part)) < target.length or not part.exists():
            try:
                self._attempt(part, target)
            except RefusedError as error:
                failures = failures + 1 if _size(part) <= before else 0
                if error.reason not in PASSING or failures >= self._settings.tries:
                    raise
                if self._wait(backoff.next_s()):
                    raise RefusedError(Reason.STOPPED, f"{target.path}: stopped; it goes on with the daemon") from error

    def _attempt(self, part: Path, target: Target) -> None:
        pace = Pace(self._settings.grace_s, self._settings.slowest_bytes_s, lambda: self._wait(0.0))
        before = _size(part)
        try:
            with self._source.open(target.path, before, target.length - before) as stream:
                _write(part, stream.offset, paced(stream, pace, target.path, target.length - stream.offset))
        except MissingError as error:
            raise RefusedError(Reason.UNREACHABLE, f"{error}; publish again, or wait until that is done") from error
        if _size(part) < target.length:
            raise RefusedError(Reason.TRUNCATED, f"{target.path} ends after {_size(part)} of {target.length} bytes")


def _write(part: Path, offset: int, chunks: Iterable[bytes]) -> None:
    """From a byte on, as it comes: what came before it broke off is kept."""
    with part.open("r+b" if part.exists() else "w+b") as file:
        file.truncate(offset)
        file.seek(offset)
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _proved(path: Path, target: Target) -> bool:
    with open_plain(path) as file:
        if os.fstat(file.fileno()).st_size != target.length:
            return False
        return sha256_of(file) == target.sha256
