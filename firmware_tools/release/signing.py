"""`release sign`: signatures for what is staged, by whoever has a key at hand; the others sign elsewhere, later."""

from collections.abc import Mapping, Sequence

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Targets

from firmware_tools.errors import MistakeError
from firmware_tools.release.lists import AnyList, coming_root, public_root, staged_root, staged_targets, write_list
from firmware_tools.release.repository import Repository
from firmware_tools.release.standing import Signatures, root_signatures, signatures


def sign(repository: Repository, signers: Sequence[CryptoSigner]) -> Mapping[str, Signatures]:
    """Sign what is staged with each key that may; returns how each staged list stands.

    Raises:
        MistakeError: nothing is staged, or a key may sign nothing of it.
        FirmwareError: a list cannot be read or written.
    """
    repository.must_be_there()
    with repository.alone():
        root, targets = staged_root(repository), staged_targets(repository)
        if root is None and targets is None:
            raise MistakeError(f"nothing waits for signatures in {repository.home}; see release add, or publish")
        for signer in signers:
            if not _signed(repository, root, targets, signer):
                raise MistakeError(
                    f"the key {signer.public_key.keyid[:16]} may sign nothing of what is staged in {repository.home}"
                )
        staged: list[AnyList] = [one for one in (root, targets) if one is not None]
        for metadata in staged:
            write_list(repository.staged / f"{metadata.signed.type}.json", metadata)
        return standings(repository)


def standings(repository: Repository) -> Mapping[str, Signatures]:
    """How each staged list stands."""
    root, targets = staged_root(repository), staged_targets(repository)
    told = {Root.type: root_signatures(repository, root)} if root else {}
    if targets:
        told[Targets.type] = signatures(targets, coming_root(repository).signed, None)
    return told


def _signed(
    repository: Repository, root: Metadata[Root] | None, targets: Metadata[Targets] | None, signer: CryptoSigner
) -> bool:
    """Whether the key had something to sign."""
    served, keyid, found = public_root(repository), signer.public_key.keyid, False
    judges = [one.signed for one in (root, served) if one is not None]
    if root and any(keyid in judge.roles[Root.type].keyids for judge in judges):
        _append(root, signer)
        found = True
    if targets and keyid in coming_root(repository).signed.roles[Targets.type].keyids:
        _append(targets, signer)
        found = True
    return found


def _append(metadata: AnyList, signer: CryptoSigner) -> None:
    metadata.sign(signer, append=True)
