"""The ext4 of a root partition, inside of an image: looked at, checked and enlarged by e2fsprogs, without root."""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.image.programs import ending, run
from firmware_tools.image.spans import Bytes

LARGEST_FILE_BYTES = 64 << 20
MAGIC, ENCRYPTED, NEEDS_RECOVERY = 0xEF53, 0x10000, 0x4
_BANNER = re.compile(r"debugfs \d[^\n]*\n")
_LINK = re.compile(r'Fast link dest: "(.*)"')
_FREE = re.compile(r"^  Free blocks: (.+)$", re.MULTILINE)
# What would have another meaning on a line that debugfs or its own options read.
_UNSAFE = re.compile(r'["\n\r\0]')


@dataclass(frozen=True)
class Ext4:
    """An ext4 in an image, `start` bytes from its beginning, in a partition of `size` bytes."""

    image: Path
    start: int
    size: int

    @property
    def device(self) -> str:
        """As e2fsprogs take it."""
        return f"{self.image}?offset={self.start}"


@dataclass(frozen=True)
class Superblock:
    """What an ext4 tells of itself."""

    block_bytes: int
    blocks: int
    free_blocks: int
    free_inodes: int

    @property
    def free_bytes(self) -> int:
        """What files and folders can still take."""
        return self.free_blocks * self.block_bytes


@dataclass(frozen=True)
class Entry:
    """What lies in a folder: its mode with the kind (as `stat` has it), owner, group and size."""

    mode: int
    owner: int
    group: int
    size: int


def quoted(path: str) -> str:
    """A path as one argument of debugfs.

    Raises:
        MistakeError: it holds what cannot be quoted.
    """
    if _UNSAFE.search(path):
        raise MistakeError(f"the name {path!r} holds a quote or a line break; rename it")
    return f'"{path}"'


def superblock(fs: Ext4) -> Superblock:
    """Raises MistakeError: this is no ext4 that can be used."""
    with fs.image.open("rb") as file:
        file.seek(fs.start + 1024)
        raw = file.read(1024)
    if len(raw) < 1024 or struct.unpack_from("<H", raw, 56)[0] != MAGIC:
        what = "is encrypted (LUKS)" if _first(fs).startswith(b"LUKS\xba\xbe") else "holds no ext4"
        raise MistakeError(f"the root partition {what}; give the official image of Raspberry Pi OS")
    _, blocks, _, free, free_inodes, _, log = struct.unpack_from("<7I", raw, 0)
    incompatible = struct.unpack_from("<I", raw, 96)[0]
    if incompatible & ENCRYPTED:
        raise MistakeError("the root file system is encrypted; give the official image of Raspberry Pi OS")
    if incompatible & NEEDS_RECOVERY:
        raise MistakeError("the root file system was not unmounted; give an image that has never been booted")
    if incompatible & 0x80:  # 64bit
        blocks += struct.unpack_from("<I", raw, 0x150)[0] << 32
        free += struct.unpack_from("<I", raw, 0x158)[0] << 32
    block_bytes = 1024 << log if log <= 6 else 0
    if not block_bytes or blocks * block_bytes > fs.size or free > blocks:
        raise MistakeError("the root file system contradicts its partition; fetch the image anew")
    return Superblock(block_bytes, blocks, free, free_inodes)


def read(fs: Ext4, path: str) -> bytes:
    """A file's bytes; empty where there is none.

    Args:
        fs: the file system.
        path: without links in it.
    """
    said = run(("debugfs", "-R", f"cat {quoted(path)}", fs.device))
    if len(said.out) > LARGEST_FILE_BYTES:
        raise MistakeError(f"{path} of the image has {len(said.out)} bytes, so it is not what it should be")
    return said.out


def link(fs: Ext4, path: str) -> str:
    """Where a short symbolic link leads; empty where there is none."""
    found = _LINK.search(run(("debugfs", "-R", f"stat {quoted(path)}", fs.device)).out.decode(errors="replace"))
    return found[1] if found else ""


def listings(fs: Ext4, folders: Iterable[str], script: Path) -> dict[str, dict[str, Entry]]:
    """What lies in folders; those that are not there are left out.

    Args:
        fs: the file system.
        folders: their paths.
        script: a file for the commands, which is deleted.
    """
    asked = list(folders)
    script.write_text("".join(f"ls -p {quoted(folder)}\n" for folder in asked))
    text = run(("debugfs", "-f", str(script), fs.device)).out.decode(errors="surrogateescape")
    script.unlink()
    parts = re.split(r'^debugfs: ls -p "(.*)"$', text, flags=re.MULTILINE)
    found = {folder: _entries(lines) for folder, lines in zip(parts[1::2], parts[2::2], strict=True)}
    return {folder: entries for folder, entries in found.items() if "." in entries}


def check(fs: Ext4) -> None:
    """Raises FirmwareError: it is not consistent, or was not unmounted."""
    said = run(("e2fsck", "-f", "-n", fs.device), codes=tuple(range(256)))
    if said.code:
        raise FirmwareError(f"the root file system is not consistent: {ending(said)}; fetch the image anew")


def complaints(said: str) -> str:
    """What debugfs has said beside its name: it fails in words, not by its exit code."""
    return " ".join(_BANNER.sub("", said).split())


def enlarge(fs: Ext4, time_s: int) -> None:
    """Make it, which fills a file of its own, as large as that file has become."""
    blocks = fs.size // superblock(fs).block_bytes
    run(("resize2fs", str(fs.image), str(blocks)), time_s)
    if superblock(fs).blocks != blocks:
        raise FirmwareError("resize2fs did not enlarge the root file system; is e2fsprogs too old?")


def unused(fs: Ext4) -> tuple[Bytes, ...]:
    """What of the image are free blocks."""
    size = superblock(fs).block_bytes
    text = run(("dumpe2fs", fs.device)).out.decode(errors="replace")
    found = []
    for line in _FREE.findall(text):
        for part in filter(None, line.strip().split(", ")):
            first, _, last = part.partition("-")
            found.append(Bytes(fs.start + int(first) * size, fs.start + (int(last or first) + 1) * size))
    return tuple(found)


def _entries(lines: str) -> dict[str, Entry]:
    found = {}
    for line in lines.splitlines():  # /inode/mode/owner/group/name/size/
        parts = line.split("/")
        if len(parts) == 8 and parts[1].isdigit():
            found[parts[5]] = Entry(int(parts[2], 8), int(parts[3]), int(parts[4]), int(parts[6] or 0))
    return found


def _first(fs: Ext4) -> bytes:
    with fs.image.open("rb") as file:
        file.seek(fs.start)
        return file.read(16)
