"""`release init`: a new repository, and the keys of its roles."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.release.claiming import claimed, make_folder
from firmware_tools.release.keys import new_key
from firmware_tools.release.lifetimes import Lifetimes, check_lifetimes, dated, write_lifetimes
from firmware_tools.release.lists import AnyList, write_list
from firmware_tools.release.publishing import publish
from firmware_tools.release.repository import Repository

MOST_KEYS = 16
ONLINE = frozenset({Snapshot.type, Timestamp.type})


@dataclass(frozen=True, slots=True)
class Holders:
    """How many keys a role has, and how many of them must sign."""

    keys: int
    threshold: int


ONE = Holders(1, 1)


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """Keys of the roles; those of snapshot and timestamp sign by themselves, one each."""

    folder: Path  # where key files are made
    passphrase: str  # "" leaves them unencrypted
    root: Holders
    targets: Holders


def start(repository: Repository, plan: KeyPlan, lifetimes: Lifetimes, now: datetime) -> tuple[Path, ...]:
    """Make the keys, and publish an empty list of releases. Returns the key files.

    Raises:
        MistakeError: there is a repository already, or the plan cannot hold.
        FirmwareError: a file cannot be written.
    """
    _check(repository, plan)
    check_lifetimes(lifetimes)
    try:
        with claimed(repository) as undone:
            repository.files.mkdir()
            signers = _keys(plan, undone)
            with repository.alone():
                _stage(repository, plan, signers, lifetimes, now)
                write_lifetimes(repository.lifetimes, lifetimes)
            publish(repository, [signer for several in signers.values() for signer in several], now)
    except OSError as error:
        raise FirmwareError(f"{repository.home} cannot be written: {error.strerror}; name another folder") from error
    return tuple(path for role, holders in _holders(plan).items() for path in _paths(plan.folder, role, holders.keys))


def _check(repository: Repository, plan: KeyPlan) -> None:
    if repository.lifetimes.exists() or repository.public.exists():
        raise MistakeError(f"{repository.home} holds releases already; their root is never made anew: see rotate-keys")
    if plan.folder.resolve().is_relative_to(repository.public.resolve()):
        raise MistakeError(f"{plan.folder} lies in what is served to everybody; put keys elsewhere")
    for role, holders in _holders(plan).items():
        if not 1 <= holders.threshold <= holders.keys <= MOST_KEYS:
            raise MistakeError(
                f"{role}: {holders.threshold} of {holders.keys} keys cannot be; at least 1, at most {MOST_KEYS}"
            )


def _keys(plan: KeyPlan, undone: ExitStack) -> dict[str, list[CryptoSigner]]:
    """New ones, by role; undone, those that were made go."""
    make_folder(plan.folder, undone, 0o700)
    made: dict[str, list[CryptoSigner]] = {}
    for role, holders in _holders(plan).items():
        for path in _paths(plan.folder, role, holders.keys):
            made.setdefault(role, []).append(new_key(path, plan.passphrase))
            undone.callback(path.unlink, missing_ok=True)
    return made


def _holders(plan: KeyPlan) -> dict[str, Holders]:
    return {Root.type: plan.root, Targets.type: plan.targets, Snapshot.type: ONE, Timestamp.type: ONE}


def _paths(folder: Path, role: str, count: int) -> list[Path]:
    if role in ONLINE:
        return [folder / f"{role}.pem"]
    return [folder / f"{role}-{number}.pem" for number in range(1, count + 1)]


def _stage(
    repository: Repository, plan: KeyPlan, signers: dict[str, list[CryptoSigner]], lifetimes: Lifetimes, now: datetime
) -> None:
    """The first root and the first list of files, signed by all."""
    root = Root(consistent_snapshot=True)
    for role, holders in _holders(plan).items():
        for signer in signers[role]:
            root.add_key(signer.public_key, role)
        root.roles[role].threshold = holders.threshold
    firsts: tuple[AnyList, ...] = (Metadata(root), Metadata(Targets()))
    for first in firsts:
        dated(first.signed, lifetimes, now)
        for signer in signers[first.signed.type]:
            first.sign(signer, append=True)
        write_list(repository.staged / f"{first.signed.type}.json", first)
