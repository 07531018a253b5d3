"""What the TUF client found wrong, as a reason of ours."""

from pathlib import Path

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    StorageError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, Targets
from tuf.api.serialization import DeserializationError

from edge.updates.trust.refusal import Reason, RefusedError

# The first that fits; what none fits is malformed where it concerns metadata, else unreachable.
_REASONS: tuple[tuple[type[Exception], Reason, str], ...] = (
    (
        ExpiredMetadataError,
        Reason.FREEZE,
        "the releases are past their expiry: publish them again, or see who hides newer",
    ),
    (UnsignedMetadataError, Reason.WRONG_KEY, "not signed by enough of the keys that this device trusts"),
    (DeserializationError, Reason.MALFORMED, "metadata cannot be read"),
    (LengthOrHashMismatchError, Reason.CHANGED, "metadata is not what was signed for"),
    (BadVersionNumberError, Reason.ROLLBACK, "older than what this device has seen already"),
    (DownloadLengthMismatchError, Reason.ENDLESS, "metadata has more bytes than it may have"),
    (DownloadHTTPError, Reason.UNREACHABLE, "metadata is missing on the server; publish again, or correct url"),
    (RepositoryError, Reason.MALFORMED, "metadata is not as it must be"),
)


def refusal(error: Exception, last: bytes, root: Path) -> RefusedError:
    """The refusal for an error of the TUF client.

    Args:
        error: of the client.
        last: the metadata that came last.
        root: file of the root that is trusted now.
    """
    reason, what = next(
        ((reason, what) for kind, reason, what in _REASONS if isinstance(error, kind)),
        (Reason.UNREACHABLE, "metadata cannot be fetched; tried again later"),
    )
    role = _signed_role(last, root)
    if (reason is Reason.CHANGED and role) or (reason is Reason.ROLLBACK and role == Targets.type):
        reason, what = Reason.MIX_AND_MATCH, "one of the lists is of another release than the others"
    return RefusedError(reason, f"releases: {what} ({error})")


def _signed_role(data: bytes, root: Path) -> str:
    """The role by whose keys it is signed; "" where it is not, or is no metadata."""
    try:
        told: Metadata[Root] = Metadata.from_bytes(data)  # or of any other role
        Metadata[Root].from_file(str(root)).signed.verify_delegate(told.signed.type, told.signed_bytes, told.signatures)
    except (RepositoryError, StorageError, ValueError):
        return ""
    return told.signed.type
