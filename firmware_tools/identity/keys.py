"""Private keys: made, written, read. They never leave the files that they are in, and no message tells of them."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from firmware_tools.errors import MistakeError

Key = ec.EllipticCurvePrivateKey


def new_key() -> Key:
    """A key on P-256: every TLS library takes it, and it is quick on small boards."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key, passphrase: str = "") -> bytes:
    """The key as PKCS 8, encrypted where there is a passphrase."""
    how: KeySerializationEncryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def is_protected(pem: bytes) -> bool:
    """Whether a passphrase is needed."""
    return b"ENCRYPTED" in pem


def read_key(pem: bytes, passphrase: str, where: str) -> Key:
    """The key of a PEM file.

    Args:
        pem: its bytes.
        passphrase: "" for a key without.
        where: what messages call it.

    Raises:
        MistakeError: it is none of ours, or the passphrase is not the right one.
    """
    try:
        key = load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # whose words may quote what is in the file
        why = "the passphrase is not the right one" if is_protected(pem) else "it is damaged, or no key"
        raise MistakeError(f"the key {where} cannot be read: {why}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise MistakeError(f"the key {where} is of another kind than the ones made here; bring back the fleet's own")
    return key
