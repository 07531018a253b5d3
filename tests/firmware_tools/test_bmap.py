"""Block maps: ours and those of bmaptool are read, and no other file gets a byte written."""

import subprocess
from pathlib import Path

import pytest

from firmware_tools.bmap import BlockMap, Span, beside, parse, read_block_map, serialised, write_block_map
from firmware_tools.errors import FirmwareError, MistakeError
from tests.programs import program
from tests.rigs.flashing.images import BLOCK, block_map, disk_image, signed, unsigned_map

RAW = disk_image(1, 10 * BLOCK + 100)
GOOD = block_map(RAW, [(0, 1), (4, 4), (9, 10)])


def test_spans_in_bytes() -> None:
    found = parse(GOOD)
    assert (found.image_bytes, found.block_bytes) == (len(RAW), BLOCK)
    assert [(span.start, span.end) for span in found.spans] == [(0, 8192), (16384, 20480), (36864, len(RAW))]
    assert found.mapped_bytes == 8192 + 4096 + 4096 + 100


@pytest.mark.parametrize(
    "ranges",
    [[(0, 0)], [(0, 1), (4, 4), (9, 10)], [(0, 10)], [(0, 0), (10, 10)]],
)
def test_what_is_written_is_read_again_as_it_was(ranges: list[tuple[int, int]], tmp_path: Path) -> None:
    of_others = parse(block_map(RAW, ranges))
    assert parse(serialised(of_others)) == of_others
    write_block_map(tmp_path / "a.bmap", of_others)
    assert read_block_map(tmp_path / "a.bmap") == of_others


def test_a_block_map_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(FirmwareError, match=r"absent/a\.bmap cannot be written: No such file"):
        write_block_map(tmp_path / "absent" / "a.bmap", BlockMap(BLOCK, BLOCK, (Span(0, BLOCK, "0" * 64),)))


def test_what_bmaptool_writes_is_read(tmp_path: Path) -> None:
    tool = program("bmaptool", "bmap-tools")
    image = tmp_path / "a.img"
    with image.open("wb") as file:
        file.write(RAW[: 2 * BLOCK])
        file.seek(64 * BLOCK)
        file.write(RAW[:BLOCK])
        file.truncate(100 * BLOCK)
    subprocess.run([tool, "create", "-o", tmp_path / "a.bmap", image], check=True, capture_output=True)
    found = read_block_map(tmp_path / "a.bmap")
    assert found.image_bytes == 100 * BLOCK
    assert [(span.start, span.end) for span in found.spans] == [(0, 2 * BLOCK), (64 * BLOCK, 65 * BLOCK)]


def test_what_we_take_for_a_block_map_is_one_to_bmaptool(tmp_path: Path) -> None:
    tool = program("bmaptool", "bmap-tools")
    (tmp_path / "a.img").write_bytes(RAW)
    (tmp_path / "a.bmap").write_bytes(GOOD)
    subprocess.run([tool, "copy", "--bmap", "a.bmap", "a.img", "out"], check=True, capture_output=True, cwd=tmp_path)
    assert (tmp_path / "out").read_bytes()[:8192] == RAW[:8192]


UNSIGNED = unsigned_map(RAW, [(0, 1)])
BOMB = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><bmap version="2.0">&b;</bmap>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE b SYSTEM "file:///etc/passwd"><bmap version="2.0"></bmap>'


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no well-formed XML"),
        (b"\x7fELF", "no well-formed XML"),
        (GOOD[:-20], "no well-formed XML"),
        (BOMB, "declares a document type"),
        (OUTSIDE, "declares a document type"),
        (b"<a/>", "its version is missing"),
        (block_map(RAW, [(0, 1)], version="1.3"), "its version is 1.3"),
        (block_map(RAW, [(0, 1)], version="3.0"), "its version is 3.0"),
        (b'<bmap version="2.0"></bmap>', "it lacks ImageSize, BlockSize"),
        (block_map(RAW, [(0, 1)], ChecksumType="sha1"), "of the kind 'sha1'"),
        (GOOD.replace(b" 4 ", b" 5 "), "its own checksum does not fit"),
        (block_map(RAW, [(0, 1)], BmapFileChecksum="x"), "its own checksum is no SHA-256"),
        (block_map(RAW, []), "leaves out the first block"),
        (block_map(RAW, [(1, 2)]), "leaves out the first block"),
        (block_map(RAW, [(0, 1), (1, 2)]), "out of order"),
        (block_map(RAW, [(4, 4), (0, 1)]), "out of order"),
        (block_map(RAW, [(0, 11)]), "outside of the image"),
        (block_map(RAW, [(0, 1)], MappedBlocksCount="3"), "not the 3 mapped blocks"),
        (block_map(RAW, [(0, 1)], ImageSize="-4096"), "its ImageSize is no number"),
        (block_map(RAW, [(0, 1)], ImageSize="9" * 30), "its ImageSize is no number"),
        (block_map(RAW, [(0, 1)], ImageSize="0", BlocksCount="0"), "are not its image of 0 bytes"),
        (block_map(RAW, [(0, 1)], BlocksCount="12"), "12 blocks of 4096 bytes are not its image"),
        (block_map(RAW, [(0, 1)], BlockSize="0"), "no power of two"),
        (block_map(RAW, [(0, 1)], BlockSize="4095"), "no power of two"),
        (block_map(RAW, [(0, 1)], BlockSize=str(1 << 30)), "no power of two"),
        (signed(UNSIGNED.replace(b" 0-1 ", b" 0-x ")), "its range '0-x' is none"),
        (signed(UNSIGNED.replace(b"chksum", b"sum")), "has no SHA-256"),
    ],
)
def test_what_is_no_block_map(raw: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(raw)


def test_every_single_changed_byte_is_seen_or_changes_nothing() -> None:
    good = parse(GOOD)
    for place in range(0, len(GOOD), 7):
        changed = bytearray(GOOD)
        changed[place] ^= 1
        try:
            assert parse(bytes(changed)) == good
        except ValueError:
            continue


def test_the_error_names_the_file_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.bmap").write_bytes(b"")
    with pytest.raises(MistakeError, match=r"a\.bmap: no usable block map: .*bmaptool create"):
        read_block_map(tmp_path / "a.bmap")
    with pytest.raises(MistakeError, match="no usable block map"):
        read_block_map(tmp_path)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], None),
        (["b.bmap"], None),
        (["a.img.xz.bmap", "a.bmap"], "a.img.xz.bmap"),
        (["a.img.bmap", "a.bmap"], "a.img.bmap"),
        (["a.bmap"], "a.bmap"),
    ],
)
def test_the_map_that_lies_beside_an_image(tmp_path: Path, files: list[str], found: str | None) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert beside(tmp_path / "a.img.xz") == (tmp_path / found if found else None)
