"""The certificates of a fleet: authorities, devices, hosts, the broker; and the lists of what is revoked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from firmware_tools.errors import MistakeError
from firmware_tools.identity.issuing import BEFORE, Issuer, issue, self_signed, signed_by
from firmware_tools.identity.keys import Key, new_key
from firmware_tools.identity.records import Revoked

FLAGS = {
    "key_compromise": x509.ReasonFlags.key_compromise,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
}


@dataclass(frozen=True)
class Signer(Issuer):
    """An authority of a fleet at work, by its number."""

    number: int


def new_authority(fleet: str, number: int, now: datetime) -> Signer:
    """An authority of a fleet, with a new key."""
    key = new_key()
    return Signer(self_signed(f"{fleet} authority {number}", key, now), key, number)


def sign_client(signer: Signer, name: str, key: Key, now: datetime, lasts: timedelta) -> x509.Certificate:
    """The certificate by which a device or host signs in: the broker takes its common name as user name.

    It cannot be shown as a broker's: a device that was stolen deceives no other.
    """
    return issue(signer, name, key, now, lasts, (ExtendedKeyUsageOID.CLIENT_AUTH,))


def sign_broker(signer: Signer, names: tuple[str, ...], key: Key, now: datetime, lasts: timedelta) -> x509.Certificate:
    """The broker's certificate, for all names and addresses that it is reached by."""
    return issue(signer, "broker", key, now, lasts, (ExtendedKeyUsageOID.SERVER_AUTH,), names)


def revocation_list(signer: Signer, number: int, revoked: Iterable[Revoked], now: datetime) -> bytes:
    """The authority's list, PEM.

    It holds for as long as the authority does: a broker refuses everybody once a list is out of date, and a new one
    comes with each change anyway.
    """
    made = x509.CertificateRevocationListBuilder().issuer_name(signer.certificate.subject)
    made = made.last_update(now - BEFORE).next_update(signer.certificate.not_valid_after_utc)
    made = made.add_extension(x509.CRLNumber(number), critical=False)
    made = made.add_extension(signed_by(signer.key), critical=False)
    for one in revoked:
        if one.authority == signer.number:
            reason = x509.CRLReason(FLAGS[one.reason])
            entry = x509.RevokedCertificateBuilder().serial_number(int(one.serial, 16)).revocation_date(one.at)
            made = made.add_revoked_certificate(entry.add_extension(reason, critical=False).build())
    return made.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def pem(certificate: x509.Certificate) -> bytes:
    """As a file."""
    return certificate.public_bytes(Encoding.PEM)


def read_certificate(data: bytes, where: str) -> x509.Certificate:
    """The certificate of a PEM file. Raises MistakeError."""
    try:
        return x509.load_pem_x509_certificate(data)
    except ValueError as error:
        raise MistakeError(f"the certificate {where} is damaged, or none; bring back the fleet's own") from error


def serial(certificate: x509.Certificate) -> str:
    """As the inventory writes it."""
    return f"{certificate.serial_number:x}"
