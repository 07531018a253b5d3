"""What the service manager hears, through a real datagram socket."""

import logging
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.life.notify import Notifier
from edge.life.watchdog import Watchdog
from tests.rigs.host import wait_until

STUCK = re.compile(r"stuck: inference, overdue by ([3-9]|[1-9]\d+) s")


class Manager:
    """Listens as systemd does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind("\0" + address[1:] if address.startswith("@") else address)

    def hears(self) -> list[str]:
        self._line.settimeout(60)
        return self._line.recv(4096).decode().split("\n")

    def quiet(self, seconds: float) -> bool:
        self._line.settimeout(seconds)
        try:
            self._line.recv(4096)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self._line.close()


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify") if request.param == "file" else f"@foresight-test-{os.getpid()}")
    yield made
    made.close()


def test_without_a_manager_nothing_is_said() -> None:
    notifier = Notifier({})
    notifier.ready("all is well")
    assert notifier.watchdog_s == 0


def test_a_manager_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("all is well")


def test_the_life_of_a_daemon(manager: Manager) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.address})
    notifier.ready("2 cameras\nWATCHDOG=trigger")  # a line of its own would be a command
    assert manager.hears() == ["READY=1", "STATUS=2 cameras WATCHDOG=trigger"]
    before_s = time.monotonic()
    notifier.reloading()
    after_s = time.monotonic()
    first, second = manager.hears()
    assert first == "RELOADING=1"
    assert before_s - 1e-3 <= int(second.removeprefix("MONOTONIC_USEC=")) / 1e6 <= after_s
    notifier.stopping()
    assert manager.hears() == ["STOPPING=1"]


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, 0),
        ({"WATCHDOG_USEC": "30000000"}, 30),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid() + 1)}, 0),  # meant for another process
        ({"WATCHDOG_USEC": "soon"}, 0),
    ],
)
def test_how_often_it_wants_to_hear(environment: dict[str, str], seconds: float) -> None:
    assert Notifier(environment).watchdog_s == seconds


def test_it_is_pinged_while_every_stage_comes_round_and_no_longer(
    manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    due = {"inference": time.monotonic() + 600, "camera yard": time.monotonic() + 600}
    mended: list[bool] = []
    notifier = Notifier({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "100000"})
    with Watchdog(notifier, lambda: due, lambda: mended.append(True)):
        assert manager.hears() == ["WATCHDOG=1", "STATUS=running"]
        due["inference"] = time.monotonic() - 3
        while (heard := manager.hears())[0] == "WATCHDOG=1":
            pass
        assert STUCK.fullmatch(heard[0].removeprefix("STATUS="))
        assert all("WATCHDOG=1" not in manager.hears() for _ in range(5))
        due["inference"] = time.monotonic() + 600
        assert wait_until(lambda: "WATCHDOG=1" in manager.hears())  # what was said before it is still to be heard
    assert mended
    (told,) = [record.message for record in caplog.records]
    assert STUCK.fullmatch(told)
    assert wait_until(lambda: not [one for one in threading.enumerate() if one.name == "watchdog"])
    while not manager.quiet(0.1):
        pass


def test_a_look_that_fails_is_no_sign_of_life(manager: Manager) -> None:
    looks: list[bool] = []

    def broken() -> dict[str, float]:
        looks.append(True)
        raise RuntimeError("no idea")

    notifier = Notifier({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "100000"})
    with Watchdog(notifier, broken, lambda: None):
        assert wait_until(lambda: len(looks) >= 3)
        assert manager.quiet(0.1)
