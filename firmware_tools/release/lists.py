"""The signed lists of a repository, read and written as files."""

from pathlib import Path
from typing import TypeAlias, TypeVar

from tuf.api.exceptions import RepositoryError, StorageError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from edge.contracts.stored import PUBLIC, replace_file
from firmware_tools.errors import FirmwareError
from firmware_tools.release.places import Places

S = TypeVar("S", Root, Timestamp, Snapshot, Targets)
AnyRole: TypeAlias = Root | Timestamp | Snapshot | Targets
AnyList: TypeAlias = Metadata[Root] | Metadata[Timestamp] | Metadata[Snapshot] | Metadata[Targets]


def read_list(path: Path, kind: type[S]) -> Metadata[S]:
    """A list. Raises FirmwareError where it is absent or damaged."""
    try:
        told: Metadata[S] = Metadata.from_file(str(path))
    except (RepositoryError, StorageError) as error:
        raise FirmwareError(f"{path} cannot be read ({error}); restore it from what is served") from error
    if not isinstance(told.signed, kind):
        raise FirmwareError(f"{path} is of {told.signed.type}, not of {kind.type}; restore it from what is served")
    return told


def write_list(path: Path, metadata: AnyList) -> None:
    """Replace a list. Raises FirmwareError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, serialised(metadata), PUBLIC)
    except OSError as error:
        raise FirmwareError(f"{path} cannot be written: {error.strerror}; make room, or correct its owner") from error


def serialised(metadata: AnyList) -> bytes:
    """As it lies on disk."""
    return metadata.to_bytes(JSONSerializer(compact=False))


def public_root(places: Places) -> Metadata[Root] | None:
    """The newest root that is served; None before the first."""
    numbers = [int(path.name.split(".")[0]) for path in places.metadata.glob("[0-9]*.root.json")]
    return read_list(places.metadata / f"{max(numbers)}.root.json", Root) if numbers else None


def public_timestamp(places: Places) -> Metadata[Timestamp] | None:
    """The one that is served; None before the first."""
    path = places.metadata / "timestamp.json"
    return read_list(path, Timestamp) if path.exists() else None


def public_snapshot(places: Places) -> Metadata[Snapshot] | None:
    """The one that the timestamp names; None before the first."""
    timestamp = public_timestamp(places)
    if timestamp is None:
        return None
    return read_list(places.metadata / f"{timestamp.signed.snapshot_meta.version}.snapshot.json", Snapshot)


def public_targets(places: Places) -> Metadata[Targets] | None:
    """The one that the snapshot names; None before the first."""
    snapshot = public_snapshot(places)
    if snapshot is None:
        return None
    return read_list(places.metadata / f"{snapshot.signed.meta['targets.json'].version}.targets.json", Targets)


def staged_root(places: Places) -> Metadata[Root] | None:
    """The root that waits for signatures. One that is served already was left by a publication that was killed."""
    path, served = places.staged / "root.json", public_root(places)
    told = read_list(path, Root) if path.exists() else None
    return told if told and (served is None or told.signed.version > served.signed.version) else None


def staged_targets(places: Places) -> Metadata[Targets] | None:
    """The list of files that waits for signatures; see `staged_root`."""
    path, served = places.staged / "targets.json", public_targets(places)
    told = read_list(path, Targets) if path.exists() else None
    return told if told and (served is None or told.signed.version > served.signed.version) else None


def coming_root(places: Places) -> Metadata[Root]:
    """The root that holds from the next publication on. Raises FirmwareError."""
    root = staged_root(places) or public_root(places)
    if root is None:
        raise FirmwareError(f"{places.home} has no root; restore it, or begin anew with release init")
    return root
