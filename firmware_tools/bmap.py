"""Block maps (bmap 2.0, as bmaptool reads and writes them): which blocks of an image hold something, and their SHA-256.

A file that is read comes from outside: it is parsed without entities or document types, bounded in size, and every
number in it is held against the others before one byte is written by it.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from edge.contracts.files import NotPlainError, open_plain
from firmware_tools.errors import FirmwareError, MistakeError

LARGEST_BYTES = 64 << 20
_RANGE = re.compile(r"(\d{1,15})(?:\s*-\s*(\d{1,15}))?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORM = """<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize>{image}</ImageSize>
    <BlockSize>{block}</BlockSize>
    <BlocksCount>{blocks}</BlocksCount>
    <MappedBlocksCount>{mapped}</MappedBlocksCount>
    <ChecksumType>sha256</ChecksumType>
    <BmapFileChecksum>{checksum}</BmapFileChecksum>
    <BlockMap>
{ranges}    </BlockMap>
</bmap>
"""
_TEXTS = ("ImageSize", "BlockSize", "BlocksCount", "MappedBlocksCount", "ChecksumType", "BmapFileChecksum")


@dataclass(frozen=True)
class Span:
    """Bytes [start, end) of an image, and what they must hash to; "" where nobody has said."""

    start: int
    end: int
    sha256: str


@dataclass(frozen=True)
class BlockMap:
    """Spans that hold something, in their order, apart from each other; the rest of the card is left alone."""

    image_bytes: int
    block_bytes: int
    spans: tuple[Span, ...]

    @property
    def mapped_bytes(self) -> int:
        """What is to be written."""
        return sum(span.end - span.start for span in self.spans)


def read_block_map(path: Path) -> BlockMap:
    """Raises MistakeError: it is none, or contradicts itself."""
    try:
        with open_plain(path) as file:
            raw = file.read(LARGEST_BYTES + 1)
        return parse(raw)
    except (OSError, NotPlainError, ValueError) as error:
        raise MistakeError(f"{path}: no usable block map: {error}; make it anew with `bmaptool create`") from error


def write_block_map(path: Path, block_map: BlockMap) -> None:
    """Write it as a file. Raises FirmwareError."""
    try:
        path.write_bytes(serialised(block_map))
    except OSError as error:
        raise FirmwareError(f"{path} cannot be written: {error.strerror}") from error


def beside(image: Path) -> Path | None:
    """The block map that lies beside an image: for a.img.xz one of a.img.xz.bmap, a.img.bmap, a.bmap."""
    name = image.name
    while name:
        if (found := image.with_name(f"{name}.bmap")).is_file():
            return found
        name = name.rpartition(".")[0]
    return None


def parse(raw: bytes) -> BlockMap:
    """Raises ValueError with what is wrong with it."""
    if len(raw) > LARGEST_BYTES:
        raise ValueError("it is larger than any block map")
    reader = _Reader()
    try:
        reader.read(raw)
    except expat.ExpatError as error:
        raise ValueError(f"it is no well-formed XML ({error})") from error
    if not reader.version.startswith("2."):
        raise ValueError(f"its version is {reader.version or 'missing'}, known is 2.0")
    texts = reader.texts
    if missing := [name for name in _TEXTS if name not in texts]:
        raise ValueError(f"it lacks {', '.join(missing)}")
    if texts["ChecksumType"] != "sha256":
        raise ValueError(f"its checksums are of the kind {texts['ChecksumType'][:20]!r}, known is sha256")
    _check_own(raw, texts["BmapFileChecksum"])
    return _block_map(texts, reader.ranges)


def serialised(block_map: BlockMap) -> bytes:
    """The bytes of its file: what `parse` reads. Its spans begin and end with blocks, or with the image."""
    block = block_map.block_bytes
    ranges = [(span.start // block, -(-span.end // block), span.sha256) for span in block_map.spans]
    texts = {
        "image": block_map.image_bytes,
        "block": block,
        "blocks": -(-block_map.image_bytes // block),
        "mapped": sum(upto - first for first, upto, _ in ranges),
        "ranges": "".join(_range_line(first, upto, sha256) for first, upto, sha256 in ranges),
    }
    checksum = hashlib.sha256(_FORM.format(checksum="0" * 64, **texts).encode()).hexdigest()
    return _FORM.format(checksum=checksum, **texts).encode()


def _range_line(first: int, upto: int, sha256: str) -> str:
    """Of blocks [first, upto)."""
    blocks = f"{first}-{upto - 1}" if upto - first > 1 else str(first)
    return f'        <Range chksum="{sha256}">{blocks}</Range>\n'


class _Reader:
    """Collects the texts of a bmap file; whatever else is in it is passed over."""

    def __init__(self) -> None:
        self.version = ""
        self.texts: dict[str, str] = {}
        self.ranges: list[tuple[str, str]] = []  # "0-1" and its checksum
        self._heard: list[str] = []
        self._checksum = ""

    def read(self, raw: bytes) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._heard.append
        parser.EndElementHandler = self._end
        parser.Parse(raw, True)

    def _refuse(self, *_declared: object) -> None:
        raise ValueError("it declares a document type or entities, which no block map does")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._heard.clear()
        if name == "bmap":
            self.version = attributes.get("version", "")
        self._checksum = attributes.get("chksum", "")

    def _end(self, name: str) -> None:
        text = "".join(self._heard).strip()
        self._heard.clear()
        if name == "Range":
            self.ranges.append((text, self._checksum))
        elif name in _TEXTS:
            self.texts[name] = text


def _check_own(raw: bytes, checksum: str) -> None:
    """The file's own checksum is taken with zeros in the place of the checksum."""
    if not _SHA256.fullmatch(checksum):
        raise ValueError("its own checksum is no SHA-256")
    zeroed = raw.replace(checksum.encode(), b"0" * len(checksum), 1)
    if hashlib.sha256(zeroed).hexdigest() != checksum:
        raise ValueError("its own checksum does not fit: it was changed or damaged")


def _block_map(texts: dict[str, str], ranges: list[tuple[str, str]]) -> BlockMap:
    image, block, blocks, mapped = (_count(name, texts[name]) for name in _TEXTS[:4])
    if block < 512 or block > 1 << 20 or block & (block - 1):
        raise ValueError(f"its blocks of {block} bytes are no power of two from 512 to 1048576")
    if image == 0 or blocks != -(-image // block):
        raise ValueError(f"{blocks} blocks of {block} bytes are not its image of {image} bytes")
    spans, last = [], -1
    for text, checksum in ranges:
        first, upto = _range(text)
        if first <= last or upto < first or upto >= blocks:
            raise ValueError(f"its range {text[:40]!r} is out of order or outside of the image")
        if not _SHA256.fullmatch(checksum):
            raise ValueError(f"its range {text[:40]!r} has no SHA-256")
        spans.append(Span(first * block, min((upto + 1) * block, image), checksum))
        last = upto
    if sum(-(-(span.end - span.start) // block) for span in spans) != mapped:
        raise ValueError(f"its ranges are not the {mapped} mapped blocks that it tells of")
    if not spans or spans[0].start != 0:
        raise ValueError("it leaves out the first block, without which nothing boots")
    return BlockMap(image, block, tuple(spans))


def _count(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError(f"its {name} is no number: {text[:40]!r}")
    return int(text)


def _range(text: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"its range {text[:40]!r} is none")
    return int(found[1]), int(found[2] or found[1])
