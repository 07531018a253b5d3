"""Images from outside: tables of partitions, and whether it is the official system that can be customised."""

import struct
import subprocess
from pathlib import Path

import pytest

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.image.layout import Partition, read_table
from firmware_tools.image.layout_official import look
from firmware_tools.image.wheels import Target
from tests.programs import program
from tests.rigs.official import FIRST, MIB, Sizes, System, assembled, boot_files, mbr, official


def disk(path: Path, head: bytes, size: int = 96 * MIB) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
        file.write(head)
    return path


def entry(kind: int, start: int, sectors: int) -> bytes:
    return struct.pack("<B3sB3sII", 0, bytes(3), kind, bytes(3), start, sectors)


def table(*entries: bytes) -> bytes:
    return bytes(446) + b"".join(entries).ljust(64, b"\0") + b"\x55\xaa"


def test_a_table_is_read(tmp_path: Path) -> None:
    found = read_table(disk(tmp_path / "a.img", mbr(Sizes())))
    assert (found.kind, found.disk) == ("mbr", "1c0ffee5")
    assert found.partitions == (
        Partition(1, FIRST, 64 * MIB, "0c", ""),
        Partition(2, FIRST + 64 * MIB, 24 * MIB, "83", ""),
    )


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"", "no table of partitions"),
        (table(), "is empty"),
        (table(entry(0x0F, 2048, 100)), "extended partition"),
        (table(entry(0x0C, 2048, 1 << 30)), "ends behind"),
        (table(entry(0x0C, 0, 100)), "overlaps"),
        (table(entry(0x0C, 2048, 4096), entry(0x83, 4096, 4096)), "overlaps"),
        (table(entry(0xEE, 1, 4096)), "header of its GPT is damaged"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(tmp_path: Path, head: bytes, why: str) -> None:
    with pytest.raises(MistakeError, match=why):
        read_table(disk(tmp_path / "a.img", head))


@pytest.mark.system
def test_a_gpt_is_read_as_sfdisk_writes_it(tmp_path: Path) -> None:
    sfdisk = program("sfdisk", "fdisk")
    image = disk(tmp_path / "a.img", b"")
    script = "label: gpt\nlabel-id: 11111111-2222-3333-4444-555555555555\nstart=2048,size=4096,name=boot_a\n"
    subprocess.run([sfdisk, "-q", str(image)], input=script, text=True, check=True, timeout=60)
    found = read_table(image)
    assert (found.kind, found.disk) == ("gpt", "11111111-2222-3333-4444-555555555555")
    assert (found.partitions[0].start, found.partitions[0].size, found.partitions[0].name) == (MIB, 2 * MIB, "boot_a")


def test_the_official_layout_is_known(tmp_path: Path) -> None:
    found = look(official(tmp_path / "a.img"))
    assert found.target == Target(13, 41)
    assert (found.release, found.cloud_init) == ("trixie", True)
    assert found.cmdline.startswith("console=tty1 root=PARTUUID=1c0ffee5-02")


OLD = (("libc6", "2.31-13"), ("systemd", "247"))


@pytest.mark.parametrize(
    ("system", "why"),
    [
        (System(identity="raspbian"), "32-bit system"),
        (System(identity="ubuntu", release="noble"), r"this is Debian stand-in \(noble\); give the official image"),
        (System(release="bullseye"), "bullseye"),
        (System(architecture="armhf"), "a system for armhf"),
        (System(packages=OLD), r"its C library is 2\.31-13"),
        (System(packages=()), "lacks the packages"),
        (System(python="3.14"), r"its Python is 3\.14"),
        (System(program=b"#!/bin/sh"), "no program for 64-bit Arm"),
    ],
)
def test_other_systems_are_refused_in_words(tmp_path: Path, system: System, why: str) -> None:
    with pytest.raises(MistakeError, match=why):
        look(official(tmp_path / "a.img", system))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("root=PARTUUID=aaaaaaaa-02", "boots from aaaaaaaa-02"),
        ("root=/dev/mapper/root cryptdevice=/dev/mmcblk0p2", "is encrypted"),
        ("root=a\nroot=b", "has 2 lines"),
    ],
)
def test_command_lines_of_others_are_refused(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(MistakeError, match=why):
        look(official(tmp_path / "a.img", cmdline=line))


def test_a_boot_partition_of_another_system_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    boot = {name: data for name, data in boot_files().items() if name not in {"kernel8.img", "issue.txt"}}
    image = assembled(tmp_path / "a.img", root, boot, Sizes(root=4))
    with pytest.raises(MistakeError, match=r"lacks kernel8\.img, issue\.txt"):
        look(image)


@pytest.mark.parametrize(
    ("at", "data", "why"),
    [
        (FIRST + 64 * MIB, b"LUKS\xba\xbe" + bytes(2000), "encrypted"),
        (FIRST + 64 * MIB + 1024, bytes(1024), "holds no ext4"),
        (FIRST + 64 * MIB + 1024 + 96, b"\xff\xff\xff\xff", "encrypted|not unmounted"),
        (FIRST, bytes(512), "holds no FAT32"),
    ],
)
def test_other_file_systems_are_refused(tmp_path: Path, at: int, data: bytes, why: str) -> None:
    image = official(tmp_path / "a.img")
    with image.open("r+b") as file:
        file.seek(at)
        file.write(data)
    with pytest.raises(MistakeError, match=why):
        look(image)


def test_a_damaged_root_is_refused(tmp_path: Path) -> None:
    image = official(tmp_path / "a.img")
    with image.open("r+b") as file:
        file.seek(look(image).root.start + 5 * 1024)  # descriptors, bitmaps, tables of inodes
        file.write(b"\xa5" * 300_000)
    with pytest.raises((FirmwareError, MistakeError)):
        look(image)


def test_too_many_partitions_are_refused(tmp_path: Path) -> None:
    head = table(entry(0x0C, 2048, 2048), entry(0x83, 4096, 2048), entry(0x83, 8192, 2048))
    with pytest.raises(MistakeError, match="has 3 partitions"):
        look(disk(tmp_path / "a.img", head))
