"""Where the parts of a repository of releases lie, and one process at a time in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.locking import HeldError, locked
from firmware_tools.errors import MistakeError

LOCK_S = 10.0


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder: `public` is what is served, `staged` what waits for signatures; keys lie elsewhere."""

    home: Path

    @property
    def public(self) -> Path:
        """For the web server: nothing in it is secret."""
        return self.home / "public"

    @property
    def metadata(self) -> Path:
        """Signed lists."""
        return self.public / "metadata"

    @property
    def targets(self) -> Path:
        """Released files, their SHA-256 before their names."""
        return self.public / "targets"

    @property
    def staged(self) -> Path:
        """Lists that are not published yet, and below `files` the files they name, by SHA-256."""
        return self.home / "staged"

    @property
    def files(self) -> Path:
        """Files that are not published yet."""
        return self.staged / "files"

    @property
    def trust_root(self) -> Path:
        """The newest root, by the name under which devices are given it."""
        return self.home / "root.json"

    @property
    def lifetimes(self) -> Path:
        """How long signatures last."""
        return self.home / "lifetimes.json"

    def must_be_there(self) -> None:
        """Nothing, where it is a repository. Raises MistakeError."""
        if not self.lifetimes.is_file():
            raise MistakeError(
                f"{self.home} holds no releases; begin with: foresight-firmware release init {self.home}"
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the repository while the block runs. Raises MistakeError, OSError."""
        try:
            with locked(self.home / "lock", LOCK_S):
                yield
        except HeldError as error:
            raise MistakeError(f"{self.home} is in use by another command; wait for it") from error
