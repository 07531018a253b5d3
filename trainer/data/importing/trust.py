"""Whether an archive is from a device that somebody trusts: Ed25519 signatures and fingerprints of keys."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from edge.contracts.archive import MOST_KEY_BYTES, fingerprint
from trainer.data.files import read_bytes
from trainer.errors import TrainError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_DIGITS = re.compile(r"[0-9a-f]{64}")


def trusted_fingerprint(trust: str) -> str:
    """The fingerprint that a person trusts.

    Args:
        trust: the fingerprint, in whatever groups and case, or the name of a file with the public key.

    Raises:
        TrainError: it is neither.
    """
    digits = re.sub(r"[\s:-]", "", trust.strip().lower().removeprefix("sha256:"))
    if _DIGITS.fullmatch(digits):
        return digits
    path = Path(trust)
    if not path.is_file():
        raise TrainError(
            f"--trust {trust!r} is neither a fingerprint of 64 digits nor a file with a key; on the device, "
            "`foresight archive CONFIG` shows both"
        )
    return fingerprint(public_key(read_bytes(path, MOST_KEY_BYTES), path).public_bytes_raw())


def public_key(data: bytes, path: Path) -> "Ed25519PublicKey":
    """A public key, PEM.

    Raises:
        TrainError: it is none of the kind that devices have, or the library is missing.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - only importing needs it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    except ImportError as error:
        raise TrainError("signatures are checked with `cryptography`: pip install 'foresight-edge[archive]'") from error
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TrainError(f"{path} holds no public key; `foresight archive CONFIG` shows the device's") from error
    if not isinstance(key, Ed25519PublicKey):
        raise TrainError(f"{path} holds a key of another kind than Ed25519, which devices have; use the device's own")
    return key


def check_signature(key: "Ed25519PublicKey", signature: bytes, signed: bytes, path: Path) -> None:
    """Refuse a manifest that the key did not sign.

    Raises:
        TrainError: it did not.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only importing needs it

    try:
        key.verify(signature, signed)
    except InvalidSignature as error:
        raise TrainError(
            f"{path}: the signature does not fit its manifest, so it is damaged or was tampered with; nothing was "
            "imported; archive again on the device"
        ) from error
