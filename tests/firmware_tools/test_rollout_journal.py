"""What a kill or a loss of power leaves of a journal is read as if the last turn had not been."""

from itertools import chain
from pathlib import Path

import pytest

from edge.contracts.update_state import Phase
from firmware_tools.errors import MistakeError
from firmware_tools.rollout.journal import FILE, FIRST, Journal, begin_journal, read_journal
from firmware_tools.rollout.records import Asked, Event, Heard, Here

TURNS: list[list[Event]] = [
    [Here(at_s=0, device="shed", online=True), Here(at_s=0, device="barn", online=True)],
    [Asked(at_s=1, before={"shed": "", "barn": '{"v": 1}'})],
    [Heard(at_s=2.5, device="shed", phase=Phase.REFUSED, reason="wrong_board", detail="für pi5 'only'\n")],
]


def whole(turns: int) -> list[Event]:
    return [*FIRST, *chain.from_iterable(TURNS[:turns])]


def written(folder: Path) -> bytes:
    begin_journal(folder)
    with Journal(folder) as journal:
        for turn in TURNS:
            journal.add(turn)
    return (folder / FILE).read_bytes()


def test_nothing_has_happened_yet(tmp_path: Path) -> None:
    begin_journal(tmp_path)
    assert read_journal(tmp_path) == [*FIRST]
    with Journal(tmp_path) as journal:
        assert journal.events == [*FIRST]
    begin_journal(tmp_path)  # again, where it was cut off before there was a plan
    written(tmp_path)
    with pytest.raises(MistakeError, match="is there without its plan"):
        begin_journal(tmp_path)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written(tmp_path)
    assert read_journal(tmp_path) == whole(3)


def test_cut_off_anywhere_it_is_a_number_of_whole_turns(tmp_path: Path) -> None:
    data = written(tmp_path)
    ends = [at + 1 for at, byte in enumerate(data) if byte == ord("\n")]
    for length in range(ends[0], len(data) + 1):
        (tmp_path / FILE).write_bytes(data[:length])
        turns = sum(end <= length for end in ends) - 1
        assert read_journal(tmp_path) == whole(turns)


def test_without_its_first_record_it_is_damaged(tmp_path: Path) -> None:
    data = written(tmp_path)
    for length in range(data.index(b"\n") + 1):
        (tmp_path / FILE).write_bytes(data[:length])
        with pytest.raises(MistakeError, match="is damaged in line 1: no record is whole"):
            read_journal(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(MistakeError, match="is missing"):
        Journal(tmp_path)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("left", [b"", b'[{"kind": "he', b"\0" * 5000, b"\0" * 4096 + b'"}]\n'])
def test_it_goes_on_behind_what_is_whole(tmp_path: Path, left: bytes) -> None:
    data = written(tmp_path)
    (tmp_path / FILE).write_bytes(data + left)
    with Journal(tmp_path) as journal:
        assert journal.events == whole(3)
        journal.add(TURNS[0])
    assert read_journal(tmp_path) == whole(3) + TURNS[0]


@pytest.mark.parametrize("line", [b"", b"[1]", b'[{"kind": "nonsense"}]', b"\xff"])
def test_damage_in_the_middle_is_told(tmp_path: Path, line: bytes) -> None:
    first, *_, third = written(tmp_path).splitlines()
    (tmp_path / FILE).write_bytes(b"\n".join([first, line, third, b""]))
    with pytest.raises(MistakeError, match=r"journal.jsonl is damaged in line 2; bring it back"):
        read_journal(tmp_path)


@pytest.mark.parametrize("end", [b"\r", b" "])
def test_lines_that_do_not_end_as_they_did_are_damaged_and_not_cut_off(tmp_path: Path, end: bytes) -> None:
    first, *others = written(tmp_path).splitlines(keepends=True)
    (tmp_path / FILE).write_bytes(first[:-1] + end + b"".join(others))
    with pytest.raises(MistakeError, match="is damaged in line 1"):
        read_journal(tmp_path)


def test_a_whole_last_line_that_says_nothing_is_damaged(tmp_path: Path) -> None:
    data = written(tmp_path)
    (tmp_path / FILE).write_bytes(data.replace(b'"heard"', b'"heerd"'))
    with pytest.raises(MistakeError, match="is damaged in line 4"):
        read_journal(tmp_path)
