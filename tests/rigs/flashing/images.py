"""Images for flashing, their packed forms and their block maps."""

import functools
import gzip
import hashlib
import lzma
import random
from collections.abc import Callable
from pathlib import Path

from backports import zstd

MIB = 1 << 20
BLOCK = 4096
TILE = 16 * BLOCK
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "img": lambda raw: raw,
    "img.xz": lambda raw: lzma.compress(raw, preset=0),
    "img.zst": lambda raw: zstd.compress(raw, 1),
    "img.gz": lambda raw: gzip.compress(raw, 1),
}


def noise(seed: int, count: int) -> bytes:
    """Bytes that no other seed gives, no two blocks alike, and yet soon packed: noise that repeats, and its number."""
    tile = random.Random(seed).randbytes(TILE)
    whole = bytearray(tile * -(-count // TILE))
    for number, start in enumerate(range(0, len(whole), BLOCK)):
        whole[start : start + 8] = number.to_bytes(8, "little")
    return bytes(whole[:count])


def disk_image(seed: int, size: int, holes: tuple[tuple[int, int], ...] = ()) -> bytes:
    """Noise that begins as a disk does, with zeros in the holes."""
    raw = bytearray(noise(seed, size))
    raw[510:512] = b"\x55\xaa"
    for start, end in holes:
        raw[start:end] = bytes(end - start)
    return bytes(raw)


def packed(folder: Path, raw: bytes, kind: str) -> Path:
    """The image as a file of the kind `img`, `img.xz`, ..."""
    path = folder / f"a.{kind}"
    path.write_bytes(_packed(kind, raw))
    return path


@functools.lru_cache(16)  # packing noise is slow, and most tests take the same
def _packed(kind: str, raw: bytes) -> bytes:
    return PACKERS[kind](raw)


def block_map(raw: bytes, ranges: list[tuple[int, int]], **changed: str) -> bytes:
    """A bmap of blocks of 4096 bytes, each range from its first block to its last; named texts are replaced.

    The file's own checksum is right, whatever else was changed.
    """
    return signed(unsigned_map(raw, ranges, **changed))


def unsigned_map(raw: bytes, ranges: list[tuple[int, int]], **changed: str) -> bytes:
    """The same with zeros in the place of its own checksum."""
    texts = {
        "ImageSize": str(len(raw)),
        "BlockSize": str(BLOCK),
        "BlocksCount": str(-(-len(raw) // BLOCK)),
        "MappedBlocksCount": str(sum(last - first + 1 for first, last in ranges)),
        "ChecksumType": "sha256",
        "BmapFileChecksum": "0" * 64,
    } | {name: text for name, text in changed.items() if name != "version"}
    spans = "\n".join(
        f'<Range chksum="{_sum(raw, first, last)}"> {first}{f"-{last}" if last != first else ""} </Range>'
        for first, last in ranges
    )
    lines = "\n".join(f"<{name}> {text} </{name}>" for name, text in texts.items())
    version = changed.get("version", "2.0")
    text = f'<?xml version="1.0" ?>\n<bmap version="{version}">\n{lines}\n<BlockMap>\n{spans}\n</BlockMap>\n</bmap>\n'
    return text.encode()


def signed(text: bytes) -> bytes:
    """With its own checksum in the place of the zeros."""
    return text.replace(b"0" * 64, hashlib.sha256(text).hexdigest().encode(), 1)


def _sum(raw: bytes, first: int, last: int) -> str:
    return hashlib.sha256(raw[first * BLOCK : (last + 1) * BLOCK]).hexdigest()
