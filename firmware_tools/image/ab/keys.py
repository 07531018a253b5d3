"""Who may make systems for devices: an authority, whose certificate every system has in it, and a signer under it.

The authority's key signs a new signer once in years, the signer's key every bundle. Both are offline, as those of the
releases' list of files are; a device takes a bundle only where that list names it as well.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from firmware_tools.errors import MistakeError
from firmware_tools.identity.certificates import pem, read_certificate
from firmware_tools.identity.files import OTHERS
from firmware_tools.identity.issuing import AUTHORITY_LASTS, Issuer, issue, self_signed
from firmware_tools.identity.keys import is_protected, key_pem, new_key, read_key

AUTHORITY, SIGNER = "update-authority", "update-signer"
# Devices want the first; RAUC on a workstation checks what it signed for the second.
USES = (ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)


@dataclass(frozen=True)
class SigningKey:
    """What signs bundles: files, the key still encrypted where it was made so."""

    certificate: Path
    key: Path
    authority: Path


def make_keys(folder: Path, fleet: str, passphrase: str, now: datetime) -> SigningKey:
    """Make an authority and a signer in a new folder.

    Args:
        folder: must not hold such keys.
        fleet: whose systems they sign.
        passphrase: that encrypts both keys; "" for none.
        now: when they begin to be good.

    Raises:
        MistakeError: there are such files, or they cannot be written.
    """
    authority_key, signer_key = new_key(), new_key()
    authority = self_signed(f"{fleet} update authority", authority_key, now)
    issuer = Issuer(authority, authority_key)
    signer = issue(issuer, f"{fleet} update signer", signer_key, now, AUTHORITY_LASTS, USES)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, certificate, key in ((AUTHORITY, authority, authority_key), (SIGNER, signer, signer_key)):
            _write(folder / f"{name}.crt", pem(certificate), 0o644)
            _write(folder / f"{name}.key", key_pem(key, passphrase), 0o600)
    except FileExistsError as error:
        raise MistakeError(
            f"{error.filename} is there already, and no key is ever replaced; name a new folder"
        ) from error
    except OSError as error:
        raise MistakeError(f"the keys cannot be written to {folder}: {error.strerror}; name another folder") from error
    return signing_key(folder)


def signing_key(folder: Path) -> SigningKey:
    """The signer of a folder that `image keys` made. Raises MistakeError."""
    found = SigningKey(folder / f"{SIGNER}.crt", folder / f"{SIGNER}.key", folder / f"{AUTHORITY}.crt")
    for path in (found.certificate, found.key, found.authority):
        if not path.is_file():
            raise MistakeError(f"{path} is not there; make keys with: image keys {folder}")
    if not is_protected(found.key.read_bytes()) and found.key.stat().st_mode & OTHERS:
        raise MistakeError(f"{found.key} is not encrypted and can be read by others: chmod 600 it")
    return found


def check_passphrase(key: SigningKey, passphrase: str) -> None:
    """Raises MistakeError where the key does not open."""
    read_key(key.key.read_bytes(), passphrase, str(key.key))


def keyring(path: Path) -> bytes:
    """The certificate of an authority, as a system is given it. Raises MistakeError: it is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MistakeError(f"the keyring {path} cannot be read: {error.strerror}; make one: image keys") from error
    certificate = read_certificate(data, str(path))
    try:
        is_authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_authority = False
    if not is_authority:
        raise MistakeError(f"{path} is no authority's certificate; the keyring is {AUTHORITY}.crt of image keys")
    return pem(certificate)


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
