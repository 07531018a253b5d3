"""The partitions of a card, and what each board's boot partition says: data, no code.

Sources: Raspberry Pi's documentation of autoboot.txt, config.txt and tryboot; Debian's raspi-firmware; the partitions
are those of rpi-image-gen's layer image-rota, but for the name of the last one.
"""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1 << 20
ALIGN_MIB: Final = 8
BASIC_DATA: Final = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
LINUX: Final = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
SLOTS: Final = {"A": "a", "B": "b"}  # boot name: ending of its partitions' labels


@dataclass(frozen=True)
class Partition:
    """One partition, in the order of their numbers.

    Attributes:
        label: of the partition; also of its file system, in capitals on FAT.
        kind: its type in the partition table.
        size_mib: how large.
    """

    label: str
    kind: str
    size_mib: int


def partitions(system_mib: int, data_mib: int) -> tuple[Partition, ...]:
    """All partitions; the autoboot.txt of slot A names the second one, that of slot B the third one."""
    return (
        Partition("bootconfig", BASIC_DATA, 32),
        Partition("boot_a", BASIC_DATA, 160),
        Partition("boot_b", BASIC_DATA, 160),
        Partition("system_a", LINUX, system_mib),
        Partition("system_b", LINUX, system_mib),
        Partition("data", LINUX, data_mib),
    )


# Where each board's kernel talks to its serial console.
CONSOLES: Final[dict[str, str]] = {
    "pi3": "ttyS1,115200",
    "pi4": "ttyS1,115200",
    "pi5": "ttyAMA10,115200",
    "zero2w": "ttyS1,115200",
    "coral-dev": "ttymxc0,115200",
}
# The FAT with the least clusters that its readers take for a FAT32 is larger than this: the firmware reads FAT16 too.
FAT32_FROM_MIB: Final = 64
