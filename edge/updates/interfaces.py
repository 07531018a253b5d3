"""What the update machine needs of the rest: how a verified file is tried, taken up, and left again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.contracts.release import Kind, Purpose


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """A file that is what was signed for, in the store of this device. Its inside is not trusted."""

    name: str  # of the release
    purpose: Purpose
    sha256: str
    path: Path


class Installer(Protocol):
    """What is done with released files of one kind.

    Every method ends by itself, and may be called again: after a loss of power the machine begins where its state on
    disk says.

    The order is `place_of`, `check`, then the machine writes down that the file is on trial, `activate`, `is_active`
    until it is true, the health gate, and, after that is written down, `commit` or `roll_back`.
    """

    def place_of(self, artifact: StoredArtifact) -> str:
        """What it takes the place of. Raises RefusedError where this device has no such place."""

    def check(self, artifact: StoredArtifact) -> None:
        """Try it where nothing serves by it. Raises RefusedError with the reason."""

    def activate(self, artifact: StoredArtifact) -> str:
        """Let it serve; how that was done, for people, "" where there is nothing to be said.

        Raises:
            RefusedError: it cannot; what was before serves then.
        """

    def is_active(self, artifact: StoredArtifact) -> bool:
        """Whether it is what serves now. Raises RefusedError where it did, and failed: `sick`."""

    def commit(self, artifact: StoredArtifact) -> None:
        """It is good: let it serve after every start from now on."""

    def roll_back(self, artifact: StoredArtifact) -> None:
        """It is not: let serve what was before."""


Installers = Mapping[Kind, Installer]


@dataclass(frozen=True, slots=True)
class HealthSample:
    """What the daemon does, counted from its start; what there is none of is as it was ever."""

    frames: int  # that came from cameras that deliver
    looks: int  # of detectors
    failures: int  # of models while they ran
    score: float  # mean score of what was detected lately, NaN where nothing was
    broker: bool  # whether it is connected


class HealthProbe(Protocol):
    """Says how the daemon does."""

    def sample(self) -> HealthSample:
        """How it does now."""
