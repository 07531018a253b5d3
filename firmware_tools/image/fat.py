"""The FAT32 of a boot partition, inside of an image: read, written and checked by mtools, without root."""

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.image.programs import ending, run
from firmware_tools.image.spans import Bytes, copy_span, runs

LARGEST_FILE_BYTES = 1 << 20  # of those that are read: texts


@dataclass(frozen=True)
class Fat:
    """A FAT32 in an image, `start` bytes from its beginning, `size` bytes long."""

    image: Path
    start: int
    size: int

    @property
    def drive(self) -> str:
        """As mtools takes it."""
        return f"{self.image}@@{self.start}"


@dataclass(frozen=True)
class Geometry:
    """Where things are in it, in bytes from its beginning: the tables, the clusters, and how many there are."""

    table: int
    table_bytes: int
    data: int
    cluster_bytes: int
    clusters: int


def geometry(fat: Fat) -> Geometry:
    """Raises MistakeError: this is no FAT32."""
    with fat.image.open("rb") as file:
        file.seek(fat.start)
        boot = file.read(512)
    per_sector, per_cluster, reserved, tables = struct.unpack_from("<HBHB", boot, 11)
    total, length = struct.unpack_from("<II", boot, 32)
    sector_ok = per_sector in (512, 1024, 2048, 4096) and per_cluster and not per_cluster & (per_cluster - 1)
    if boot[510:] != b"\x55\xaa" or boot[82:87] != b"FAT32" or not sector_ok or not tables:
        raise MistakeError("the first partition holds no FAT32, so this is no image of Raspberry Pi OS")
    data = (reserved + tables * length) * per_sector
    cluster = per_sector * per_cluster
    clusters = (total * per_sector - data) // cluster
    if total * per_sector > fat.size or clusters <= 0 or length * per_sector < 4 * (clusters + 2):
        raise MistakeError("the FAT32 of the first partition contradicts itself; fetch the image anew")
    return Geometry(reserved * per_sector, length * per_sector, data, cluster, clusters)


def names(fat: Fat) -> frozenset[str]:
    """What lies in its root folder, in lower case."""
    said = run(("mdir", "-b", "-i", fat.drive, "::/")).out.decode(errors="replace")
    return frozenset(line.removeprefix("::/").rstrip("/").lower() for line in said.splitlines())


def read(fat: Fat, name: str) -> bytes:
    """A small file of its root folder; empty where there is none."""
    if name.lower() not in names(fat):
        return b""
    data = run(("mcopy", "-n", "-i", fat.drive, f"::/{name}", "-")).out
    if len(data) > LARGEST_FILE_BYTES:
        raise MistakeError(f"{name} of the boot partition has {len(data)} bytes, so it is not what it should be")
    return data


def write(fat: Fat, files: Mapping[str, bytes], workplace: Path, time_s: int) -> None:
    """Put files into its root folder, in the place of those of the same name.

    Raises:
        FirmwareError: they do not fit, or cannot be written.
    """
    folder = workplace / "boot"
    folder.mkdir(mode=0o700)
    for name in sorted(files):
        path = folder / name
        path.write_bytes(files[name])
        os.utime(path, (time_s, time_s))
        run(("mcopy", "-o", "-m", "-i", fat.drive, str(path), f"::/{name}"), time_s)
        if read(fat, name) != files[name]:
            raise FirmwareError(f"{name} did not reach the boot partition whole; is it full?")
        path.unlink()
    folder.rmdir()


def check(fat: Fat, workplace: Path) -> None:
    """Raises FirmwareError: it is not consistent."""
    alone = workplace / "fat"
    copy_span(fat.image, Bytes(fat.start, fat.start + fat.size), alone)
    said = run(("fsck.vfat", "-n", str(alone)), codes=(0, 1))
    alone.unlink()
    if said.code:
        raise FirmwareError(f"the boot partition is not consistent: {ending(said)}; fetch the image anew")


def unused(fat: Fat) -> tuple[Bytes, ...]:
    """What of the image are free clusters."""
    at = geometry(fat)
    with fat.image.open("rb") as file:
        file.seek(fat.start + at.table)
        entries = struct.unpack(f"<{at.clusters + 2}I", file.read(4 * (at.clusters + 2)))
    begin, step = fat.start + at.data, at.cluster_bytes
    free = runs(index for index, entry in enumerate(entries[2:]) if not entry & 0x0FFFFFFF)
    return tuple(Bytes(begin + first * step, begin + upto * step) for first, upto in free)
