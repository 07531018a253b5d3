"""The boards that the daemon runs on, and what an image for each must know: data, no code.

Sources: the device trees and kernels of Debian 12 and 13, the documentation of Raspberry Pi Ltd and of Coral, and
the wheels that LiteRT publishes (its aarch64 wheel is tagged for glibc 2.27, yet imports symbols of 2.34).
"""

from dataclasses import dataclass
from typing import Final, Literal

GLIBC: Final = (2, 34)  # the least that the wheels of LiteRT really need: Debian 12 has 2.36
MENDEL: Final = "Mendel, the system it is sold with, cannot run current wheels (Debian 10: Python 3.7, glibc 2.28)"
USB_2: Final = "an Edge TPU on USB 2 works, at a fraction of its speed on USB 3"
RP1_PAGES: Final = "the driver of a PCIe Edge TPU wants memory pages of 4 KiB: kernel=kernel8.img in config.txt"
Standing = Literal["supported", "experimental"]
Coral = Literal["usb", "pcie", "on board"]


@dataclass(frozen=True)
class Board:
    """One kind of board.

    Attributes:
        name: what commands and files call it.
        title: what people call it.
        processor: its cores, as QEMU names them.
        device_tree: the file of Debian's kernel that describes it.
        memory_mib: the least that it is sold with.
        system: the operating system that an image for it starts from.
        debian: the oldest release of Debian whose own kernel knows it.
        coral: ways that an Edge TPU can be attached.
        clock: whether it can keep time without power.
        tryboot: whether its firmware can start another system once, for trial: the base of A/B updates.
        standing: how well it is known.
        notes: what to mind, a sentence each.
    """

    name: str
    title: str
    processor: str
    device_tree: str
    memory_mib: int
    system: str
    debian: int
    coral: tuple[Coral, ...]
    clock: bool
    tryboot: bool
    standing: Standing
    notes: tuple[str, ...]


BOARDS: Final[tuple[Board, ...]] = (
    Board(
        name="pi3",
        title="Raspberry Pi 3",
        processor="cortex-a53",
        device_tree="broadcom/bcm2837-rpi-3-b.dtb",
        memory_mib=1024,
        system="Raspberry Pi OS 64",
        debian=12,
        coral=("usb",),
        clock=False,
        tryboot=True,
        standing="supported",
        notes=(USB_2,),
    ),
    Board(
        name="pi4",
        title="Raspberry Pi 4",
        processor="cortex-a72",
        device_tree="broadcom/bcm2711-rpi-4-b.dtb",
        memory_mib=1024,
        system="Raspberry Pi OS 64",
        debian=12,
        coral=("usb",),
        clock=False,
        tryboot=True,
        standing="supported",
        notes=(),
    ),
    Board(
        name="pi5",
        title="Raspberry Pi 5",
        processor="cortex-a76",
        device_tree="broadcom/bcm2712-rpi-5-b.dtb",
        memory_mib=1024,
        system="Raspberry Pi OS 64",
        debian=13,
        coral=("usb", "pcie"),
        clock=True,
        tryboot=True,
        standing="supported",
        notes=("it keeps time without power only with a battery on its connector", RP1_PAGES),
    ),
    Board(
        name="zero2w",
        title="Raspberry Pi Zero 2 W",
        processor="cortex-a53",
        device_tree="broadcom/bcm2837-rpi-zero-2-w.dtb",
        memory_mib=512,
        system="Raspberry Pi OS 64",
        debian=12,
        coral=("usb",),
        clock=False,
        tryboot=True,
        standing="supported",
        notes=(USB_2, "512 MiB of memory: one camera, a small model, no learning beside it"),
    ),
    Board(
        name="coral-dev",
        title="Coral Dev Board",
        processor="cortex-a53",
        device_tree="freescale/imx8mq-phanbell.dtb",
        memory_mib=1024,
        system="Debian",
        debian=13,
        coral=("on board",),
        clock=False,
        tryboot=False,
        standing="experimental",
        notes=(MENDEL, "Debian, experimental: its kernel has the device tree, nobody has tried it here"),
    ),
)
