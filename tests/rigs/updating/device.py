"""A device with a small daemon inside: it serves files, and does as badly with them as is written in them."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edge.contracts.release import Kind
from edge.contracts.update_state import CONFIGURATION, SYSTEM
from edge.updates import activation
from edge.updates.parts import Clock
from edge.updates.seams import Candidate, Vitals
from edge.updates.trust.refusal import Reason, RefusedError

FRAMES_S, LOOKS_S = 10, 5
SICK = b"sick"  # a file with this inside: no detector looks while it serves
BLIND = b"blind"  # no frame comes while it serves
FAILS = b"fails"  # models fail with it
UNFIT = b"unfit"  # it does not pass its check
STUCK = b"stuck"  # it never serves
STILLBORN = b"stillborn"  # it cannot be taken up
BREAKS = b"breaks"  # it serves, and its installer sees at once that it has failed
DIES = b"dies"  # the daemon dies of it
PLACES: Mapping[Kind, Callable[[str], str]] = {
    Kind.MODEL: lambda name: PurePosixPath(name).name,
    Kind.CONFIGURATION: lambda _: CONFIGURATION,
    Kind.SYSTEM: lambda _: SYSTEM,
}


class DiedError(Exception):
    """The daemon, of what it serves."""


@dataclass
class Slots:
    """Of systems, by SHA-256, as a boot loader has them: one is booted once on trial, and then what was kept."""

    booted: str = ""
    trial: str = ""
    kept: str = ""

    def reboot(self) -> None:
        self.booted, self.trial = self.trial or self.kept, ""


@dataclass
class Daemon:
    """It starts by what the disk says, and lives by a clock of its own. See Body, Installer."""

    home: Path
    said: Callable[[str, str], None] = lambda _what, _sha256: None
    utc_ns: int = 10**18
    now_s: float = 0.0
    serving: dict[str, Path] = field(default_factory=dict)
    slots: Slots = field(default_factory=Slots)
    frames: int = 0
    looks: int = 0
    failures: int = 0
    broker: bool = True
    cameras: bool = True
    damaged: list[Path] = field(default_factory=list)

    def start(self) -> None:
        """Read what serves, and prove every byte of it."""
        self.frames = self.looks = self.failures = 0
        self.serving = dict(activation.start(self.home, lambda: self.utc_ns).files)
        self.damaged += [path for path in self.serving.values() if not is_whole(path)]

    def live(self, seconds: float) -> None:
        """Time passes."""
        self.now_s += seconds
        self.utc_ns += int(seconds * 1e9)
        contents = [path.read_bytes() for path in self.serving.values()]
        if any(DIES in content for content in contents):
            raise DiedError
        self.frames += int(FRAMES_S * seconds) if self.cameras and not any(BLIND in one for one in contents) else 0
        if self.cameras and not any(SICK in content or BLIND in content for content in contents):
            self.looks += int(LOOKS_S * seconds)
        self.failures += sum(FAILS in content for content in contents)

    def clock(self) -> Clock:
        return Clock(now_s=lambda: self.now_s, utc_ns=lambda: self.utc_ns)

    def vitals(self) -> Vitals:
        return Vitals(self.frames, self.looks, self.failures, math.nan, self.broker)

    def place(self, candidate: Candidate) -> str:
        return PLACES[candidate.purpose.kind](candidate.name)

    def check(self, candidate: Candidate) -> None:
        self.said("check", candidate.sha256)
        if UNFIT in candidate.path.read_bytes():
            raise RefusedError(Reason.UNFIT, f"{candidate.name} does not fit; release another")

    def take_up(self, candidate: Candidate) -> None:
        self.said("take_up", candidate.sha256)
        content = candidate.path.read_bytes()
        if STILLBORN in content:
            raise RefusedError(Reason.UNFIT, f"{candidate.name} cannot be taken up; release another")
        if candidate.purpose.kind is Kind.SYSTEM:
            self.slots.trial = candidate.sha256
        elif STUCK not in content:
            self._serve(candidate.path, self.place(candidate))

    def serves(self, candidate: Candidate) -> bool:
        if candidate.purpose.kind is Kind.SYSTEM:
            return self.slots.booted == candidate.sha256
        if self.serving.get(self.place(candidate)) != candidate.path:
            return False
        if BREAKS in candidate.path.read_bytes():
            raise RefusedError(Reason.SICK, "it failed with the first frame")
        return True

    def keep(self, candidate: Candidate) -> None:
        self.said("keep", candidate.sha256)
        if candidate.purpose.kind is Kind.SYSTEM:
            self.slots.kept = candidate.sha256

    def go_back(self, candidate: Candidate) -> None:
        self.said("go_back", candidate.sha256)
        if candidate.purpose.kind is Kind.SYSTEM:
            self.slots.trial = ""
            return
        files = activation.serving(self.home).files
        place = self.place(candidate)
        if place in files:
            self._serve(files[place], place)
        else:
            self.serving.pop(place, None)

    def _serve(self, path: Path, place: str) -> None:
        self.serving[place] = path
        self.damaged += [path] if not is_whole(path) else []


def is_whole(path: Path) -> bool:
    """Whether a file of the store is what its folder's name says."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name
