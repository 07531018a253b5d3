"""A source that is tried once ends with its first trouble, and the trouble is told."""

import time
from pathlib import Path

import pytest

from edge.cameras.settings import FileSettings
from edge.cameras.source import leave
from edge.contracts.errors import SourceError
from edge.contracts.types import Frame
from edge.once import Once, Trouble, once
from tests.rigs.cameras import soon, write_clip


class Breaking:
    """A source that breaks when it is opened, or at its second picture."""

    live = True

    def __init__(self, frame: Frame | None) -> None:
        self._frame, self.closed = frame, 0

    def __enter__(self) -> "Breaking":
        if self._frame is None:
            raise SourceError("cannot be opened")
        return self

    def __exit__(self, *_: object) -> None:
        self.closed += 1

    def read(self, deadline_s: float) -> Frame:
        if self._frame is None:
            raise SourceError("broke off")
        frame, self._frame = self._frame, None
        return frame


def test_without_trouble_it_is_the_source_itself(tmp_path: Path) -> None:
    trouble, clip = Trouble(), FileSettings(path=write_clip(tmp_path / "clip.avi", 3), speed=0)
    with once("cam", clip, trouble)(leave) as source:
        assert [frame.seq for frame in iter(lambda: source.read(soon()), None) if frame] == [0, 1, 2]
    trouble.check()


def test_what_cannot_be_opened_is_at_its_end_and_is_not_closed() -> None:
    trouble, broken = Trouble(), Breaking(None)
    with Once(broken, trouble) as source:
        assert source.read(time.monotonic()) is None
    assert broken.closed == 0
    with pytest.raises(SourceError, match="cannot be opened"):
        trouble.check()


def test_what_breaks_off_ends_and_is_closed(tmp_path: Path) -> None:
    with once("cam", FileSettings(path=write_clip(tmp_path / "clip.avi", 1), speed=0), Trouble())(leave) as source:
        frame = source.read(soon())
    trouble, broken = Trouble(), Breaking(frame)
    with once("cam", FileSettings(path=tmp_path), trouble, lambda _paint: broken)(leave) as source:
        assert source.live
        assert source.read(soon()) is frame
        assert source.read(soon()) is None
    assert broken.closed == 1
    with pytest.raises(SourceError, match="broke off"):
        trouble.check()
