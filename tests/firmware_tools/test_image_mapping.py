"""Block maps that are written: what is free is left out, all else is mapped."""

import subprocess
from pathlib import Path

import pytest

from firmware_tools.bmap import read_block_map
from firmware_tools.errors import MistakeError
from firmware_tools.image.mapping import BLOCK, used_blocks, write_bmap
from firmware_tools.image.spans import Bytes, copy_span, runs
from tests.programs import program
from tests.rigs.official import FIRST, MIB, Sizes, mbr, official, run


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [([], []), ([0], [(0, 1)]), ([1, 2, 5], [(1, 3), (5, 6)]), ([3, 4, 5], [(3, 6)])],
)
def test_runs(numbers: list[int], wanted: list[tuple[int, int]]) -> None:
    assert list(runs(numbers)) == wanted


@pytest.mark.parametrize(
    ("free", "wanted"),
    [
        ([], [(0, 10)]),
        ([(0, 10 * BLOCK)], []),
        ([(BLOCK, 3 * BLOCK)], [(0, 1), (3, 10)]),
        ([(BLOCK - 1, 3 * BLOCK + 1)], [(0, 1), (3, 10)]),  # a block that is partly used is used
        ([(BLOCK + 1, 2 * BLOCK)], [(0, 10)]),
        ([(BLOCK, 3 * BLOCK), (3 * BLOCK, 4 * BLOCK)], [(0, 1), (4, 10)]),
        ([(8 * BLOCK, 10 * BLOCK)], [(0, 8)]),
    ],
)
def test_used_blocks(free: list[tuple[int, int]], wanted: list[tuple[int, int]]) -> None:
    assert list(used_blocks(tuple(Bytes(*span) for span in free), 10)) == wanted


def test_zeros_that_a_file_owns_are_mapped_and_free_noise_is_not(tmp_path: Path) -> None:
    image = official(tmp_path / "a.img", sizes=Sizes(root=32))
    root, zeros = FIRST + 64 * MIB, tmp_path / "zeros"
    zeros.write_bytes(bytes(2 * MIB))
    run("debugfs", "e2fsprogs", "-w", "-R", f"write {zeros} zeros", f"{image}?offset={root}")
    owned = run("debugfs", "e2fsprogs", "-R", "blocks /zeros", f"{image}?offset={root}").split()
    size = 1024 if len(owned) >= 2048 else 4096
    free = root + 30 * MIB
    with image.open("r+b") as file:
        file.seek(free)
        file.write(b"\xa5" * MIB)
    write_bmap(image, tmp_path / "map")
    spans = read_block_map(tmp_path / "map").spans

    def mapped(at: int) -> bool:
        return any(span.start <= at < span.end for span in spans)

    assert all(mapped(root + int(block) * size) for block in owned)
    assert not mapped(free + BLOCK)
    assert mapped(0)


def test_bmaptool_takes_it(tmp_path: Path) -> None:
    bmaptool = program("bmaptool", "bmap-tools")
    image = official(tmp_path / "a.img")
    write_bmap(image, tmp_path / "a.img.bmap")
    command = [bmaptool, "copy", str(image), str(tmp_path / "card")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    root = FIRST + 64 * MIB
    assert b"trixie" in run(
        "debugfs", "e2fsprogs", "-R", "cat /usr/lib/os-release", f"{tmp_path / 'card'}?offset={root}"
    )


def test_partitions_that_are_not_known_are_mapped_whole(tmp_path: Path) -> None:
    image = tmp_path / "a.img"
    with image.open("wb") as file:
        file.truncate(96 * MIB)
        file.write(mbr(Sizes()))
    assert write_bmap(image, tmp_path / "map") == BLOCK + (64 + 24) * MIB


def test_what_is_no_disk_has_no_map(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(8192))
    with pytest.raises(MistakeError, match="no table of partitions"):
        write_bmap(tmp_path / "a", tmp_path / "map")


def test_a_span_is_copied_with_its_holes(tmp_path: Path) -> None:
    source = tmp_path / "a"
    with source.open("wb") as file:
        file.truncate(8 * MIB)
        for at in (0, 3 * MIB, 7 * MIB):
            file.seek(at)
            file.write(b"data" * 100)
    copy_span(source, Bytes(2 * MIB, 8 * MIB), tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == source.read_bytes()[2 * MIB :]
    assert (tmp_path / "b").stat().st_blocks * 512 < MIB
