"""`release publish`: what is staged and signed by enough is served, as a whole. `release renew`: it is, for longer.

Files first, then the lists that name them, the timestamp last: a device that asks meanwhile sees the old release or the
new one. Killed in between, it is simply run again. Nothing that an older list names is removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from edge.contracts.release import SIGNED_AT
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.release import lists
from firmware_tools.release.files import publish_files
from firmware_tools.release.lifetimes import NS_PER_S, Lifetimes, dated, read_lifetimes
from firmware_tools.release.repository import Repository
from firmware_tools.release.standing import root_signatures

S = TypeVar("S", Snapshot, Timestamp)
RENEWED_WITHIN = 0.5  # of its lifetime: then the snapshot is made anew


@dataclass(frozen=True, slots=True)
class Published:
    """The versions that are served now."""

    root: int
    targets: int
    snapshot: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class _Release:
    """Four lists that fit each other."""

    root: Metadata[Root]
    targets: Metadata[Targets]
    snapshot: Metadata[Snapshot]
    timestamp: Metadata[Timestamp]

    @property
    def versions(self) -> Published:
        return Published(
            self.root.signed.version,
            self.targets.signed.version,
            self.snapshot.signed.version,
            self.timestamp.signed.version,
        )


def publish(repository: Repository, signers: Sequence[CryptoSigner], now: datetime) -> Published:
    """Serve what is staged, or what is served already, with a new timestamp (and a new snapshot when that is due).

    Args:
        repository: of the repository.
        signers: the keys of timestamp and, when something changes or is due, snapshot; others are not used.
        now: the time, in UTC.

    Raises:
        MistakeError: signatures or keys are missing, or the clock is behind the last publication.
        FirmwareError: a list or file cannot be read or written.
    """
    repository.must_be_there()
    with repository.alone():
        _check_clock(repository, now)
        root = _root(repository)
        release = _release(repository, root, _targets(repository, root.signed), signers, now)
        publish_files(repository, release.targets.signed)
        _write(repository, release)
        for role in (Root.type, Targets.type):
            (repository.staged / f"{role}.json").unlink(missing_ok=True)
    return release.versions


def renew_timestamp(repository: Repository, signers: Sequence[CryptoSigner], now: datetime) -> Published:
    """Renew the timestamp of what is served, and the snapshot when it is due. What is staged goes on waiting.

    Args, Raises: as of `publish`.
    """
    repository.must_be_there()
    with repository.alone():
        _check_clock(repository, now)
        root, targets = lists.public_root(repository), lists.public_targets(repository)
        if root is None or targets is None:
            raise MistakeError(f"nothing is served from {repository.home} yet; see release publish")
        _check(targets, root.signed, "a publication was cut off; run release publish again")
        release = _release(repository, root, targets, signers, now)
        _write(repository, release)
    return release.versions


def _release(
    repository: Repository,
    root: Metadata[Root],
    targets: Metadata[Targets],
    signers: Sequence[CryptoSigner],
    now: datetime,
) -> _Release:
    """With the lists that the online keys sign."""
    lifetimes = read_lifetimes(repository.lifetimes)
    snapshot = _snapshot(repository, root.signed, targets, lifetimes, signers, now)
    timestamp = _timestamp(repository, root.signed, snapshot, lifetimes, signers, now)
    return _Release(root, targets, snapshot, timestamp)


def _check_clock(repository: Repository, now: datetime) -> None:
    """A clock that is behind would publish what devices hold to be old; one that was ahead is known by this, too."""
    served = lists.public_timestamp(repository)
    before_ns = served.signed.unrecognized_fields.get(SIGNED_AT, 0) if served else 0
    if now.timestamp() < before_ns / NS_PER_S:
        raise MistakeError(
            f"this machine's clock says {now:%Y-%m-%d %H:%M} UTC, earlier than the last publication; set it right"
        )


def _root(repository: Repository) -> Metadata[Root]:
    staged = lists.staged_root(repository)
    if staged is None:
        return lists.coming_root(repository)
    if missing := root_signatures(repository, staged).missing:
        raise MistakeError(
            f"the new root lacks {missing} signature(s); release sign with more keys, see release status"
        )
    return staged


def _targets(repository: Repository, root: Root) -> Metadata[Targets]:
    targets = lists.staged_targets(repository) or lists.public_targets(repository)
    if targets is None:
        raise FirmwareError(f"{repository.home} has no list of files; restore it, or begin anew with release init")
    _check(targets, root, "release sign it with more keys of targets, see release status")
    return targets


def _snapshot(
    repository: Repository,
    root: Root,
    targets: Metadata[Targets],
    lifetimes: Lifetimes,
    signers: Sequence[CryptoSigner],
    now: datetime,
) -> Metadata[Snapshot]:
    """The one that is served, where it will do: the same list, valid keys, and half of its life before it."""
    served, meta = lists.public_snapshot(repository), _meta(targets)
    due = now + lifetimes.of(Snapshot.type) * RENEWED_WITHIN
    if served and served.signed.meta == {"targets.json": meta} and served.signed.expires > due and _valid(served, root):
        return served
    made = Snapshot(version=served.signed.version + 1 if served else 1, meta={"targets.json": meta})
    return _signed(made, root, lifetimes, signers, now)


def _timestamp(
    repository: Repository,
    root: Root,
    snapshot: Metadata[Snapshot],
    lifetimes: Lifetimes,
    signers: Sequence[CryptoSigner],
    now: datetime,
) -> Metadata[Timestamp]:
    served = lists.public_timestamp(repository)
    made = Timestamp(version=served.signed.version + 1 if served else 1, snapshot_meta=_meta(snapshot))
    return _signed(made, root, lifetimes, signers, now)


def _signed(made: S, root: Root, lifetimes: Lifetimes, signers: Sequence[CryptoSigner], now: datetime) -> Metadata[S]:
    """Signed by those of the keys that may."""
    dated(made, lifetimes, now)
    metadata = Metadata(made)
    for signer in signers:
        if signer.public_key.keyid in root.roles[made.type].keyids:
            metadata.sign(signer, append=True)
    _check(metadata, root, f"give it with --key (the key of {made.type})")
    return metadata


def _meta(metadata: lists.AnyList) -> MetaFile:
    return MetaFile.from_data(metadata.signed.version, lists.serialised(metadata), ["sha256"])


def _valid(metadata: lists.AnyList, root: Root) -> bool:
    try:
        root.verify_delegate(metadata.signed.type, metadata.signed_bytes, metadata.signatures)
    except UnsignedMetadataError:
        return False
    return True


def _check(metadata: lists.AnyList, root: Root, todo: str) -> None:
    role = metadata.signed.type
    result = root.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    if not result:
        raise MistakeError(f"the list {role} lacks {result.missing} signature(s): {todo}")


def _write(repository: Repository, release: _Release) -> None:
    several: tuple[lists.AnyList, ...] = (release.root, release.targets, release.snapshot)
    for numbered in several:
        path = repository.metadata / f"{numbered.signed.version}.{numbered.signed.type}.json"
        lists.write_list(path, numbered)
    lists.write_list(repository.metadata / "timestamp.json", release.timestamp)
    lists.write_list(repository.trust_root, release.root)
