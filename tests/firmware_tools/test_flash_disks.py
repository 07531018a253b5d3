"""What /sys/block tells, for every sort of disk that a workstation or a board has."""

from pathlib import Path

import pytest

from firmware_tools.flash.disks import Kind, find_disks
from tests.rigs.flashing.sysfs import Machine


def test_a_machine_without_disks(tmp_path: Path) -> None:
    assert find_disks(Machine(tmp_path).roots) == []


@pytest.mark.parametrize(
    ("name", "place", "facts", "kind"),
    [
        ("sdb", "usb", {"removable": "1"}, Kind.USB),
        ("sdb", "usb", {"removable": "0"}, Kind.USB),  # disks in USB enclosures
        ("sda", "sata", {}, Kind.FIXED),
        ("sda", "sata", {"removable": "1"}, Kind.REMOVABLE),
        ("nvme0n1", "nvme", {}, Kind.FIXED),
        ("mmcblk0", "mmc", {"device__type": "SD"}, Kind.SD),
        ("mmcblk0", "mmc", {"device__type": "MMC"}, Kind.FIXED),  # soldered on
        ("loop3", "virtual", {}, Kind.VIRTUAL),
        ("nbd0", "virtual", {}, Kind.VIRTUAL),
    ],
)
def test_kinds(tmp_path: Path, name: str, place: str, facts: dict[str, str], kind: Kind) -> None:
    machine = Machine(tmp_path)
    machine.disk(name, place, "8:16", **facts)
    assert [disk.kind for disk in find_disks(machine.roots)] == [kind]


@pytest.mark.parametrize("name", ["sr0", "dm-0", "md0", "ram0", "zram0", "mmcblk0boot0", "mmcblk0rpmb", "fd0"])
def test_what_is_no_disk_is_left_out(tmp_path: Path, name: str) -> None:
    machine = Machine(tmp_path)
    machine.disk(name, "virtual", "9:0")
    assert find_disks(machine.roots) == []


def test_a_reader_without_a_card_is_left_out(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.disk("sdb", "usb", "8:16", size="0")
    assert find_disks(machine.roots) == []


def test_a_disk_that_vanishes_while_it_is_read_is_left_out(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (machine.disk("sdb", "usb", "8:16") / "size").unlink()
    assert find_disks(machine.roots) == []


def test_all_that_is_told_of_a_usb_disk(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.usb_device(serial="4C530001230101")
    facts = {
        "device__vendor": "SanDisk",
        "device__model": "Ultra   ",
        "diskseq": "41",
        "queue__logical_block_size": "4096",
    }
    home = machine.disk("sdb", "usb", "8:16", size="1000", **facts)
    machine.partition(home, "sdb1", "8:17")
    crypt = machine.upon(machine.partition(home, "sdb2", "8:18"), "dm-0", "253:0")
    machine.upon(crypt, "dm-1", "253:1")
    (disk,) = find_disks(machine.roots)
    assert (disk.name, disk.number, disk.size_bytes, disk.block_bytes) == ("sdb", "8:16", 512_000, 4096)
    assert (disk.model, disk.serial, disk.sequence, disk.read_only) == ("SanDisk Ultra", "4C530001230101", 41, False)
    assert disk.family == {"sdb": "8:16", "sdb1": "8:17", "sdb2": "8:18", "dm-0": "253:0", "dm-1": "253:1"}


@pytest.mark.parametrize(
    ("name", "place", "facts", "model", "serial"),
    [
        ("sdb", "usb", {}, "unknown", ""),
        ("mmcblk0", "mmc", {"device__name": "SC32G", "device__serial": "0x12ab"}, "SC32G", "0x12ab"),
        ("nvme0n1", "nvme", {"device__model": "SSD 980", "device__serial": "S64"}, "SSD 980", "S64"),
        ("sda", "sata", {"device__model": "HDD", "device__vpd_pg80": "\0\0\0\6 WD-12"}, "HDD", "WD-12"),
        ("loop1", "virtual", {"loop__backing_file": "/srv/a card.img"}, "loop of a card.img", "/srv/a card.img"),
    ],
)
def test_models_and_serials(
    tmp_path: Path, name: str, place: str, facts: dict[str, str], model: str, serial: str
) -> None:
    machine = Machine(tmp_path)
    machine.disk(name, place, "8:16", **facts)
    assert [(disk.model, disk.serial) for disk in find_disks(machine.roots)] == [(model, serial)]


def test_names_are_in_their_order(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for number, name in enumerate(("sdaa", "sdb", "sda")):
        machine.disk(name, "usb", f"8:{number}")
    assert [disk.name for disk in find_disks(machine.roots)] == ["sda", "sdb", "sdaa"]
