"""`release status`: what is served, until when, what waits, and who still has to sign."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tuf.api.metadata import Role, Targets

from edge.contracts.release import Purpose
from firmware_tools.errors import FirmwareError
from firmware_tools.release import lists
from firmware_tools.release.adding import purposes
from firmware_tools.release.lifetimes import read_lifetimes
from firmware_tools.release.repository import Repository
from firmware_tools.release.signing import standings

SOON = 0.34  # of its lifetime: then a list ought to be signed again


@dataclass(frozen=True, slots=True)
class ListStatus:
    """One list that is served."""

    role: str
    version: int
    expires: datetime
    expired: bool
    soon: bool
    threshold: int
    keys: tuple[str, ...]  # ids


@dataclass(frozen=True, slots=True)
class StagedStatus:
    """One list that is not published yet."""

    role: str
    version: int
    signed: tuple[str, ...]  # ids of keys
    waiting: tuple[str, ...]
    missing: int


@dataclass(frozen=True, slots=True)
class FileStatus:
    """One released file."""

    name: str
    length: int
    sha256: str
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Status:
    """Of a repository."""

    lists: tuple[ListStatus, ...]
    staged: tuple[StagedStatus, ...]
    files: tuple[FileStatus, ...]  # that are served
    changes: tuple[str, ...]  # what the next release does to them


def status(repository: Repository, now: datetime) -> Status:
    """How a repository stands.

    Raises:
        MistakeError: it is none.
        FirmwareError: a list cannot be read.
    """
    repository.must_be_there()
    root, targets = lists.public_root(repository), lists.public_targets(repository)
    snapshot, timestamp = lists.public_snapshot(repository), lists.public_timestamp(repository)
    if root is None or targets is None or snapshot is None or timestamp is None:
        raise FirmwareError(f"{repository.public} is not complete; run release publish with all keys, or restore it")
    served = (root.signed, targets.signed, snapshot.signed, timestamp.signed)
    return Status(
        lists=tuple(_list(repository, signed, root.signed.roles[signed.type], now) for signed in served),
        staged=_staged(repository),
        files=_files(targets.signed),
        changes=_changes(repository, targets.signed),
    )


def _list(repository: Repository, signed: lists.AnyRole, role: Role, now: datetime) -> ListStatus:
    left: timedelta = signed.expires - now
    return ListStatus(
        role=signed.type,
        version=signed.version,
        expires=signed.expires,
        expired=left <= timedelta(),
        soon=left <= read_lifetimes(repository.lifetimes).of(signed.type) * SOON,
        threshold=role.threshold,
        keys=tuple(role.keyids),
    )


def _staged(repository: Repository) -> tuple[StagedStatus, ...]:
    standing, staged = standings(repository), (lists.staged_root(repository), lists.staged_targets(repository))
    return tuple(
        StagedStatus(role, one.signed.version, standing[role].signed, standing[role].waiting, standing[role].missing)
        for one in staged
        if one is not None
        for role in (one.signed.type,)
    )


def _files(targets: Targets) -> tuple[FileStatus, ...]:
    return tuple(
        FileStatus(name, targets.targets[name].length, targets.targets[name].hashes["sha256"], purpose)
        for name, purpose in purposes(targets).items()
    )


def _changes(repository: Repository, served: Targets) -> tuple[str, ...]:
    staged = lists.staged_targets(repository)
    if staged is None:
        return ()
    before, after = served.targets, staged.signed.targets
    told = {name: "new" if name not in before else "changed" for name in after if before.get(name) != after[name]}
    told |= {name: "removed" for name in before if name not in after}
    return tuple(f"{told[name]}: {name}" for name in sorted(told))
