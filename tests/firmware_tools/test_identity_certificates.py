"""Certificates as they must be, by the words of X.509."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware_tools.errors import MistakeError
from firmware_tools.identity.certificates import (
    Signer,
    new_authority,
    pem,
    read_certificate,
    revocation_list,
    serial,
    sign_broker,
    sign_client,
)
from firmware_tools.identity.keys import is_protected, key_pem, new_key, read_key
from firmware_tools.identity.records import Revoked
from tests.rigs.fleet import NOW

YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def signer() -> Signer:
    return new_authority("home", 1, NOW)


def test_an_authority_signs_and_does_nothing_else(signer: Signer) -> None:
    constraints = signer.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = signer.certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (True, True, False)


def test_a_client_is_a_client_only(signer: Signer) -> None:
    key = new_key()
    made = sign_client(signer, "shed", key, NOW, YEAR)
    made.verify_directly_issued_by(signer.certificate)
    extensions = made.extensions
    assert [one.value for one in made.subject] == ["shed"]
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "shed"
    assert made.public_key() == key.public_key()
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert made.not_valid_before_utc < NOW < made.not_valid_after_utc == NOW + YEAR


def test_nothing_outlives_its_authority(signer: Signer) -> None:
    made = sign_client(signer, "shed", new_key(), NOW, 1000 * YEAR // 10)
    assert made.not_valid_after_utc == signer.certificate.not_valid_after_utc


def test_a_broker_is_known_by_names_and_addresses(signer: Signer) -> None:
    made = sign_broker(signer, ("broker.lan", "10.0.0.2", "fd00::2"), new_key(), NOW, YEAR)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.lan"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.2", "fd00::2"]


def test_a_list_names_what_this_authority_revoked(signer: Signer) -> None:
    def gone(number: int, authority: int) -> Revoked:
        return Revoked(serial=f"{number:x}", authority=authority, owner="shed", at=NOW, reason="key_compromise")

    read = x509.load_pem_x509_crl(revocation_list(signer, 7, (), NOW))
    assert list(read) == []
    read = x509.load_pem_x509_crl(revocation_list(signer, 7, (gone(11, 1), gone(12, 2)), NOW))
    assert [one.serial_number for one in read] == [11]
    assert read.is_signature_valid(signer.key.public_key())
    assert read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    assert read.next_update_utc == signer.certificate.not_valid_after_utc


def test_files_are_read_back_or_refused_without_telling_them(signer: Signer) -> None:
    assert serial(read_certificate(pem(signer.certificate), "f")) == serial(signer.certificate)
    with pytest.raises(MistakeError, match="f is damaged"):
        read_certificate(b"", "f")
    for passphrase in ("", "open sesame"):
        written = key_pem(signer.key, passphrase)
        assert is_protected(written) == bool(passphrase)
        assert read_key(written, passphrase, "f").public_key() == signer.key.public_key()
    for data, given in ((b"", ""), (b"hunter2", ""), (written, ""), (written, "hunter2"), (written[:-60], "x")):
        with pytest.raises(MistakeError) as refused:
            read_key(data, given, "f")
        assert "hunter2" not in str(refused.value)
