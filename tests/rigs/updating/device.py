"""A device with a small daemon inside: it serves files, and does as badly with them as is written in them."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edge.contracts.release import Kind
from edge.contracts.update_state import CONFIGURATION, SYSTEM, Running
from edge.updates import startup
from edge.updates.context import Clock
from edge.updates.interfaces import HealthSample, StoredArtifact
from edge.updates.trust.refusal import Reason, RefusedError

FRAMES_S, LOOKS_S = 10, 5
SICK = b"sick"  # a file with this inside: no detector looks while it serves
BLIND = b"blind"  # no frame comes while it serves
FAILS = b"fails"  # models fail with it
UNFIT = b"unfit"  # it does not pass its check
STUCK = b"stuck"  # it never serves
STILLBORN = b"stillborn"  # it cannot be taken up
BREAKS = b"breaks"  # it serves, and its installer sees at once that it has failed
HOW = "with the next turn"  # things are activated here
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
    """It starts by what the disk says, and lives by a clock of its own. See HealthProbe, Installer."""

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
        self.serving = dict(startup.start(self.home, lambda: self.utc_ns))
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

    def sample(self) -> HealthSample:
        return HealthSample(self.frames, self.looks, self.failures, math.nan, self.broker)

    def files(self) -> list[Running]:
        """What serves, by hashes; which release that is of, others know."""
        return [Running(place, "", "", path.parent.name, 0) for place, path in self.serving.items()]

    def place_of(self, artifact: StoredArtifact) -> str:
        return PLACES[artifact.purpose.kind](artifact.name)

    def check(self, artifact: StoredArtifact) -> None:
        self.said("check", artifact.sha256)
        if UNFIT in artifact.path.read_bytes():
            raise RefusedError(Reason.UNFIT, f"{artifact.name} does not fit; release another")

    def activate(self, artifact: StoredArtifact) -> str:
        self.said("activate", artifact.sha256)
        content = artifact.path.read_bytes()
        if STILLBORN in content:
            raise RefusedError(Reason.UNFIT, f"{artifact.name} cannot be taken up; release another")
        if artifact.purpose.kind is Kind.SYSTEM:
            self.slots.trial = artifact.sha256
        elif STUCK not in content:
            self._serve(artifact.path, self.place_of(artifact))
        return HOW

    def is_active(self, artifact: StoredArtifact) -> bool:
        if artifact.purpose.kind is Kind.SYSTEM:
            return self.slots.booted == artifact.sha256
        if self.serving.get(self.place_of(artifact)) != artifact.path:
            return False
        if BREAKS in artifact.path.read_bytes():
            raise RefusedError(Reason.SICK, "it failed with the first frame")
        return True

    def commit(self, artifact: StoredArtifact) -> None:
        self.said("commit", artifact.sha256)
        if artifact.purpose.kind is Kind.SYSTEM:
            self.slots.kept = artifact.sha256

    def roll_back(self, artifact: StoredArtifact) -> None:
        self.said("roll_back", artifact.sha256)
        if artifact.purpose.kind is Kind.SYSTEM:
            self.slots.trial = ""
            return
        files = startup.active_files(self.home)
        place = self.place_of(artifact)
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
