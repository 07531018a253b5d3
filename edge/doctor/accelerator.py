"""Coral Edge TPUs: on USB, on PCIe, and what they need."""

import ctypes.util
import os
from collections.abc import Iterator
from pathlib import Path

from edge.doctor.findings import Finding, ok, trouble, warning

FRESH, LOADED = ("1a6e", "089a"), ("18d1", "9302")  # before its firmware is loaded, and after
USB3_MBPS = 5000
LIBRARY = "libedgetpu.so.1"


def accelerator(root: Path, wanted: bool, library: str) -> Iterator[Finding]:
    """Which are there, and whether they can be used.

    Args:
        root: where `sys` and `dev` are.
        wanted: whether a configured model is compiled for one.
        library: of the accelerator, by name or path.
    """
    found = [*_on_usb(root), *_on_pcie(root)]
    if not found and wanted:
        todo = "plug it in; USB ones need up to 900 mA, so a port of their own or a hub with its own power"
        yield trouble("accelerator", "a model is compiled for an Edge TPU, and there is none", todo)
    if (found or wanted) and not _installed(library):
        todo = "install a libedgetpu that is built for the runtime's version, or set runtime.edgetpu_library"
        yield warning("accelerator", f"{library} is not installed", todo)
    yield from found or ([] if wanted else [ok("accelerator", "none, and none is needed")])


def _installed(library: str) -> bool:
    """Whether it is there; it is not loaded, which can crash."""
    if "/" in library:
        return Path(library).is_file()
    return ctypes.util.find_library(library.removeprefix("lib").split(".so", 1)[0]) is not None


def _on_usb(root: Path) -> Iterator[Finding]:
    for device in sorted((root / "sys/bus/usb/devices").glob("*")):
        if (_word(device / "idVendor"), _word(device / "idProduct")) not in {FRESH, LOADED}:
            continue
        bus, number = _word(device / "busnum"), _word(device / "devnum")
        node = root / f"dev/bus/usb/{int(bus or 0):03d}/{int(number or 0):03d}"
        if not os.access(node, os.R_OK | os.W_OK):
            todo = "install deploy/udev/60-foresight-coral.rules, plug it in anew, add the user to group plugdev"
            yield trouble("accelerator", f"Coral USB: {node} may not be opened", todo)
        elif float(_word(device / "speed") or 0) < USB3_MBPS:
            todo = "use a blue (USB 3) port and the cable that came with it"
            yield warning("accelerator", "Coral USB on a USB 2 port: several times slower", todo)
        else:
            yield ok("accelerator", "Coral USB")


def _on_pcie(root: Path) -> Iterator[Finding]:
    for node in sorted((root / "dev").glob("apex_*")):
        if os.access(node, os.R_OK | os.W_OK):
            yield ok("accelerator", f"Coral PCIe {node.name}")
        else:
            todo = "install deploy/udev/60-foresight-coral.rules, add the user to group plugdev"
            yield trouble("accelerator", f"Coral PCIe: {node} may not be opened", todo)


def _word(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
