"""The thread of a source: rounds, trouble, the end."""

import math
import threading

import pytest

from edge.contracts.errors import SourceError
from edge.sensors.worker import Worker
from tests.rigs.host import wait_until


class Digger(Worker):
    """Finds something, or fails, as often as it is told to."""

    def __init__(self, *rounds: bool, once: bool = False) -> None:
        super().__init__("digger", "sensor digger", 5.0, once=once)
        self.left, self.done = list(rounds), 0

    def begin(self) -> None:
        self._start()

    def _round(self) -> float:
        self.done += 1
        if self.left and not self.left.pop(0):
            raise SourceError("sensor digger: the shovel broke")
        self._well()
        return 0.01 if self.left else 60.0


def gone() -> bool:
    return not [one for one in threading.enumerate() if one.name == "digger"]


def test_one_that_never_began_ends_at_once() -> None:
    worker = Digger()
    worker.close()
    assert (worker.done, worker.due_s, worker.ended) == (0, math.inf, False)


def test_trouble_is_told_once_each_time_and_is_over_when_something_comes(caplog: pytest.LogCaptureFixture) -> None:
    worker = Digger(True, False, False, True, False, True)
    worker.begin()
    assert wait_until(lambda: worker.done == 6, 30)
    assert wait_until(lambda: worker.trouble == "", 30)
    worker.close(30.0)
    assert gone()
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "sensor digger: the shovel broke"
    ] * 2
    assert (worker.due_s, worker.ended) == (math.inf, False)


@pytest.mark.parametrize("works", [True, False])
def test_one_round_may_be_all(works: bool) -> None:
    worker = Digger(works, once=True)
    worker.begin()
    assert wait_until(gone, 30)
    assert (worker.done, worker.ended, bool(worker.trouble)) == (1, True, not works)
