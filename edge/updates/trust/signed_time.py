"""When metadata was signed, as its signer says: a field of ours beside those of TUF."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from edge.contracts.release import SIGNED_AT

ROLES = (Root.type, Timestamp.type, Snapshot.type, Targets.type)
OFFLINE = (Root.type, Targets.type)  # whose keys do not lie on a server


def expiries(folder: Path) -> Mapping[str, datetime]:
    """Of each role, from metadata that was verified. Raises RepositoryError, StorageError."""
    return {role: _signed(folder, role).expires for role in ROLES}


def signed_at_ns(folder: Path) -> int:
    """The latest time at which an offline key signed; 0 where none says. Raises RepositoryError, StorageError."""
    told = [_signed(folder, role).unrecognized_fields.get(SIGNED_AT) for role in OFFLINE]
    return max([0, *(value for value in told if type(value) is int)])


def _signed(folder: Path, role: str) -> Root | Timestamp | Snapshot | Targets:
    told: Metadata[Root] = Metadata.from_file(str(folder / f"{role}.json"))  # or of the others
    return told.signed
