"""Trees, archives, file systems and disks: what goes in comes out, and twice is the same."""

import hashlib
import os
import stat
import struct
import subprocess
import uuid
import zlib
from pathlib import Path

import pytest

from firmware_tools.errors import FirmwareError
from firmware_tools.image.ab.data import data_tree
from firmware_tools.image.ab.disk import Sizes, write_image
from firmware_tools.image.ab.entries import Entry, Kind, Tree, folder, link, merge, put, read_tar, text, write_tar
from firmware_tools.image.ab.filesystems import make_ext4, make_fat
from firmware_tools.image.ab.gpt import place, write_disk
from firmware_tools.image.ab.layout import LINUX, MIB, Partition, partitions
from tests.programs import program
from tests.rigs.ab_systems import EPOCH_S, slot


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


PACKAGES = {"mkfs.vfat": "dosfstools", "mcopy": "mtools", "mke2fs": "e2fsprogs"}


def there(*names: str) -> None:
    for name in names:
        program(name, PACKAGES[name])


def sample() -> Tree:
    tree: Tree = {}
    put(tree, "lib", link("usr/lib"))
    put(tree, "usr/lib/a", text("a"))
    put(tree, "etc/secret", Entry(Kind.FILE, 0o600, b"s", uid=820, gid=820, mtime_s=1_500_000_000))
    put(tree, "var/empty", folder(0o711))
    put(tree, "usr/lib/b", Entry(Kind.TWIN, 0o644, target="usr/lib/a"))
    return tree


def test_a_path_is_put_where_its_links_lead() -> None:
    tree = sample()
    put(tree, "/lib/systemd/x", text("x"))
    assert "usr/lib/systemd/x" in tree
    assert not [path for path in tree if path.startswith("lib/")]


def test_links_that_go_round_end() -> None:
    tree: Tree = {"a": link("b"), "b": link("a")}
    put(tree, "a/file", text("x"))
    assert any(path.endswith("/file") for path in tree)


def test_a_folder_that_is_there_keeps_its_mode() -> None:
    tree = sample()
    merge(tree, {"var/empty": folder(0o777), "usr/lib/c": text("c")})
    assert tree["var/empty"].mode == 0o711
    assert tree["usr/lib/c"].data == b"c"


@pytest.mark.parametrize("tree", [{}, sample()], ids=["empty", "sample"])
def test_a_tree_comes_back_from_its_archive(tree: Tree, tmp_path: Path) -> None:
    write_tar(tree, tmp_path / "a.tar", EPOCH_S)
    back = read_tar(tmp_path / "a.tar")
    assert {path: (one.kind, one.mode, one.data, one.target, one.uid) for path, one in back.items()} == {
        path: (one.kind, one.mode, one.data, one.target, one.uid) for path, one in tree.items()
    }
    assert all(one.mtime_s <= EPOCH_S for one in back.values())


def test_the_order_of_making_does_not_show(tmp_path: Path) -> None:
    write_tar(sample(), tmp_path / "a.tar", EPOCH_S)
    write_tar(dict(reversed(sample().items())), tmp_path / "b.tar", EPOCH_S)
    assert sha256(tmp_path / "a.tar") == sha256(tmp_path / "b.tar")


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"no archive at all")
    with pytest.raises(FirmwareError, match=r"x\.tar"):
        read_tar(tmp_path / "x.tar")


def test_file_systems_are_the_same_twice_and_whole(tmp_path: Path) -> None:
    there("mkfs.vfat", "mcopy", "mke2fs")
    sums = []
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        os.utime(home, (1, 1))
        make_ext4(sample(), home / "s", "system", 0, EPOCH_S)
        make_fat({"overlays/a": text("a"), "config.txt": text("c")}, home / "f", "boot", 64, EPOCH_S)
        sums.append((sha256(home / "s"), sha256(home / "f")))
    assert sums[0] == sums[1]
    system, boot = tmp_path / "one/s", tmp_path / "one/f"
    checked = subprocess.run(
        [program("e2fsck"), "-fn", system], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout
    command = [program("debugfs"), "-R", "stat /etc/secret", str(system)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "Mode:  0600" in told.stdout
    assert "User:   820" in told.stdout
    command = [program("mdir"), "-b", "-/", "-i", str(boot), "::"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert sorted(listed.stdout.split()) == ["::/config.txt", "::/overlays/", "::/overlays/a"]


def test_partitions_lie_side_by_side() -> None:
    placed, size = place(partitions(1024, 512))
    ends = [0, *(one.start + one.size for one in placed)]
    assert all(one.start >= end for one, end in zip(placed, ends, strict=False))
    assert all(one.start % (8 * MIB) == 0 for one in placed)
    assert size - ends[-1] >= MIB


def test_a_file_system_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(b"x" * (2 * MIB))
    with pytest.raises(FirmwareError, match="larger than the partition small"):
        write_disk(
            tmp_path / "d.img", [Partition("small", LINUX, 1)], {"small": tmp_path / "content"}, uuid.UUID(int=1)
        )


def test_an_image_is_the_same_twice_and_others_can_read_it(tmp_path: Path) -> None:
    there("mkfs.vfat", "mcopy", "mke2fs")
    sums = []
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        data = data_tree({"etc/foresight/foresight.yaml": text("cameras: {}\n")}, b"", EPOCH_S)
        write_image(home / "d.img", slot("pi4"), data, Sizes(64, 64), home)
        sums.append(sha256(home / "d.img"))
    assert sums[0] == sums[1]
    read = subprocess.run(
        [program("partx", "util-linux"), "-s", "-g", "-o", "NAME,TYPE", tmp_path / "one/d.img"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    named = [line.split()[0] for line in read.stdout.splitlines()]
    assert named == ["bootconfig", "boot_a", "boot_b", "system_a", "system_b", "data"]


def test_both_tables_of_a_disk_are_whole(tmp_path: Path) -> None:
    write_disk(tmp_path / "d.img", [Partition("one", LINUX, 1)], {}, uuid.UUID(int=1))
    assert stat.S_IMODE((tmp_path / "d.img").stat().st_mode) == 0o600
    disk = (tmp_path / "d.img").read_bytes()
    for at in (512, len(disk) - 512):
        header = disk[at : at + 92]
        assert header[:8] == b"EFI PART"
        blank = header[:16] + bytes(4) + header[20:]
        assert zlib.crc32(blank) == struct.unpack("<I", header[16:20])[0]
        table, count, size, checksum = struct.unpack("<QIII", header[72:92])
        entries = disk[table * 512 : table * 512 + count * size]
        assert zlib.crc32(entries) == checksum
