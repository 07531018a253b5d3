"""`release rotate-keys`: other keys for a role. It makes a new root, which enough of the old and new root keys sign."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from securesystemslib.signer import Key
from tuf.api.metadata import TOP_LEVEL_ROLE_NAMES, Metadata, Root, Targets

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.release.adding import restage
from firmware_tools.release.lifetimes import dated, read_lifetimes
from firmware_tools.release.lists import public_root, staged_root, write_list
from firmware_tools.release.repository import Repository

SHORTEST_ID = 8  # digits by which a key is named


@dataclass(frozen=True, slots=True)
class Rotation:
    """What changes for a role."""

    role: str
    added: Sequence[Key]
    removed: Sequence[str]  # beginnings of key ids
    threshold: int  # 0: as it is


def rotate(repository: Repository, rotation: Rotation, now: datetime) -> Root:
    """Stage the new root. Several rotations before a publication make one root; its signatures begin anew.

    Raises:
        MistakeError: the role, a key or the threshold cannot be so.
        FirmwareError: a list cannot be read or written.
    """
    repository.must_be_there()
    if rotation.role not in TOP_LEVEL_ROLE_NAMES:
        raise MistakeError(f"no role is called {rotation.role!r}; there are {', '.join(sorted(TOP_LEVEL_ROLE_NAMES))}")
    with repository.alone():
        root = _next(repository)
        for keyid in [_one(root, rotation.role, beginning) for beginning in rotation.removed]:
            root.revoke_key(keyid, rotation.role)
        for key in rotation.added:
            root.add_key(key, rotation.role)
        _set_threshold(root, rotation)
        dated(root, read_lifetimes(repository.lifetimes), now)
        write_list(repository.staged / "root.json", Metadata(root))
        if rotation.role == Targets.type:
            restage(repository, now)
    return root


def renew(repository: Repository, role: str, now: datetime) -> None:
    """Stage a list of an offline role as it is, to last anew from now.

    Raises:
        MistakeError: the role is not signed by hand.
        FirmwareError: a list cannot be read or written.
    """
    repository.must_be_there()
    if role == Root.type:
        rotate(repository, Rotation(role, [], [], 0), now)
    elif role == Targets.type:
        with repository.alone():
            restage(repository, now)
    else:
        raise MistakeError(f"{role!r} is not renewed: root, targets, and timestamp (with --key) are")


def _next(repository: Repository) -> Root:
    staged, served = staged_root(repository), public_root(repository)
    if staged is not None:
        return staged.signed
    if served is None:
        raise FirmwareError(f"{repository.home} has no root; restore it, or begin anew with release init")
    made = deepcopy(served.signed)
    made.version += 1
    return made


def _one(root: Root, role: str, beginning: str) -> str:
    found = [keyid for keyid in root.roles[role].keyids if keyid.startswith(beginning)]
    if len(beginning) < SHORTEST_ID or len(found) != 1:
        raise MistakeError(
            f"{beginning!r} names {len(found)} keys of {role}; give at least {SHORTEST_ID} digits, see release status"
        )
    return found[0]


def _set_threshold(root: Root, rotation: Rotation) -> None:
    role = root.roles[rotation.role]
    if rotation.threshold:
        role.threshold = rotation.threshold
    if not 1 <= role.threshold <= len(role.keyids):
        raise MistakeError(
            f"{rotation.role} would have {len(role.keyids)} keys and need {role.threshold}; add keys or lower it"
        )
