"""Who may make systems for devices: an authority, whose certificate every system has in it, and a signer under it.

The authority's key signs a new signer once in years, the signer's key every bundle. Both are offline, as those of the
releases' list of files are; a device takes a bundle only where that list names it as well.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware_tools.errors import MistakeError
from firmware_tools.identity.certificates import pem, read_certificate
from firmware_tools.identity.keys import Key, is_protected, key_pem, new_key, read_key

LASTS = timedelta(days=20 * 365)
BEFORE = timedelta(days=1)  # clocks differ
AUTHORITY, SIGNER = "update-authority", "update-signer"
OTHERS = 0o077


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
    named = _name(f"{fleet} update authority")
    authority = _begun(named, named, authority_key, authority_key, now, authority=True)
    signer = _begun(_name(f"{fleet} update signer"), named, signer_key, authority_key, now, authority=False)
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


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begun(
    name: x509.Name, by: x509.Name, key: Key, by_key: Key, now: datetime, *, authority: bool
) -> x509.Certificate:
    made = x509.CertificateBuilder().subject_name(name).issuer_name(by).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - BEFORE).not_valid_after(now + LASTS)
    made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
    made = made.add_extension(_usage(authority), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key())
    made = made.add_extension(issuer, critical=False)
    if not authority:
        # Devices want the first; RAUC on a workstation checks what it signed for the second.
        uses = [ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]
        made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    return made.sign(by_key, hashes.SHA256())


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
