"""Locks between processes."""

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from edge.contracts.locking import HeldError, locked
from tests.rigs.host import wait_until

WAIT_S = 60.0


def test_a_free_lock_is_had_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "lock", 0.0):
            assert [path.name for path in tmp_path.iterdir()] == ["lock"]
        assert list(tmp_path.iterdir()) == []


def test_a_held_one_is_told_after_the_deadline(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", 0.0):
        with (
            pytest.raises(HeldError, match=r"lock was held by another process for 0\.1 s"),
            locked(tmp_path / "lock", 0.1),
        ):
            pytest.fail("two hold it")
        assert (tmp_path / "lock").exists()


def test_who_waits_gets_it_and_nobody_else_meanwhile(tmp_path: Path) -> None:
    inside, most, turns = [], [], []

    def work() -> None:
        for _ in range(10):
            with locked(tmp_path / "lock", WAIT_S):
                inside.append(0)
                most.append(len(inside))
                turns.append(0)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert (len(turns), max(most)) == (40, 1)
    assert list(tmp_path.iterdir()) == []


def _hold_for_ever(path: str) -> None:
    with locked(Path(path), 0.0):
        Path(path).with_suffix(".held").touch()
        signal.pause()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_hold_for_ever, args=(str(tmp_path / "lock"),))
    process.start()
    wait_until((tmp_path / "lock.held").exists, WAIT_S)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(WAIT_S)
    assert (tmp_path / "lock").exists()
    with locked(tmp_path / "lock", WAIT_S):
        pass


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(tmp_path / "no" / "lock", 0.0):
        pytest.fail("there is no such folder")
