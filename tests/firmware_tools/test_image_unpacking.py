"""The image that is given: its SHA-256, however it is packed."""

import gzip
import hashlib
import lzma
import os
from pathlib import Path
from types import ModuleType

import pytest
from backports import zstd

from firmware_tools.errors import MistakeError
from firmware_tools.image.packing import pack
from firmware_tools.image.unpacking import HOLE, unpack, wanted_sha256

PLAIN = b"head" + bytes(5 * HOLE) + b"middle" + bytes(3 * HOLE) + b"end" + bytes(HOLE)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("plain", [b"", b"a", bytes(HOLE * 2), PLAIN])
@pytest.mark.parametrize("pack", [bytes, lzma.compress, gzip.compress])
@pytest.mark.parametrize("inner", [False, True])
def test_the_sum_of_the_file_or_of_what_is_in_it(tmp_path: Path, plain: bytes, pack: type[bytes], inner: bool) -> None:
    image = tmp_path / "a"
    image.write_bytes(pack(plain))
    unpack(image, sha256(plain if inner else pack(plain)), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == plain
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


def test_zeros_take_no_room(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(lzma.compress(bytes(64 << 20)))
    unpack(tmp_path / "a", sha256(bytes(64 << 20)), tmp_path / "out")
    assert (tmp_path / "out").stat().st_size == 64 << 20
    assert (tmp_path / "out").stat().st_blocks == 0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (PLAIN, "has another SHA-256"),
        (lzma.compress(PLAIN), "has another SHA-256"),
        (lzma.compress(PLAIN)[:-20], "is damaged"),
        (b"PK\3\4" + bytes(100), r"is a \.zip"),
    ],
)
def test_another_image_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(MistakeError, match=why):
        unpack(tmp_path / "a", "0" * 64, tmp_path / "out")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match="is not there"):
        unpack(tmp_path / "a", "0" * 64, tmp_path / "out")
    with pytest.raises(MistakeError, match="it is no file"):
        unpack(tmp_path, "0" * 64, tmp_path / "out")


@pytest.mark.parametrize(("suffix", "module"), [(".xz", lzma), (".zst", zstd)])
def test_packing_makes_the_same_bytes_each_time(tmp_path: Path, suffix: str, module: ModuleType) -> None:
    packed = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        image = tmp_path / name / "disk.img"
        image.write_bytes(PLAIN * 20)
        image.chmod(0o600)
        made = pack(image, suffix)
        assert made.stat().st_mode & 0o777 == 0o600
        packed.add(made.read_bytes())
    assert [module.decompress(data) for data in packed] == [PLAIN * 20]


def test_a_plain_image_is_kept_as_it_is(tmp_path: Path) -> None:
    assert pack(tmp_path / "a", ".img") == tmp_path / "a"


@pytest.mark.parametrize(
    ("text", "listed", "wanted"),
    [
        ("A" * 64, "", "a" * 64),
        ("", f"{'b' * 64}\n", "b" * 64),
        ("", f"{'c' * 64}  other.img.xz\n{'d' * 64} *os.img.xz\n", "d" * 64),
    ],
)
def test_the_sum_is_given_in_words_or_as_a_file(tmp_path: Path, text: str, listed: str, wanted: str) -> None:
    file = tmp_path / "sums"
    file.write_text(listed)
    assert wanted_sha256(text, file if listed else None, Path("os.img.xz")) == wanted


@pytest.mark.parametrize(
    ("text", "listed", "why"),
    [("", "", "say which SHA-256"), ("abc", "", "is no SHA-256"), ("", f"{'c' * 64}  other.img\n", "does not name")],
)
def test_no_sum_is_a_mistake(tmp_path: Path, text: str, listed: str, why: str) -> None:
    file = tmp_path / "sums"
    file.write_text(listed)
    with pytest.raises(MistakeError, match=why):
        wanted_sha256(text, file if listed else None, Path("os.img.xz"))


def test_a_pipe_of_sums_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sums")
    with pytest.raises(MistakeError, match="it is no file"):
        wanted_sha256("", tmp_path / "sums", Path("os.img.xz"))


def test_a_list_of_sums_that_is_too_long_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "sums").write_text(f"{'d' * 64} os.img.xz\n" + " " * (1 << 20))
    with pytest.raises(MistakeError, match="more than 1048576 bytes"):
        wanted_sha256("", tmp_path / "sums", Path("os.img.xz"))
