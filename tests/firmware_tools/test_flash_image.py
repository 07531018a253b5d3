"""Images are read to their last byte in every packing, and damaged ones are never taken for shorter ones."""

import bz2
import lzma
import os
import zipfile
from pathlib import Path

import pytest
from backports import zstd

from firmware_tools.bmap import parse
from firmware_tools.errors import MistakeError
from firmware_tools.flash.image import look_at, opened
from firmware_tools.flash.packed import kind_of
from tests.rigs.flashing.images import MIB, PACKERS, block_map, disk_image, packed

RAW = disk_image(2, 3 * MIB + 512, holes=((MIB, 2 * MIB),))
PACKED = sorted(set(PACKERS) - {"img"})


def read(path: Path) -> bytes:
    """All of an image, in steps that fit nothing."""
    found = bytearray()
    buffer = bytearray(70_001)
    with opened(look_at(path, None)) as source:
        while got := source.fill(memoryview(buffer)):
            found += buffer[:got]
    return bytes(found)


@pytest.mark.parametrize("kind", sorted(PACKERS))
def test_all_of_it_comes_out(tmp_path: Path, kind: str) -> None:
    assert read(packed(tmp_path, RAW, kind)) == RAW


@pytest.mark.parametrize("kind", sorted(PACKERS))
def test_what_is_passed_over_is_passed_over(tmp_path: Path, kind: str) -> None:
    rest = bytearray(MIB)
    with opened(look_at(packed(tmp_path, RAW, kind), None)) as source:
        assert source.skip(2 * MIB + 7, memoryview(bytearray(5000))) == 2 * MIB + 7
        assert source.fill(memoryview(rest)) == MIB
        assert bytes(rest) == RAW[2 * MIB + 7 : 3 * MIB + 7]
        assert source.skip(MIB, memoryview(bytearray(5000))) == len(RAW) - 3 * MIB - 7
        assert source.fill(memoryview(rest)) == 0


@pytest.mark.parametrize("kind", PACKED)
def test_two_streams_behind_each_other_are_one_image(tmp_path: Path, kind: str) -> None:
    pack = PACKERS[kind]
    path = tmp_path / f"a.{kind}"
    path.write_bytes(pack(RAW[:MIB]) + pack(RAW[MIB:]))
    assert read(path) == RAW


@pytest.mark.parametrize("kind", ["img.xz", "img.gz"])
def test_padding_behind_an_image_is_nothing(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path, RAW, kind)
    path.write_bytes(path.read_bytes() + bytes(64))
    assert read(path) == RAW


@pytest.mark.parametrize("kind", PACKED)
def test_a_truncated_file_is_damaged_wherever_it_ends(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path, RAW, kind)
    whole = path.read_bytes()
    for length in (20, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(MistakeError, match=r"is damaged: .*; fetch it anew"):
            read(path)


@pytest.mark.parametrize("kind", ["img.xz", "img.gz"])  # zstd has a checksum only where it was asked for one
def test_a_flipped_bit_is_damage(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path, RAW, kind)
    whole = bytearray(path.read_bytes())
    for place in range(len(whole) // 5, len(whole) - 12, len(whole) // 5):
        whole[place] ^= 4
        path.write_bytes(whole)
        with pytest.raises(MistakeError, match="is damaged"):
            read(path)
        whole[place] ^= 4


def test_a_flipped_bit_of_a_zst_with_its_checksum_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.img.zst"
    whole = bytearray(zstd.compress(RAW, options={zstd.CompressionParameter.checksum_flag: 1}))
    whole[len(whole) // 2] ^= 4
    path.write_bytes(whole)
    with pytest.raises(MistakeError, match="is damaged"):
        read(path)


@pytest.mark.parametrize("kind", PACKED)
def test_what_follows_an_image_is_damage(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path, RAW, kind)
    path.write_bytes(path.read_bytes() + b"and more of another kind" * 10)
    with pytest.raises(MistakeError, match="is damaged"):
        read(path)


def test_a_window_that_asks_for_too_much_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.img.zst"
    frame = bytearray(zstd.compress(RAW[:600]))
    path.write_bytes(frame[:4] + bytes([0x00, 0xA8]) + frame[-100:])  # a frame of no told size, its window 2 GiB
    with pytest.raises(MistakeError, match=r"is damaged: .*([Ww]indow|memory)"):
        look_at(path, None)


@pytest.mark.parametrize("kind", sorted(PACKERS))
def test_how_long_it_will_be_where_its_file_says_so(tmp_path: Path, kind: str) -> None:
    expected = {"img": len(RAW), "img.xz": len(RAW), "img.zst": len(RAW), "img.gz": None}
    assert look_at(packed(tmp_path, RAW, kind), None).plain_bytes == expected[kind]


def test_an_xz_of_many_blocks_tells_its_length(tmp_path: Path) -> None:
    path = tmp_path / "a.img.xz"
    path.write_bytes(lzma.compress(RAW, preset=0) + lzma.compress(RAW, preset=0))
    assert look_at(path, None).plain_bytes is None  # of two streams the last alone would be wrong
    path.write_bytes(lzma.compress(RAW, preset=0, check=lzma.CHECK_SHA256))
    assert look_at(path, None).plain_bytes == len(RAW)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\3\4" + bytes(600), "is a zip archive: unpack it first"),
        (b"%PDF-1.7" + bytes(1000), "is no disk image"),
        (bytes(4096), "is no disk image"),
        (lzma.compress(b"a text"), "is no disk image"),
        (bz2.compress(RAW[:1000]), "is no disk image"),
        (b"\xfd7zXZ\0" + bytes(100), "is damaged"),
        (b"\x1f\x8b" + bytes(100), "is damaged"),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 100, "is damaged"),
    ],
)
def test_what_is_no_image(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(MistakeError, match=words):
        look_at(path, None)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "pipe"):
        with pytest.raises(MistakeError, match="cannot be read"):
            look_at(path, None)


def test_a_block_map_of_an_image_of_another_length_is_refused(tmp_path: Path) -> None:
    other = parse(block_map(RAW[:MIB], [(0, 255)]))
    for kind in ("img", "img.xz"):
        with pytest.raises(MistakeError, match="the map of another image"):
            look_at(packed(tmp_path, RAW, kind), other)


def test_with_a_block_map_less_is_written(tmp_path: Path) -> None:
    image = look_at(packed(tmp_path, RAW, "img.gz"), parse(block_map(RAW, [(0, 255), (512, 768)])))
    assert image.plain_bytes == len(RAW)
    assert image.write_bytes == MIB + MIB + 512


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"", ""), (b"\xfd7zXZ\0..", "xz"), (b"\x28\xb5\x2f\xfd.", "zst"), (b"\x1f\x8b\x08", "gz"), (b"\xfd7zX", "")],
)
def test_kinds_are_told_by_how_files_begin(start: bytes, kind: str) -> None:
    assert kind_of(start) == kind


def test_zip_is_known_by_its_real_beginning(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.img", RAW[:1000])
    with pytest.raises(MistakeError, match="zip archive"):
        look_at(tmp_path / "a.zip", None)
