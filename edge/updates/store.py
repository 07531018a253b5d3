"""Released files on this device, each in a folder that is called by its SHA-256: two versions never mix.

What lies here was verified when it came. A disk can lose it since, so whoever serves by it proves it once more.
"""

import logging
import os
from collections.abc import Set
from pathlib import Path, PurePosixPath

from edge.contracts.files import move_aside, sha256_of
from edge.contracts.stored import sync
from edge.updates.state import Artifact
from edge.updates.trust.clearing import clear
from edge.updates.trust.refusal import Reason, RefusedError

FOLDER = "store"
LONGEST_NAME = 200  # bytes
DAMAGED = ".damaged"  # what was moved aside
_log = logging.getLogger(__name__)


class Store:
    """Below the home of the updates. One thread uses it."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def path(self, name: str, sha256: str) -> Path:
        """Where the file of a release lies, or would. Raises RefusedError where no file can have its name."""
        return self._folder / sha256 / file_name(name)

    def holds(self, name: str, sha256: str) -> bool:
        """Whether it is there, whole and unchanged; it is read to its end. What cannot be read is not."""
        try:
            return sha256_of(self.path(name, sha256)) == sha256
        except FileNotFoundError:
            return False
        except (OSError, ValueError) as error:
            _log.warning("%s: %s", self.path(name, sha256), error)
            return False

    def put_aside(self, sha256: str) -> None:
        """Make room for the same file, whatever lies in its place and can be moved."""
        try:
            move_aside(self._folder / sha256, self._folder / (sha256 + DAMAGED))
        except FileNotFoundError:
            return
        except OSError as error:
            _log.warning("%s: cannot be moved aside: %s", self._folder / sha256, error)

    def take(self, fetched: Path, name: str, sha256: str) -> Path:
        """Move a verified file here from elsewhere on the same disk; it is settled when it returns. Raises OSError."""
        path = self.path(name, sha256)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fetched.replace(path)
        for folder in (path.parent, self._folder, self._folder.parent):
            sync(folder)
        return path

    def sweep(self, kept: Set[str]) -> None:
        """Delete all but the files with these SHA-256, as far as it can be deleted."""
        clear(self._folder, lambda name: name in kept)


def is_whole(store: Store, artifact: Artifact) -> bool:
    """Whether the file of what shall serve is there, and is what its hash says."""
    return store.holds(artifact.name, artifact.sha256)


def file_name(name: str) -> str:
    """Of a release's name the last part. Raises RefusedError where no file can have it."""
    last = PurePosixPath(name).name
    if not last or last == ".." or len(os.fsencode(last)) > LONGEST_NAME or not last.isprintable():
        raise RefusedError(Reason.MALFORMED, f"{name!r:.120} ends in no name of a file; release it under another")
    return last
