"""A source that is tried once ends with its first trouble, and the trouble is told."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cameras.settings import FileSettings
from edge.cameras.source import leave
from edge.cameras.watch import CameraWatchSettings
from edge.config.settings import CameraSettings
from edge.contracts.errors import SourceError
from edge.contracts.types import Frame
from edge.engine import Engine
from edge.once import Once, Trouble, once, run_once
from tests.rigs.cameras import soon, write_clip
from tests.rigs.scenes import Reel, Scripted, camera, scene

WATCH = CameraWatchSettings()


def reading(path: Path) -> CameraSettings:
    return CameraSettings(source=FileSettings(path=path, speed=0))


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
    trouble, clip = Trouble(), reading(write_clip(tmp_path / "clip.avi", 3))
    with once("cam", clip, trouble)(leave) as source:
        assert [frame.seq for frame in iter(lambda: source.read(soon()), None) if frame] == [0, 1, 2]
    trouble.check()


def test_what_cannot_be_opened_is_at_its_end_and_is_not_closed() -> None:
    trouble, broken = Trouble(), Breaking(None)
    with Once("cam", broken, WATCH, trouble) as source:
        assert source.read(time.monotonic()) is None
    assert broken.closed == 0
    with pytest.raises(SourceError, match="cannot be opened"):
        trouble.check()


def test_what_breaks_off_ends_and_is_closed(tmp_path: Path) -> None:
    with once("cam", reading(write_clip(tmp_path / "clip.avi", 1)), Trouble())(leave) as source:
        frame = source.read(soon())
    trouble, broken = Trouble(), Breaking(frame)
    with once("cam", reading(tmp_path), trouble, lambda _paint: broken)(leave) as source:
        assert source.live
        assert source.read(soon()) is frame
        assert source.read(soon()) is None
    assert broken.closed == 1
    with pytest.raises(SourceError, match="broke off"):
        trouble.check()


class Camera(Reel):
    """Pictures of a camera, in place of a clip."""

    live = True


def same(until_s: float) -> list[Frame]:
    """One and the same picture, twice a second."""
    return [replace(scene(0), seq=number, t_s=number / 2) for number in range(round(until_s * 2))]


@pytest.mark.parametrize(
    ("frames", "read"), [([], 0), (same(7), 14), (same(9), 16), ([*same(7), replace(scene(30), t_s=9.0)], 15)]
)
def test_a_frozen_camera_is_at_its_end(frames: Sequence[Frame], read: int) -> None:
    trouble = Trouble()
    with Once("gate", Camera(frames), WATCH, trouble) as source:
        assert len(list(iter(lambda: source.read(soon()), None))) == read
    if read == 16:
        with pytest.raises(SourceError, match="camera gate: sends one and the same picture for 8 s; it is frozen"):
            trouble.check()
    else:
        trouble.check()


def test_a_clip_may_stand_still() -> None:
    trouble = Trouble()
    with Once("gate", Reel(same(9)), WATCH, trouble) as source:
        assert len(list(iter(lambda: source.read(soon()), None))) == 18
    trouble.check()


class Hanging(Reel):
    """A camera whose driver never comes back."""

    live = True

    def __init__(self, go_on: threading.Event) -> None:
        super().__init__([])
        self._go_on = go_on

    def read(self, deadline_s: float) -> Frame | None:
        assert self._go_on.wait(60.0)
        return None


def test_a_camera_that_hangs_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit_s in (("edge.capture.OPEN_S", 0.0), ("edge.capture.PATIENCE_S", 0.2), ("edge.once.LOOK_S", 0.05)):
        monkeypatch.setattr(name, limit_s)
    go_on, trouble = threading.Event(), Trouble()
    with Engine([replace(camera(lambda: Hanging(go_on), Scripted(), live=True), stalled_s=0.2)], []) as engine:
        run_once(engine, trouble)
        go_on.set()
    with pytest.raises(SourceError, match="camera cam: hangs, no picture came"):
        trouble.check()


def test_a_camera_that_is_lost_in_the_engine_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.once.LOOK_S", 0.05)
    trouble, broken = Trouble(), camera(lambda: Reel([scene(0)]), Scripted())
    monkeypatch.setattr(broken.intake, "step", _faulty)
    with Engine([broken], []) as engine:
        run_once(engine, trouble)
    with pytest.raises(SourceError, match="camera cam: ZeroDivisionError"):
        trouble.check()


def _faulty(_: Frame) -> None:
    raise ZeroDivisionError
