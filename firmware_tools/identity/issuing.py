"""X.509 certificates are built here and nowhere else: an authority's own, and those that it issues (RFC 5280)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from firmware_tools.identity.keys import Key

BEFORE = timedelta(days=1)  # clocks differ
AUTHORITY_LASTS = timedelta(days=20 * 365)


@dataclass(frozen=True)
class Issuer:
    """An authority that signs: its certificate and its key."""

    certificate: x509.Certificate
    key: Key


def self_signed(name: str, key: Key, now: datetime, lasts: timedelta = AUTHORITY_LASTS) -> x509.Certificate:
    """An authority's own certificate; it signs certificates for use and no further authorities.

    Args:
        name: its common name.
        key: its own.
        now: when it begins to be good.
        lasts: for how long it is.
    """
    made = _begun(_named(name), key, now, now + lasts).issuer_name(_named(name))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return made.add_extension(_usage(signs_others=True), critical=True).sign(key, hashes.SHA256())


def issue(
    issuer: Issuer,
    name: str,
    key: Key,
    now: datetime,
    lasts: timedelta,
    uses: tuple[x509.ObjectIdentifier, ...],
    reached_by: tuple[str, ...] = (),
) -> x509.Certificate:
    """A certificate for use; it never outlives its authority.

    Args:
        issuer: who signs it.
        name: its common name.
        key: whose public half it is for.
        now: when it begins to be good.
        lasts: for how long it is.
        uses: the only ones it is good for (extended key usage).
        reached_by: a server's names and addresses.
    """
    until = min(now + lasts, issuer.certificate.not_valid_after_utc)
    made = _begun(_named(name), key, now, until).issuer_name(issuer.certificate.subject)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs_others=False), critical=True)
    made = made.add_extension(signed_by(issuer.key), critical=False)
    made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if reached_by:
        made = made.add_extension(x509.SubjectAlternativeName(list(map(_address, reached_by))), critical=False)
    return made.sign(issuer.key, hashes.SHA256())


def signed_by(key: Key) -> x509.AuthorityKeyIdentifier:
    """By which key something is signed, as an extension."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _address(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _begun(name: x509.Name, key: Key, now: datetime, until: datetime) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - BEFORE).not_valid_after(until)
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


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
