"""X.509: authorities, what they sign, and their lists of what is revoked (RFC 5280)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware_tools.errors import MistakeError
from firmware_tools.identity.keys import Key
from firmware_tools.identity.records import Revoked

BEFORE = timedelta(days=1)  # clocks differ
AUTHORITY_LASTS = timedelta(days=20 * 365)
FLAGS = {
    "key_compromise": x509.ReasonFlags.key_compromise,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
}


@dataclass(frozen=True)
class Signer:
    """An authority at work."""

    number: int
    certificate: x509.Certificate
    key: Key


def new_authority(fleet: str, number: int, key: Key, now: datetime) -> x509.Certificate:
    """An authority's own certificate; it signs devices and no further authorities."""
    name = _named(f"{fleet} authority {number}")
    made = _begun(name, name, key.public_key(), now, now + AUTHORITY_LASTS)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(_usage(signs_others=True), critical=True)
    return made.sign(key, hashes.SHA256())


def sign_client(signer: Signer, name: str, key: Key, now: datetime, lasts: timedelta) -> x509.Certificate:
    """The certificate by which a device or host signs in: the broker takes its common name as user name.

    It cannot be shown as a broker's: a device that was stolen deceives no other.
    """
    made = _leaf(signer, name, key, now, lasts)
    made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return made.sign(signer.key, hashes.SHA256())


def sign_broker(signer: Signer, names: tuple[str, ...], key: Key, now: datetime, lasts: timedelta) -> x509.Certificate:
    """The broker's certificate, for all names and addresses that it is reached by."""
    made = _leaf(signer, "broker", key, now, lasts)
    made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    made = made.add_extension(x509.SubjectAlternativeName([_reached_by(name) for name in names]), critical=False)
    return made.sign(signer.key, hashes.SHA256())


def revocation_list(signer: Signer, number: int, revoked: Iterable[Revoked], now: datetime) -> bytes:
    """The authority's list, PEM.

    It holds for as long as the authority does: a broker refuses everybody once a list is out of date, and a new one
    comes with each change anyway.
    """
    made = x509.CertificateRevocationListBuilder().issuer_name(signer.certificate.subject)
    made = made.last_update(now - BEFORE).next_update(signer.certificate.not_valid_after_utc)
    made = made.add_extension(x509.CRLNumber(number), critical=False)
    made = made.add_extension(_by(signer.key), critical=False)
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


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _reached_by(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _leaf(signer: Signer, name: str, key: Key, now: datetime, lasts: timedelta) -> x509.CertificateBuilder:
    until = min(now + lasts, signer.certificate.not_valid_after_utc)
    made = _begun(_named(name), signer.certificate.subject, key.public_key(), now, until)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs_others=False), critical=True)
    return made.add_extension(_by(signer.key), critical=False)


def _begun(
    name: x509.Name, by: x509.Name, key: EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(name).issuer_name(by).public_key(key)
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - BEFORE).not_valid_after(until)
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _by(key: Key) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
