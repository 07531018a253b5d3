"""The boot partitions: what the firmware reads before there is a kernel."""

from firmware_tools.image.ab.entries import Entry, Kind, Tree, put, text
from firmware_tools.image.ab.kernel import Kernel
from firmware_tools.image.ab.layout import CONSOLES, SLOTS

FIRMWARE = "usr/lib/raspi-firmware/"
# The firmware of a Pi 5 is in its EEPROM; the first stage of older ones is looked for on the first FAT partition.
FIRST_STAGE = "bootcode.bin"
AUTOBOOT = """[all]
tryboot_a_b=1
boot_partition=2
[tryboot]
boot_partition=3
# good A
"""
CONFIG = """# Read by the Raspberry Pi's firmware. The kernel is Debian's, with the device trees of kernel.org.
arm_64bit=1
upstream_kernel=1
kernel=vmlinuz
initramfs initrd.img followkernel
enable_uart=1
disable_splash=1
"""


def boot_tree(board: str, kernel: Kernel, initrd: bytes, firmware: Tree) -> Tree:
    """A boot partition of slot A, as its file system holds it.

    Args:
        board: by name.
        kernel: of the system.
        initrd: made for it.
        firmware: the files of Debian's raspi-firmware.
    """
    tree: Tree = {}
    put(tree, "vmlinuz", Entry(Kind.FILE, 0o644, kernel.image))
    put(tree, "initrd.img", Entry(Kind.FILE, 0o644, initrd))
    put(tree, "config.txt", text(CONFIG))
    put(tree, "cmdline.txt", text(cmdline(board, "A")))
    for name, data in kernel.device_trees.items():
        put(tree, name, Entry(Kind.FILE, 0o644, data))
    for path, entry in firmware.items():
        if path.startswith(FIRMWARE) and entry.kind is Kind.FILE and not path.endswith(".md"):
            put(tree, path.removeprefix(FIRMWARE), entry)
    return tree


def cmdline(board: str, slot: str) -> str:
    """The kernel's command line; a kernel that panics starts anew, into the system that is committed."""
    console = CONSOLES[board]
    return (
        f"console=tty0 console={console} root=PARTLABEL=system_{SLOTS[slot]} rauc.slot={slot} "
        "ro rootwait panic=10 quiet\n"
    )


def bootconfig_tree(firmware: Tree) -> Tree:
    """The first partition: which slot starts."""
    tree: Tree = {}
    put(tree, "autoboot.txt", text(AUTOBOOT))
    put(tree, FIRST_STAGE, firmware[FIRMWARE + FIRST_STAGE])
    return tree
