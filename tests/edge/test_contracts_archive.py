"""The manifest of an archive: what is written is read, and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from edge.contracts.archive import (
    MOST_PICTURE_BYTES,
    MOST_PICTURES,
    Manifest,
    Part,
    decode_manifest,
    encode_manifest,
    fingerprint,
    limit_bytes,
)

SHA = "0123456789abcdef" * 4
PICTURE = f"pictures/{SHA[:32]}.jpg"
TEXTS = {"annotations.json": Part(SHA, 10), "looks.json": Part(SHA, 0)}
WHOLE = Manifest("dev", 5, {**TEXTS, PICTURE: Part(SHA, 100)})


@pytest.mark.parametrize("manifest", [Manifest("dev", 0, TEXTS), WHOLE])
def test_what_is_written_is_read(manifest: Manifest) -> None:
    assert decode_manifest(encode_manifest(manifest)) == manifest
    assert encode_manifest(manifest) == encode_manifest(decode_manifest(encode_manifest(manifest)))


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    told = json.loads(encode_manifest(WHOLE))
    return json.dumps(change(told)).encode()


def with_file(**changes: object) -> bytes:
    return changed(lambda told: {**told, "files": [*told["files"][:2], {**told["files"][2], **changes}]})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Expecting value"),
        (b"[]", "form None"),
        (b"[" * 100_000, "nests too deeply"),
        (changed(lambda told: {**told, "foresight_archive": 2}), "form 2"),
        (changed(lambda told: {**told, "device": 3}), "lacks device"),
        (changed(lambda told: {**told, "newest_utc_ns": True}), "lacks device"),
        (changed(lambda told: {**told, "files": {}}), "lacks device"),
        (changed(lambda told: {**told, "files": []}), "first files"),
        (changed(lambda told: {**told, "files": told["files"][::-1]}), "first files"),
        (changed(lambda told: {**told, "files": [*told["files"], told["files"][2]]}), "twice"),
        (changed(lambda told: {**told, "files": [1]}), "no name"),
        (changed(lambda told: {**told, "files": [{}] * (MOST_PICTURES + 3)}), "more than"),
        (with_file(name="pictures/../../etc/passwd"), "no file of an archive"),
        (with_file(name="/etc/passwd"), "no file of an archive"),
        (with_file(name=f"pictures/{SHA[:32]}.jpg\n"), "no file of an archive"),
        (with_file(sha256=SHA.upper()), "no SHA-256"),
        (with_file(size_bytes=-1), "-1 bytes"),
        (with_file(size_bytes=1.5), "1.5 bytes"),
        (with_file(size_bytes=MOST_PICTURE_BYTES + 1), "at most"),
    ],
)
def test_anything_else_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decode_manifest(data)


def test_a_fingerprint_is_the_hash_of_the_key() -> None:
    assert fingerprint(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert fingerprint(bytes(32)) != fingerprint(bytes(31) + b"\1")


def test_pictures_are_smaller_than_texts() -> None:
    assert limit_bytes(PICTURE) == MOST_PICTURE_BYTES < limit_bytes("looks.json")
