"""Which disks may be flashed, and every reason why another may not."""

from pathlib import Path

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.flash.choosing import Wish, candidates, choose, still_there
from firmware_tools.flash.disks import Roots, find_disks
from firmware_tools.flash.using import find_uses, mounted_at
from tests.rigs.flashing.sysfs import Machine

ANY = Wish()


def machine_with_card(folder: Path, **facts: str) -> Machine:
    machine = Machine(folder)
    system = machine.disk("sda", "sata", "8:0", device__model="Internal")
    machine.partition(system, "sda1", "8:1")
    card = machine.disk("sdb", "usb", "8:16", device__model="Card", **facts)
    machine.partition(card, "sdb1", "8:17")
    machine.mounts("8:1 / /dev/sda1")
    return machine


def names(machine: Machine, wish: Wish = ANY) -> list[str]:
    return [disk.name for disk in candidates(machine.roots, wish)]


def why_not(machine: Machine, device: str, wish: Wish = ANY) -> str:
    with pytest.raises(MistakeError) as caught:
        choose(device, machine.roots, wish)
    return str(caught.value)


def test_only_cards_are_listed(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    machine.disk("nvme0n1", "nvme", "259:0")
    machine.disk("loop0", "virtual", "7:0")
    machine.disk("mmcblk0", "mmc", "179:0", device__type="SD")
    assert names(machine) == ["sdb", "mmcblk0"]
    assert names(machine, Wish(virtual=True)) == ["sdb", "loop0", "mmcblk0"]


def test_the_system_disk_is_refused_even_where_it_is_a_usb_disk(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    assert "built into this machine" in why_not(machine, "/dev/sda")
    assert "this system runs from it (/)" in why_not(machine, "sda")
    machine.mounts("8:17 / /dev/root")
    assert names(machine) == []
    assert why_not(machine, "sdb") == "sdb (Card, 31.9 GB, no serial) is not flashed: this system runs from it (/)"


@pytest.mark.parametrize("point", ["/boot/firmware", "/usr", "/var", "/home"])
def test_what_the_system_needs_is_the_system(tmp_path: Path, point: str) -> None:
    machine = machine_with_card(tmp_path)
    machine.mounts(f"8:17 {point} /dev/sdb1")
    assert f"this system runs from it ({point})" in why_not(machine, "sdb")


def test_the_system_disk_below_encryption_and_volumes(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    card = tmp_path / "sys/block/sdb"
    crypt = machine.upon(card.resolve() / "sdb1", "dm-0", "253:0")
    machine.upon(crypt, "dm-1", "253:1")
    machine.mounts("253:1 / /dev/mapper/vg-root")
    assert "this system runs from it" in why_not(machine, "sdb")


def test_the_system_disk_of_a_file_system_with_no_number_of_its_own(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    machine.mounts("0:25 / /dev/sdb1")  # btrfs
    assert "this system runs from it" in why_not(machine, "sdb")
    (machine.roots.dev / "mapper").mkdir()
    (machine.roots.dev / "mapper/root").symlink_to("../sdb1")
    machine.mounts("0:25 / /dev/mapper/root")
    assert "this system runs from it" in why_not(machine, "sdb")


def test_a_mounted_card_is_refused_and_told_where(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    machine.mounts("8:1 / /dev/sda1", "8:17 /media/my\\040card /dev/sdb1")
    assert names(machine) == []
    assert "it is mounted at /media/my card: unmount it first" in why_not(machine, "sdb")


def test_a_card_that_is_swapped_to_is_refused(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    machine.swaps("/dev/sdb1")
    assert "this system swaps to sdb1" in why_not(machine, "sdb")


def test_a_read_only_card_is_refused(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path, ro="1")
    assert names(machine) == []
    assert "it is read-only" in why_not(machine, "sdb")


def test_a_card_that_is_too_small_is_refused(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    size = 62_333_952 * 512
    assert names(machine, Wish(need_bytes=size)) == ["sdb"]
    assert names(machine, Wish(need_bytes=size + 1)) == []
    assert "it holds 31.9 GB and the image takes 64.0 GB" in why_not(machine, "sdb", Wish(need_bytes=64 * 10**9))


def test_all_reasons_are_told_at_once(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path, ro="1")
    machine.mounts("8:17 /mnt /dev/sdb1")
    assert why_not(machine, "sdb", Wish(need_bytes=64 * 10**9)).count(";") == 2


def test_without_knowing_what_is_mounted_nothing_is_flashed(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    (machine.roots.proc / "self/mountinfo").unlink()
    assert "cannot tell what is mounted" in why_not(machine, "sdb")


@pytest.mark.parametrize("device", ["sdb", "/dev/sdb", "/dev/disk/by-id/usb-Card-0"])
def test_names_of_a_card(tmp_path: Path, device: str) -> None:
    machine = machine_with_card(tmp_path)
    (machine.roots.dev / "disk/by-id").mkdir(parents=True)
    (machine.roots.dev / "disk/by-id/usb-Card-0").symlink_to("../../sdb")
    assert choose(device, machine.roots, ANY).name == "sdb"


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("", "is no disk with a medium in it; those that may be flashed: sdb"),
        ("sdz", "sdz is no disk with a medium in it; those that may be flashed: sdb"),
        ("/dev/sdb1", "/dev/sdb1 is a part of sdb: name the whole disk, sdb"),
        ("/dev/null", "/dev/null is no disk"),
        ("/dev/../etc/passwd", "is no disk"),
        ("/dev/shm/sdb", "/dev/shm/sdb is no disk"),
        ("/tmp/card.img", "/tmp/card.img is no device"),
        ("../sdb", "../sdb is no disk"),
    ],
)
def test_names_of_no_card(tmp_path: Path, device: str, words: str) -> None:
    assert words in why_not(machine_with_card(tmp_path), device)


def test_a_card_that_stays_is_still_there(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path, diskseq="7")
    still_there(choose("sdb", machine.roots, ANY), machine.roots, ANY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": "1000"}, "another medium"),
        ({"diskseq": "8"}, "another medium"),  # the same card, taken out and put in again
        ({"device/model": "Other"}, "another medium"),
        ({"ro": "1"}, "read-only"),
        ({"size": "0"}, "unplugged meanwhile"),
    ],
)
def test_a_card_that_changes_during_the_question(tmp_path: Path, change: dict[str, str], words: str) -> None:
    machine = machine_with_card(tmp_path, diskseq="7")
    disk = choose("sdb", machine.roots, ANY)
    for name, text in change.items():
        (machine.roots.sys / "block/sdb" / name).write_text(text)
    with pytest.raises(MistakeError, match=f"{words}.*nothing was written"):
        still_there(disk, machine.roots, ANY)


def test_a_card_that_is_mounted_during_the_question(tmp_path: Path) -> None:
    machine = machine_with_card(tmp_path)
    disk = choose("sdb", machine.roots, ANY)
    machine.mounts("8:17 /mnt /dev/sdb1")
    with pytest.raises(MistakeError, match=r"mounted at /mnt.*nothing was written"):
        still_there(disk, machine.roots, ANY)


def test_the_disk_of_this_machine_is_refused() -> None:
    roots = Roots()
    systems = [disk for disk in find_disks(roots) if "/" in mounted_at(disk, find_uses(roots), roots)]
    assert not set(systems) & set(candidates(roots, Wish(virtual=True)))
