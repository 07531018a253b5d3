"""The image of a card."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.image.ab.entries import Tree
from firmware_tools.image.ab.filesystems import make_ext4, make_fat
from firmware_tools.image.ab.gpt import write_disk
from firmware_tools.image.ab.layout import partitions
from firmware_tools.image.ab.made import Slot

SPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")  # of object identifiers, RFC 9562


@dataclass(frozen=True)
class Sizes:
    """Of a root file system's partition, and of the one that is kept."""

    system_mib: int
    data_mib: int


def write_image(target: Path, slot: Slot, data: Tree, sizes: Sizes, work: Path) -> None:
    """Write an image whose slot A holds a system, and B nothing.

    Args:
        target: the new file.
        slot: the system.
        data: what the device is given.
        sizes: of partitions.
        work: a folder to work in.

    Raises:
        FirmwareError: something does not fit, or a program failed.
    """
    table = partitions(sizes.system_mib, sizes.data_mib)
    sized = {one.label: one.size_mib for one in table}
    files = {label: work / f"{label}.part" for label in sized}
    make_fat(slot.bootconfig, files["bootconfig"], "bootconfig", sized["bootconfig"], slot.epoch_s)
    write_boot(files["boot_a"], slot, sized["boot_a"])
    make_fat({}, files["boot_b"], "boot_b", sized["boot_b"], slot.epoch_s)
    write_system(files["system_a"], slot)
    make_ext4({}, files["system_b"], "system_b", sized["system_b"], slot.epoch_s)  # so that block maps know it is empty
    youngest = max((entry.mtime_s for entry in data.values()), default=0)
    make_ext4(data, files["data"], "data", sized["data"], max(slot.epoch_s, youngest))
    write_disk(target, table, files, uuid.uuid5(SPACE, slot.seed))


def write_boot(target: Path, slot: Slot, size_mib: int) -> None:
    """A boot partition's file system, the same in images and bundles. Raises FirmwareError."""
    make_fat(slot.boot, target, "boot", size_mib, slot.epoch_s)


def write_system(target: Path, slot: Slot) -> None:
    """A root file system, the same in images and bundles, as large as its files need. Raises FirmwareError."""
    make_ext4(slot.system, target, "system", 0, slot.epoch_s)
