"""The first file system that the kernel sees: busybox, a few modules, and a script that finds the real one.

Made here, not by update-initramfs: that takes minutes under emulation and is not the same twice.
"""

import gzip
from importlib.resources import files

from firmware_tools.image.ab.entries import Entry, Kind, Tree, folder, link, put, text
from firmware_tools.image.ab.kernel import Kernel, dependencies, module_name, unpacked

# What may stand between the kernel and the card, the disk or the stick that it was started from.
MODULES = (
    *("ext4", "crc32c_generic", "nvme", "mmc_block", "sd_mod", "usb_storage", "uas"),
    *("virtio_blk", "virtio_mmio", "virtio_scsi"),
    *("bcm2835", "sdhci_iproc", "sdhci_esdhc_imx"),
    *("xhci_pci", "xhci_plat_hcd", "dwc2", "phy_generic"),
    *("gpio_raspberrypi_exp", "gpio_regulator", "fixed", "reset_raspberrypi"),
    *("bcm2835_wdt",),
)
TOOLS = (
    *("cat", "chmod", "grep", "modprobe", "mount", "mv", "reboot", "sed", "sh", "sleep"),
    *("switch_root", "sync", "tr", "umount"),
)


def make_initrd(kernel: Kernel, busybox: bytes) -> bytes:
    """The archive, as the boot partition holds it.

    Args:
        kernel: whose modules it has.
        busybox: the program, linked statically.

    Raises:
        FirmwareError: the kernel has not all modules.
    """
    tree: Tree = {}
    for path in ("dev", "proc", "root", "sys", "data"):
        put(tree, path, folder())
    put(tree, "bin/busybox", Entry(Kind.FILE, 0o755, busybox))
    for tool in TOOLS:
        put(tree, f"bin/{tool}", link("busybox"))
    modules = unpacked(kernel, MODULES)
    home = f"lib/modules/{kernel.release}"
    for path, data in modules.items():
        put(tree, f"{home}/{path}", Entry(Kind.FILE, 0o644, data))
    put(tree, f"{home}/modules.dep", text(_needs(kernel, modules)))
    loaded = [name for name in MODULES if name in {module_name(path) for path in modules}]
    put(tree, "modules", text("\n".join(loaded) + "\n"))
    script = files("firmware_tools.image.ab").joinpath("files/init").read_text()
    put(tree, "init", text(script, 0o755))
    return gzip.compress(cpio(tree), 9, mtime=0)


def cpio(tree: Tree) -> bytes:
    """A tree as the kernel unpacks it (cpio, the format `newc`), all of the same time."""
    parts = [_record(number, path, tree[path]) for number, path in enumerate(sorted(tree), 1)]
    whole = b"".join(parts) + _record(0, "TRAILER!!!", Entry(Kind.FILE, 0))
    return whole + bytes(-len(whole) % 512)


_TYPES = {Kind.FILE: 0o100000, Kind.FOLDER: 0o040000, Kind.LINK: 0o120000}


def _record(number: int, path: str, entry: Entry) -> bytes:
    data = entry.target.encode() if entry.kind is Kind.LINK else entry.data
    name = path.encode() + b"\0"
    mode = _TYPES[entry.kind] | entry.mode
    fields = (number, mode, entry.uid, entry.gid, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(f"{field:08x}".encode() for field in fields) + name
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _needs(kernel: Kernel, modules: dict[str, bytes]) -> str:
    """Which module needs which, for modprobe: the lines of the whole kernel that are about these, unpacked."""
    plain = {
        path.removesuffix(".xz"): [need.removesuffix(".xz") for need in needs]
        for path, needs in dependencies(kernel).items()
    }
    return "".join(f"{path}: {' '.join(plain[path])}".rstrip() + "\n" for path in sorted(modules))
