"""The card as a thing to write to: the one interface that flashing knows, and the block device behind it."""

import contextlib
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from errno import EACCES, EBUSY, EIO, ENODEV, ENOENT, ENOMEDIUM, ENXIO, EPERM, EROFS
from typing import Protocol

from firmware_tools.errors import MistakeError
from firmware_tools.flash.disks import Disk, Roots

BLKROGET = 0x125E
BLKFLSBUF = 0x1261
BLKGETSIZE64 = 0x80081272
BLKGETDISKSEQ = 0x80081280
CDROMEJECT = 0x5309  # which the driver of SCSI disks, and so of USB, obeys as well
OPENING: dict[int, str] = {
    EBUSY: "something of this machine uses it: unmount it and all of its partitions",
    EACCES: "you may not write to disks: use sudo",
    EPERM: "you may not write to disks: use sudo",
    EROFS: "it is read-only: look for the lock switch of the card or its adapter",
    ENOENT: "it was unplugged meanwhile",
    ENXIO: "it was unplugged meanwhile",
    ENODEV: "it was unplugged meanwhile",
    ENOMEDIUM: "its medium was taken out meanwhile",
}


class Card(Protocol):
    """What is flashed. Offsets and lengths are whole blocks; buffers are page-aligned. All of it raises OSError."""

    @property
    def name(self) -> str:
        """As the kernel calls it."""

    @property
    def size_bytes(self) -> int:
        """As it tells."""

    @property
    def block_bytes(self) -> int:
        """The smallest that it reads and writes."""

    def write(self, offset: int, view: memoryview) -> int:
        """Write from the front of the view; how many bytes were taken."""

    def read(self, offset: int, view: memoryview) -> int:
        """Read into the front of the view from the medium itself, past every cache; how many bytes came."""

    def settle(self) -> None:
        """Return when the device says that it holds all that was written."""

    def forget(self) -> None:
        """Drop what this machine remembers of the card's content."""


class BlockCard:
    """A block device, opened for ourselves alone and past the page cache."""

    def __init__(self, descriptor: int, disk: Disk) -> None:
        self.name = disk.name
        self.size_bytes = disk.size_bytes
        self.block_bytes = disk.block_bytes
        self._descriptor = descriptor

    def write(self, offset: int, view: memoryview) -> int:
        """See Card."""
        return os.pwrite(self._descriptor, view, offset)

    def read(self, offset: int, view: memoryview) -> int:
        """See Card."""
        return os.preadv(self._descriptor, [view], offset)

    def settle(self) -> None:
        """See Card."""
        os.fsync(self._descriptor)

    def forget(self) -> None:
        """See Card. Reads are direct anyhow; this makes sure that nothing older is served instead."""
        os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        with contextlib.suppress(PermissionError):  # for root only
            fcntl.ioctl(self._descriptor, BLKFLSBUF)

    def close(self) -> None:
        """Let go of it; a write that is still under way in another thread finds nothing any more."""
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):  # a disk that is gone cannot be closed properly; what matters was settled
            os.close(descriptor)

    def eject(self) -> bool:
        """Have the device let go of its medium; False where it knows no such thing and may just be taken out."""
        try:
            fcntl.ioctl(self._descriptor, CDROMEJECT)
        except OSError:
            return False
        return True


@contextlib.contextmanager
def opened_card(disk: Disk, roots: Roots) -> Iterator[BlockCard]:
    """The disk that was chosen, held exclusively: while it is, nobody can mount it.

    Raises:
        MistakeError: it is in use, gone, or no longer the one that was chosen.
    """
    path = roots.dev / disk.name
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        why = OPENING.get(error.errno or EIO, f"it cannot be opened ({error.strerror})")
        raise MistakeError(f"{path}: {why}; nothing was written") from error
    card = BlockCard(descriptor, disk)
    try:
        if not _is_chosen(descriptor, disk):
            raise MistakeError(f"{path} is another disk than the one that was chosen a moment ago; nothing was written")
        if _number(descriptor, BLKROGET, "i"):
            raise MistakeError(f"{path}: {OPENING[EROFS]}; nothing was written")
        yield card
    finally:
        card.close()


def _is_chosen(descriptor: int, disk: Disk) -> bool:
    found = os.fstat(descriptor)
    if not stat.S_ISBLK(found.st_mode) or f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}" != disk.number:
        return False
    if _number(descriptor, BLKGETSIZE64, "Q") != disk.size_bytes:
        return False
    return disk.sequence == 0 or _number(descriptor, BLKGETDISKSEQ, "Q") == disk.sequence


def _number(descriptor: int, request: int, form: str) -> int:
    """What a block device answers to a request. A device that is being pulled out answers nothing."""
    try:
        return int(struct.unpack(form, fcntl.ioctl(descriptor, request, bytes(struct.calcsize(form))))[0])
    except OSError as error:
        raise MistakeError(
            f"the disk does not answer ({error.strerror}): was it unplugged? nothing was written"
        ) from error
