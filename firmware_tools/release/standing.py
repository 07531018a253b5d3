"""Who has signed a list, and how many signatures it lacks."""

from dataclasses import dataclass

from tuf.api.metadata import Metadata, Root

from firmware_tools.release.lists import AnyList, public_root
from firmware_tools.release.repository import Repository


@dataclass(frozen=True, slots=True)
class Signatures:
    """Of one list: key ids that signed it, that may still do so, and how many are missing."""

    signed: tuple[str, ...]
    waiting: tuple[str, ...]
    missing: int


def signatures(metadata: AnyList, root: Root, before: Root | None) -> Signatures:
    """Of a list, by the root that holds.

    Args:
        metadata: the list.
        root: whose keys count.
        before: of a new root, the one that is served now: enough of its keys must agree as well.
    """
    role, data, given = metadata.signed.type, metadata.signed_bytes, metadata.signatures
    results = [judge.get_verification_result(role, data, given) for judge in (root, before) if judge is not None]
    signed = sorted({keyid for result in results for keyid in result.signed})
    waiting = sorted({keyid for result in results for keyid in result.unsigned} - set(signed))
    return Signatures(tuple(signed), tuple(waiting), max(result.missing for result in results))


def root_signatures(repository: Repository, staged: Metadata[Root]) -> Signatures:
    """Of a root that is not published yet."""
    served = public_root(repository)
    return signatures(staged, staged.signed, served.signed if served else None)
