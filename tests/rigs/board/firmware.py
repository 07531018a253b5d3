"""A STAND-IN for the Raspberry Pi's firmware: which partition a card is started from, and what is loaded from there.

QEMU starts kernels, not cards. This reads the card as the firmware's documentation says it does: `autoboot.txt` on the
first FAT partition names the boot partition, its section [tryboot] that of a single start after `reboot '0 tryboot'`;
there `config.txt` names kernel and initial file system, and `cmdline.txt` holds the kernel's command line. That the
real firmware does the same is not proved by any test that uses it.
"""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.programs import program

SECTOR, MIB = 512, 1 << 20
LIMIT_S = 120
HEADER, ENTRY_BYTES, ENTRIES = SECTOR, 128, 128
TREES = {"raspi3b": ("bcm2837-rpi-3-b.dtb", "bcm2710-rpi-3-b.dtb")}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the firmware hands over to."""

    partition: int  # that it was loaded from
    trial: bool
    kernel: Path
    initrd: Path
    cmdline: str
    trees: tuple[Path, ...]  # of devices, that there are


def load(disk: Path, folder: Path, trial: bool) -> Loaded:
    """Choose a boot partition, and copy what is needed out of it.

    Args:
        disk: qcow2, not in use.
        folder: for the copies; what is there is replaced.
        trial: the machine was restarted with `0 tryboot`.
    """
    found = partitions(disk, folder)
    first = extracted(disk, folder, found[1])
    number = chosen(read(first, "autoboot.txt"), trial)
    boot = extracted(disk, folder, found[number])
    told = dict(line.split("=", 1) for line in read(boot, "config.txt").splitlines() if "=" in line)
    initrd = next(
        (line.split()[1] for line in read(boot, "config.txt").splitlines() if line[:10] == "initramfs "), "initrd.img"
    )
    kernel = copied(boot, told.get("kernel", "vmlinuz"), folder)
    trees = [tree for names in TREES.values() for name in names if (tree := copied(boot, name, folder)).exists()]
    cmdline = read(boot, "cmdline.txt").strip()
    return Loaded(number, trial, kernel, copied(boot, initrd, folder), cmdline, tuple(trees))


def chosen(autoboot: str, trial: bool) -> int:
    """The number of the partition that `autoboot.txt` names; 2 where it names none."""
    section, named = "[all]", {"[all]": 2}
    for line in map(str.strip, autoboot.splitlines()):
        if line.startswith("["):
            section = line
        key, _, value = line.partition("=")
        if key == "boot_partition" and value.isdigit():
            named[section] = int(value)
    return named.get("[tryboot]", named["[all]"]) if trial else named["[all]"]


def partitions(disk: Path, folder: Path) -> dict[int, tuple[int, int]]:
    """First byte and length of each, by number, from a card's GPT."""
    found = table(extracted(disk, folder, (0, MIB)).read_bytes())
    return {number: place for number, (_, place) in found.items()}


def places(image: Path) -> dict[str, tuple[int, int]]:
    """First byte and length of each partition of a raw image, by label."""
    with image.open("rb") as file:
        return dict(table(file.read(MIB)).values())


def table(head: bytes) -> dict[int, tuple[str, tuple[int, int]]]:
    """Label and place of each partition, by number."""
    assert head[HEADER : HEADER + 8] == b"EFI PART", "it has no GPT"
    found = {}
    for number in range(1, ENTRIES + 1):
        at = 2 * SECTOR + (number - 1) * ENTRY_BYTES
        first, last = struct.unpack_from("<QQ", head, at + 32)
        if any(head[at : at + 16]):
            label = head[at + 56 : at + 128].decode("utf-16-le").rstrip("\0")
            found[number] = (label, (first * SECTOR, (last - first + 1) * SECTOR))
    return found


def extracted(disk: Path, folder: Path, place: tuple[int, int]) -> Path:
    """A piece of a card as a file of its own."""
    start, length = place
    assert start % MIB == length % MIB == 0, f"{place} does not lie on whole MiB"
    piece = folder / "piece.img"
    piece.unlink(missing_ok=True)
    numbers = ["bs=1M", f"skip={start // MIB}", f"count={(start + length) // MIB}"]
    command = [program("qemu-img", "qemu-utils"), "dd", "-f", "qcow2", "-O", "raw", *numbers]
    subprocess.run([*command, f"if={disk}", f"of={piece}"], check=True, capture_output=True, timeout=LIMIT_S)
    return piece


def read(fat: Path, name: str) -> str:
    """A small file of a FAT file system; "" where there is none."""
    done = subprocess.run(
        [program("mtype", "mtools"), "-i", str(fat), f"::{name}"], capture_output=True, timeout=LIMIT_S, check=False
    )
    return done.stdout.decode(errors="replace").replace("\r", "")


def copied(fat: Path, name: str, folder: Path) -> Path:
    """A file of a FAT file system as a file here; it is absent where it is there."""
    to = folder / name
    to.unlink(missing_ok=True)
    subprocess.run(
        [program("mcopy", "mtools"), "-i", str(fat), f"::{name}", str(to)],
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    return to
