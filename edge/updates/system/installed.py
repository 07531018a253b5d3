"""What is remembered of a root file system that was installed, on the partition that outlives both."""

from dataclasses import asdict, dataclass
from pathlib import Path

from edge.contracts.stored import Stored

FILE = "system.json"


@dataclass(frozen=True, slots=True)
class InstalledSystem:
    """A bundle that was written into a slot."""

    sha256: str
    slot: str  # by which the boot loader knows it
    boot: str  # the start of the machine in which it was written, or asked for again
    trials: int  # starts into it that were asked for
    left: bool = False  # it was rolled back: to be tried again, it is written again


class InstalledSystemFile:
    """The last bundle that was installed. Raises OSError, and StateError where a newer Foresight wrote it."""

    def __init__(self, home: Path) -> None:
        self._stored = Stored(home / FILE)

    def read(self, sha256: str) -> InstalledSystem | None:
        """What is known of a bundle; None if another one, or none, was installed last."""
        told = self._stored.read()
        if not isinstance(told, dict) or told.get("sha256") != sha256:
            return None
        trials = told.get("trials", 1)
        return InstalledSystem(
            sha256,
            str(told.get("slot", "")),
            str(told.get("boot", "")),
            trials if isinstance(trials, int) else 1,
            told.get("left") is True,
        )

    def write(self, installed: InstalledSystem) -> None:
        """Remember it, on disk when this returns."""
        self._stored.write(asdict(installed))
