"""The signed lists of a repository, read and written as files."""

from pathlib import Path
from typing import TypeAlias, TypeVar

from tuf.api.exceptions import RepositoryError, StorageError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from edge.contracts.stored import PUBLIC, replace_file
from firmware_tools.errors import FirmwareError
from firmware_tools.release.repository import Repository

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


def public_root(repository: Repository) -> Metadata[Root] | None:
    """The newest root that is served; None before the first."""
    numbers = [path.name.removesuffix(".root.json") for path in repository.metadata.glob("*.root.json")]
    newest = max((int(number) for number in numbers if number.isdecimal()), default=0)  # others are somebody's copies
    return read_list(repository.metadata / f"{newest}.root.json", Root) if newest else None


def public_timestamp(repository: Repository) -> Metadata[Timestamp] | None:
    """The one that is served; None before the first. Raises FirmwareError where it is gone."""
    path = repository.metadata / "timestamp.json"
    if path.exists():
        return read_list(path, Timestamp)
    if repository.trust_root.exists() and public_root(repository):  # the first was served: versions do not begin anew
        raise FirmwareError(f"{path} is gone; restore it from what is served, or devices see older versions and refuse")
    return None


def public_snapshot(repository: Repository) -> Metadata[Snapshot] | None:
    """The one that the timestamp names; None before the first."""
    timestamp = public_timestamp(repository)
    if timestamp is None:
        return None
    return read_list(repository.metadata / f"{timestamp.signed.snapshot_meta.version}.snapshot.json", Snapshot)


def public_targets(repository: Repository) -> Metadata[Targets] | None:
    """The one that the snapshot names; None before the first."""
    snapshot = public_snapshot(repository)
    if snapshot is None:
        return None
    return read_list(repository.metadata / f"{snapshot.signed.meta['targets.json'].version}.targets.json", Targets)


def staged_root(repository: Repository) -> Metadata[Root] | None:
    """The root that waits for signatures. One that is served already was left by a publication that was killed."""
    path, served = repository.staged / "root.json", public_root(repository)
    told = read_list(path, Root) if path.exists() else None
    return told if told and (served is None or told.signed.version > served.signed.version) else None


def staged_targets(repository: Repository) -> Metadata[Targets] | None:
    """The list of files that waits for signatures; see `staged_root`."""
    path, served = repository.staged / "targets.json", public_targets(repository)
    told = read_list(path, Targets) if path.exists() else None
    return told if told and (served is None or told.signed.version > served.signed.version) else None


def coming_root(repository: Repository) -> Metadata[Root]:
    """The root that holds from the next publication on. Raises FirmwareError."""
    root = staged_root(repository) or public_root(repository)
    if root is None:
        raise FirmwareError(f"{repository.home} has no root; restore it, or begin anew with release init")
    return root
