"""The order in which a card is written: whenever it is cut short, the card does not boot."""

from pathlib import Path

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.flash.faults import CardError
from firmware_tools.flash.flashing import flash
from firmware_tools.flash.image import Image
from firmware_tools.flash.workplace import Stage
from tests.rigs.flashing.images import MIB, PACKERS, block_map, disk_image, noise
from tests.rigs.flashing.memory import MemoryCard, Stuck, image_of

FIRST = 4096
RAW = disk_image(3, 9 * MIB + 512, holes=((3 * MIB, 5 * MIB),))
MAP = block_map(RAW, [(0, 3 * 256 - 1), (5 * 256, 9 * 256)])
OLD = noise(4, 12 * MIB)


def card(**facts: object) -> MemoryCard:
    return MemoryCard(bytearray(OLD), **facts)  # type: ignore[arg-type]


def run(image: Image, target: MemoryCard, deadline_s: float = 30.0) -> list[tuple[Stage, int, int]]:
    told: list[tuple[Stage, int, int]] = []
    flash(image, target, lambda *what: told.append(what), deadline_s)
    return told


@pytest.mark.parametrize("kind", sorted(PACKERS))
def test_the_card_holds_the_image(tmp_path: Path, kind: str) -> None:
    target = card()
    run(image_of(tmp_path, RAW, kind), target)
    assert bytes(target.content[: len(RAW)]) == RAW
    assert bytes(target.content[len(RAW) : 11 * MIB]) == OLD[len(RAW) : 11 * MIB]
    end = range(11 * MIB, 12 * MIB, 512)  # where an old table may have had its copy
    assert [start for start in end if target.content[start : start + 512] == OLD[start : start + 512]] == []


@pytest.mark.parametrize("kind", sorted(PACKERS))
def test_with_a_block_map_the_holes_are_left_alone(tmp_path: Path, kind: str) -> None:
    target = card()
    run(image_of(tmp_path, RAW, kind, MAP), target)
    assert bytes(target.content[: 3 * MIB]) == RAW[: 3 * MIB]
    assert bytes(target.content[3 * MIB : 5 * MIB]) == OLD[3 * MIB : 5 * MIB]
    assert bytes(target.content[5 * MIB : len(RAW)]) == RAW[5 * MIB :]


@pytest.mark.parametrize("size", [512, 1024, FIRST - 512, FIRST, FIRST + 512, MIB, 4 * MIB, 4 * MIB + 512])
def test_images_of_every_length(tmp_path: Path, size: int) -> None:
    raw = disk_image(size, size)
    target = card()
    run(image_of(tmp_path, raw, "img.gz"), target)
    assert bytes(target.content[:size]) == raw


def test_an_image_that_fills_the_card(tmp_path: Path) -> None:
    raw = disk_image(5, 4 * MIB)
    target = MemoryCard(bytearray(OLD[: 4 * MIB]))
    run(image_of(tmp_path, raw), target)
    assert bytes(target.content) == raw


@pytest.mark.parametrize("size", [2 * FIRST, MIB, MIB + 512, 2 * MIB - 512])
def test_a_small_image_on_a_small_card(tmp_path: Path, size: int) -> None:
    target = MemoryCard(bytearray(OLD[:size]))
    raw = disk_image(8, FIRST)
    run(image_of(tmp_path, raw), target)
    assert bytes(target.content[:FIRST]) == raw


def test_the_end_of_an_image_is_filled_up_to_a_block(tmp_path: Path) -> None:
    raw = disk_image(6, MIB + 1)
    target = card(block_bytes=4096)
    run(image_of(tmp_path, raw), target)
    assert bytes(target.content[: MIB + 4096]) == raw + bytes(4095)
    assert {length % 4096 for _, _, length in target.done} == {0}


def test_the_first_block_is_written_last_and_after_all_else_is_proven(tmp_path: Path) -> None:
    target = card()
    run(image_of(tmp_path, RAW), target)
    sealed = target.done.index(("write", 0, FIRST))
    assert [what for what, _, _ in target.done[sealed:]] == ["write", "settle", "forget", "read"]
    before = target.done[:sealed]
    settled = max(number for number, (what, _, _) in enumerate(before) if what == "settle")
    assert {what for what, _, _ in before[settled + 1 :]} == {"forget", "read"}
    proven = sum(length for what, offset, length in before[settled:] if what == "read" and offset < len(RAW))
    assert proven == len(RAW) - FIRST


def test_whatever_fails_wherever_the_card_does_not_boot(tmp_path: Path) -> None:
    image = image_of(tmp_path, RAW, "img", MAP)
    whole = card()
    run(image, whole)
    for step in range(len(whole.done)):
        target = card()

        def fail(*_what: object, target: MemoryCard = target, step: int = step) -> None:
            if len(target.done) == step:
                target.done.append(("failed", 0, 0))
                raise OSError(5, "Input/output error")

        target.before = fail
        with pytest.raises(CardError, match=r"mem0: .*Input/output error.*not to be used as it is"):
            run(image, target)
        assert bytes(target.content[:FIRST]) in (OLD[:FIRST], bytes(FIRST))
        touched = any(what == "write" and offset >= MIB for what, offset, _ in target.done if offset < 11 * MIB)
        assert not touched or bytes(target.content[:FIRST]) == bytes(FIRST)


def test_an_interrupt_wherever_it_comes_leaves_no_half_booting_card(tmp_path: Path) -> None:
    image = image_of(tmp_path, RAW, "img", MAP)
    told = run(image, card())
    for step in range(len(told)):
        target = card()
        calls = 0

        def interrupt(*_what: object, step: int = step) -> None:
            nonlocal calls
            calls += 1
            if calls == step + 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            flash(image, target, interrupt, 30.0)
        assert bytes(target.content[:FIRST]) == bytes(FIRST)


@pytest.mark.parametrize("most", [512, 4096, 65_536 + 512])
def test_a_card_that_takes_less_at_a_time_gets_all_of_it(tmp_path: Path, most: int) -> None:
    raw = disk_image(7, MIB)
    target = card(most_bytes=most)
    run(image_of(tmp_path, raw), target)
    assert bytes(target.content[:MIB]) == raw


@pytest.mark.parametrize("most", [0, 100])
def test_a_card_that_stops_in_the_middle_is_a_fault(tmp_path: Path, most: int) -> None:
    with pytest.raises(CardError, match=r"mem0: writing stops at byte"):
        run(image_of(tmp_path, RAW), card(most_bytes=most))


@pytest.mark.parametrize(("what", "offset"), [("write", 4 * MIB), ("read", 4 * MIB), ("settle", 0)])
def test_a_card_that_does_not_answer_is_given_up(tmp_path: Path, what: str, offset: int) -> None:
    stuck = Stuck(what, offset)
    target = card(before=stuck)
    try:
        with pytest.raises(CardError, match=r"mem0: .* has had no answer for 0 s: pull the card out"):
            run(image_of(tmp_path, RAW), target, deadline_s=0.3)
    finally:
        stuck.let_go.set()


def test_a_card_that_ignores_what_is_written_is_found_out_at_once(tmp_path: Path) -> None:
    class Worn(MemoryCard):
        def write(self, offset: int, view: memoryview) -> int:
            self.done.append(("write", offset, len(view)))
            return len(view)

    target = Worn(bytearray(OLD))
    with pytest.raises(CardError, match="bytes at byte 0 read otherwise"):
        run(image_of(tmp_path, RAW), target)
    assert [offset for what, offset, _ in target.done if what == "write"] == [11 * MIB, 0]


def test_a_card_that_ends_earlier_is_found_out_at_once_even_where_the_image_would_fit(tmp_path: Path) -> None:
    class Fake(MemoryCard):
        def write(self, offset: int, view: memoryview) -> int:
            return super().write(offset, view) if offset + len(view) <= 10 * MIB else len(view)

        def read(self, offset: int, view: memoryview) -> int:
            view[:] = bytes(len(view))
            return super().read(offset, view) if offset + len(view) <= 10 * MIB else len(view)

    target = Fake(bytearray(OLD))
    with pytest.raises(CardError, match=f"bytes at byte {11 * MIB} read otherwise"):
        run(image_of(tmp_path, RAW), target)
    assert [offset for what, offset, _ in target.done if what == "write"] == [0]


def test_an_image_larger_than_the_card_is_told_when_it_shows(tmp_path: Path) -> None:
    target = MemoryCard(bytearray(OLD[: 6 * MIB]))
    with pytest.raises(MistakeError, match=r"the image is larger than mem0"):
        run(image_of(tmp_path, RAW, "img.gz"), target)
    assert bytes(target.content[:FIRST]) == bytes(FIRST)


def test_an_image_that_is_not_of_its_block_map_does_not_boot(tmp_path: Path) -> None:
    other = bytearray(RAW)
    other[6 * MIB] ^= 1
    target = card()
    with pytest.raises(MistakeError, match=r"not those of its block map.*not to be used as it is"):
        run(image_of(tmp_path, bytes(other), "img.xz", MAP), target)
    assert bytes(target.content[:FIRST]) == bytes(FIRST)


@pytest.mark.parametrize("raw", [RAW + bytes(4096), RAW[: 8 * MIB]])
def test_an_image_of_another_length_than_its_block_map(tmp_path: Path, raw: bytes) -> None:
    target = card()
    with pytest.raises(MistakeError, match="block map"):
        run(image_of(tmp_path, raw, "img.gz", MAP), target)
    assert bytes(target.content[:FIRST]) == bytes(FIRST)


def test_an_image_that_is_damaged_later_does_not_boot(tmp_path: Path) -> None:
    image = image_of(tmp_path, RAW, "img.xz")
    image.path.write_bytes(image.path.read_bytes()[:-1000])
    target = card()
    with pytest.raises(MistakeError, match="is damaged"):
        run(image, target)
    assert bytes(target.content[:FIRST]) == bytes(FIRST)


def test_an_image_that_cannot_be_read_at_all_costs_no_card(tmp_path: Path) -> None:
    image = image_of(tmp_path, RAW, "img.xz")
    image.path.write_bytes(image.path.read_bytes()[:100])
    target = card()
    with pytest.raises(MistakeError, match="is damaged"):
        run(image, target)
    assert bytes(target.content) == OLD


def test_a_block_map_with_blocks_that_the_card_has_not(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match="mem0 has blocks of 8192 bytes"):
        run(image_of(tmp_path, RAW, "img", MAP), card(block_bytes=8192))


def test_progress_ends_at_all_of_it(tmp_path: Path) -> None:
    for kind, given in (("img", b""), ("img.gz", b""), ("img.gz", MAP)):
        told = run(image_of(tmp_path, RAW, kind, given), card())
        last = {stage: (done, total) for stage, done, total in told}
        assert last[Stage.WRITING][0] == last[Stage.WRITING][1]
        assert last[Stage.CHECKING][0] == last[Stage.CHECKING][1]
        assert all(done <= total for _, done, total in told)
        assert list(dict.fromkeys(stage for stage, _, _ in told)) == list(Stage)
