"""Keys on disk: encrypted, or for their owner alone; never replaced, never shown."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from firmware_tools.errors import MistakeError
from firmware_tools.release.keys import load_key, load_public, new_key
from tests.rigs.releases import no_passphrase

WORDS = "four good long words"


def test_a_plain_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "root.pem"
    old = os.umask(0)
    try:
        made = new_key(path, "")
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path, no_passphrase).public_key == made.public_key
    path.chmod(0o640)
    with pytest.raises(MistakeError, match="chmod 600"):
        load_key(path, no_passphrase)


def test_an_encrypted_key_may_lie_where_modes_mean_nothing(tmp_path: Path) -> None:
    path = tmp_path / "root.pem"
    made = new_key(path, WORDS)
    assert b"ENCRYPTED" in path.read_bytes()
    path.chmod(0o755)  # as on a stick
    assert load_key(path, lambda _: WORDS).public_key == made.public_key
    for wrong in ("", "wrong words here", WORDS + " "):
        with pytest.raises(MistakeError, match="passphrase is wrong") as caught:
            load_key(path, lambda _, given=wrong: given)  # type: ignore[misc]
        assert WORDS not in str(caught.value)
    with pytest.raises(TypeError):
        load_pem_private_key(path.read_bytes(), None)


def test_short_passphrases_and_files_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match="shorter than 12"):
        new_key(tmp_path / "a.pem", "secret")
    assert list(tmp_path.iterdir()) == []
    new_key(tmp_path / "a.pem", "")
    before = (tmp_path / "a.pem").read_bytes()
    with pytest.raises(MistakeError, match="no key is ever replaced"):
        new_key(tmp_path / "a.pem", "")
    assert (tmp_path / "a.pem").read_bytes() == before
    with pytest.raises(MistakeError, match="cannot be written"):
        new_key(tmp_path / "a.pem" / "below.pem", "")


def test_files_that_hold_no_key(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (b"", b"\xff" * 99, b"-----BEGIN PRIVATE KEY-----\n", b"BEGIN ENCRYPTED", other):
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_bytes(content)
        with pytest.raises(MistakeError, match=r"key\.pem"):
            load_key(path, lambda _: WORDS)
        with pytest.raises(MistakeError, match=r"key\.pem"):
            load_public(path)
    with pytest.raises(MistakeError, match="is its medium there"):
        load_key(tmp_path / "nothing.pem", no_passphrase)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MistakeError, match="no file"):
        load_key(tmp_path / "pipe", no_passphrase)


def test_the_public_key_of_somebody_else(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.touch(0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert load_public(public) == load_key(private, no_passphrase).public_key
