"""The learner's process is started, heard, told things, and started again when it dies, hangs or cannot begin."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from edge.contracts.stored import Json
from edge.learners.handover import HandOver
from edge.learners.keeper import Keeper
from edge.learners.order import Order
from edge.learners.wire import pack_reading
from edge.learning.promotion import Terms
from edge.learning.settings import LearningSettings
from tests.patience import patient
from tests.rigs.host import wait_until

LIMIT_S = 60.0


class Kept:
    """A keeper, and what it was told."""

    def __init__(self, order: Callable[[], str], hang_s: float) -> None:
        self.heard: list[Mapping[str, Json]] = []
        self.lost: list[str] = []
        self.way = HandOver()
        self.keeper = Keeper(order, self.way, self.heard.append, lambda: self.lost.append(self.keeper.trouble), hang_s)

    def wait(self, wanted: Callable[[], object]) -> None:
        assert wait_until(lambda: bool(wanted()), LIMIT_S), (self.heard[-3:], self.lost)


def nobody(folder: Path) -> Order:
    """An order to learn nothing."""
    return Order(str(folder), "run", True, LearningSettings(), Terms(), (), (), {})


@contextmanager
def kept(order: Callable[[], str], hang_s: float = patient(LIMIT_S)) -> Iterator[Kept]:
    made = Kept(order, hang_s)
    with made.keeper:
        yield made


def test_it_is_the_last_to_get_the_processor_and_obeys_and_ends_with_its_keeper(tmp_path: Path) -> None:
    with kept(nobody(tmp_path).encode) as made:
        made.wait(lambda: made.heard)
        assert made.heard[0] == {"on": True, "learning": "", "paused": ""}
        process = psutil.Process(made.keeper.pid)
        assert process.nice() == 19
        assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
        made.keeper.command({"do": "switch", "on": False})
        made.wait(lambda: made.heard[-1]["on"] is False)
        hot = {"temperature_c": 200.0, "throttled": False, "free_mb": None, "battery": False, "dropping": False}
        made.keeper.command({"do": "conditions", **hot})
        made.wait(lambda: made.heard[-1]["paused"] == "it is too hot")
        made.keeper.command({"do": "reset", "subject": "nobody"})  # and goes on
        made.keeper.command({"do": "switch", "on": True})
        made.wait(lambda: made.heard[-1]["on"] is True)
    assert not process.is_running()
    assert (made.lost, made.keeper.restarts) == ([], 0)


def test_one_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with kept(nobody(tmp_path).encode) as made:
        made.wait(lambda: made.heard)
        psutil.Process(made.keeper.pid).kill()
        made.wait(lambda: made.lost)
        assert made.lost[0] == "the process has ended by signal 9"
        count = len(made.heard)
        made.wait(lambda: len(made.heard) > count)
        assert (made.keeper.restarts, made.keeper.trouble) == (1, "")


def test_one_that_says_nothing_for_long_is_killed_and_started_again(tmp_path: Path) -> None:
    with kept(nobody(tmp_path).encode, hang_s=0.5) as made:  # it has something to say every five seconds
        made.wait(lambda: made.heard)
        first = psutil.Process(made.keeper.pid)
        made.wait(lambda: made.lost)
        assert "hangs" in made.lost[0]
        made.wait(lambda: made.keeper.restarts == 1)
        assert not first.is_running()


def unwritable() -> str:
    raise OSError("no room")


@pytest.mark.parametrize(("order", "said"), [(unwritable, "no room"), (lambda: "{", "exit code 1")])
def test_one_that_cannot_begin_is_tried_again(order: Callable[[], str], said: str) -> None:
    with kept(order) as made:
        made.wait(lambda: len(made.lost) > 1)
        assert said in made.lost[0]
        assert made.heard == []


def test_what_does_not_fit_is_dropped_and_counted(tmp_path: Path) -> None:
    message = pack_reading(0, 0, np.zeros(1000))
    nowhere = HandOver()
    assert (nowhere.offer(message), nowhere.dropped) == (False, 0)  # where there is no process, nothing is lost
    with kept(nobody(tmp_path).encode) as made:
        made.wait(lambda: made.heard)
        process = psutil.Process(made.keeper.pid)
        process.suspend()
        taken = sum(made.way.offer(message) for _ in range(2000))
        assert 0 < taken < 2000
        assert made.way.dropped == 2000 - taken
        process.resume()
