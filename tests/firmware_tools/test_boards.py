"""The boards: facts that commands rely on."""

import io

import pytest
from rich.console import Console

from firmware_tools.boards.catalogue import board
from firmware_tools.boards.facts import BOARDS
from firmware_tools.boards.shown import show
from firmware_tools.errors import MistakeError

CORES = {"cortex-a53", "cortex-a72", "cortex-a76"}


def shown() -> str:
    told = Console(file=io.StringIO(), width=200)
    show(told)
    assert isinstance(told.file, io.StringIO)
    return told.file.getvalue()


@pytest.mark.parametrize(("name", "hint"), [("", "there are pi3,"), ("pi6", "pi5?"), ("coral-deb", "coral-dev?")])
def test_an_unknown_board_is_refused(name: str, hint: str) -> None:
    with pytest.raises(MistakeError) as refused:
        board(name)
    assert f"{name!r}" in str(refused.value)
    assert hint in str(refused.value)


def test_boards_are_found_by_name() -> None:
    assert [board(known.name) for known in BOARDS] == list(BOARDS)
    assert len({known.name for known in BOARDS}) == len(BOARDS) == 5


def test_each_fact_is_usable() -> None:
    assert {known.processor for known in BOARDS} == CORES
    assert all(known.device_tree.endswith(".dtb") and known.memory_mib >= 512 for known in BOARDS)


def test_only_what_was_tried_is_called_supported() -> None:
    coral = board("coral-dev")
    assert (coral.standing, coral.tryboot, coral.system) == ("experimental", False, "Debian")
    assert {known.standing for known in BOARDS if known is not coral} == {"supported"}


def test_mendel_is_spoken_of_plainly() -> None:
    assert "cannot run current wheels" in shown()
    assert all(known.title in shown() for known in BOARDS)
