"""A serial port over a pseudo-terminal, unplugged and back again."""

import logging
import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.sensors.arrival import Raw
from edge.sensors.lines import Lines
from edge.sensors.payload import LIMIT_BYTES, Reader
from edge.sensors.serial_port import SerialSensor
from edge.sensors.settings import SerialSource
from tests.rigs.host import wait_until
from tests.rigs.pty_port import PtyPort


@pytest.fixture
def port(tmp_path: Path) -> Iterator[PtyPort]:
    with PtyPort(tmp_path / "ttyX") as plugged:
        yield plugged


class Listened:
    def __init__(self, port: PtyPort) -> None:
        self.heard: list[Raw] = []
        self.sensor = SerialSensor(SerialSource(device=str(port.path)), "scale")

    def __enter__(self) -> "Listened":
        self.sensor.begin(self.heard.append)
        return self

    def __exit__(self, *_: object) -> None:
        self.sensor.close()
        assert wait_until(lambda: not [one for one in threading.enumerate() if one.name == "sensor-scale"])
        assert self.sensor.due_s == math.inf

    def wait(self, port: PtyPort, text: str, count: int) -> None:
        """Say it again and again until so many lines are heard: nobody knows when the port is open."""

        def come() -> bool:
            port.say(text)
            return len(self.heard) >= count

        assert wait_until(come), self.sensor.trouble


def test_lines_become_readings(port: PtyPort) -> None:
    with Listened(port) as listened:
        listened.wait(port, '1.5,2.5\n{"a": 3, "b": [4]}\n', 4)
    lines = {bytes(raw.content) for raw in listened.heard if isinstance(raw.content, bytes)}
    assert lines == {b"1.5,2.5", b'{"a": 3, "b": [4]}'}
    csv = next(raw for raw in listened.heard if raw.content == b"1.5,2.5")
    assert Reader({"x": "$[1]"}).read(csv).values == (2.5,)


def test_unplugged_and_back_again(port: PtyPort, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "edge.sensors.serial_port")
    with Listened(port) as listened:
        listened.wait(port, "1\n", 2)
        port.unplug()
        assert wait_until(lambda: bool(listened.sensor.trouble))
        before = len(listened.heard)
        port.plug()
        listened.wait(port, "2\n", before + 2)
        assert listened.sensor.trouble == ""
    assert listened.heard[-1].content == b"2"
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("made", "said"), [(False, "is not there; plug it in"), (True, "is no serial port")])
def test_what_is_no_port_is_told(tmp_path: Path, made: bool, said: str) -> None:
    path = tmp_path / "ttyX"
    if made:
        path.touch()
    sensor = SerialSensor(SerialSource(device=str(path)), "scale")
    sensor.begin(lambda _: None)
    assert wait_until(lambda: said in sensor.trouble), sensor.trouble
    sensor.close()


def test_lines_are_cut_wherever_the_pieces_end_and_bounded() -> None:
    lines = Lines()
    assert lines.feed(b"") == []
    assert lines.feed(b"5\r\n2") == []  # what it began with may be the end of 25
    assert lines.feed(b"1\r\n\r\n22\n3") == [b"21", b"22"]
    assert lines.feed(b"x" * (LIMIT_BYTES + 1)) == []
    assert lines.feed(b"tail\n7\n") == [b"7"]
    assert lines.lost == 1
