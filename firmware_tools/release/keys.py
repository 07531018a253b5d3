"""Private keys in files: encrypted, or for their owner alone. Ed25519, in PKCS#8 PEM as every tool reads it.

A key file may lie anywhere: those of offline roles belong on a medium that is in no machine but while it signs.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from edge.contracts.files import NotPlainError, open_plain
from edge.contracts.stored import sync
from firmware_tools.errors import MistakeError

OTHERS = 0o077  # permissions that none but the owner may have
SHORTEST_PASSPHRASE = 12
MOST_BYTES = 1 << 16

Passphrase = Callable[[Path], str]  # asked for a key file that is encrypted


def new_key(path: Path, passphrase: str) -> CryptoSigner:
    """Make a key and write it; a file that is there is never replaced.

    Args:
        path: of the file to be.
        passphrase: to encrypt it with; "" leaves it readable, for its owner alone.

    Raises:
        MistakeError: there is a file already, the passphrase is short, or it cannot be written.
    """
    if passphrase and len(passphrase) < SHORTEST_PASSPHRASE:
        raise MistakeError(f"the passphrase is shorter than {SHORTEST_PASSPHRASE} characters; several words are good")
    made = Ed25519PrivateKey.generate()
    how = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
        _write_new(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how), encrypted=bool(passphrase))
    except OSError as error:
        if path.exists():
            raise MistakeError(f"{path} is there already, and no key is ever replaced; name another file") from error
        raise MistakeError(f"{path} cannot be written: {error.strerror}; name another folder with --keys") from error
    return CryptoSigner(made)


def load_key(path: Path, passphrase: Passphrase) -> CryptoSigner:
    """A key from its file.

    Args:
        path: of the file.
        passphrase: asked only where the file is encrypted.

    Raises:
        MistakeError: it cannot be read or is no such key, the passphrase is wrong, or others may read it.
    """
    data, mode = _read(path)
    try:
        if b"BEGIN ENCRYPTED" in data:
            key = load_pem_private_key(data, passphrase(path).encode())
        elif mode & OTHERS:
            raise MistakeError(f"{path} is not encrypted and can be read by others; chmod 600 it, or encrypt it")
        else:
            key = load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise MistakeError(f"{path} is no private key in PEM, or the passphrase is wrong") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise MistakeError(f"{path} is no Ed25519 key; releases are signed with these")
    return CryptoSigner(key)


def load_public(path: Path) -> Key:
    """A public key of somebody else, from its PEM file. Raises MistakeError."""
    data, _ = _read(path)
    try:
        key = SSlibKey.from_crypto(load_pem_public_key(data))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MistakeError(f"{path} is no public key in PEM (BEGIN PUBLIC KEY)") from error
    if key.keytype != "ed25519":
        raise MistakeError(f"{path} is no Ed25519 key; releases are signed with these")
    return key


def _read(path: Path) -> tuple[bytes, int]:
    try:
        with open_plain(path) as file:
            return file.read(MOST_BYTES), os.fstat(file.fileno()).st_mode
    except NotPlainError as error:
        raise MistakeError(f"{path} is no file; name the file of a key") from error
    except OSError as error:
        raise MistakeError(f"{path} cannot be read: {error.strerror}; is its medium there?") from error


def _write_new(path: Path, data: bytes, *, encrypted: bool) -> None:
    """Raises FileExistsError, OSError; MistakeError where the medium knows no permissions and the key is in plain."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if not encrypted and os.fstat(file.fileno()).st_mode & OTHERS:
            path.unlink()
            raise MistakeError(f"{path.parent} cannot keep a file from others; encrypt the key")
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            path.unlink()
            raise
    sync(path.parent)
