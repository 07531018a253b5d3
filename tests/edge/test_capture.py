"""A camera's thread: switched off and on, away and back; and what its pictures show."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import capture
from edge.cameras.reach import answers
from edge.cameras.settings import (
    AnySettings,
    FileSettings,
    ImagesSettings,
    NetworkSettings,
    PicameraSettings,
    V4l2Settings,
)
from edge.cameras.watch import CameraWatchSettings, PictureWatch, Showing, contrast
from edge.capture import Camera, Capture, Item, Past
from edge.contracts.errors import SourceError
from edge.contracts.types import U8, Frame
from edge.control.knobs import Controls
from edge.demo.street import Street
from edge.mailbox import Mailbox
from edge.onward import Onward
from tests.paths import data
from tests.patience import patient
from tests.rigs.cameras import MjpegServer, RtspServer, known_picture
from tests.rigs.cameras import jpeg as encoded
from tests.rigs.host import wait_until
from tests.rigs.scenes import Reel, Scripted, camera, scene


class Live(Reel):
    """A camera that sends a picture every 10 ms, numbered from the beginning at each opening."""

    live = True

    def __init__(self, pictures: Iterator[Frame], broken: threading.Event) -> None:
        super().__init__([])
        self._pictures, self._broken = pictures, broken

    def read(self, deadline_s: float) -> Frame | None:
        if self._broken.wait(0.01):
            raise SourceError("camera cam: broke off")
        return replace(next(self._pictures), t_s=time.monotonic())


class Rig:
    """A running capture; `items` is what it hands over, newest last."""

    def __init__(self, make: Callable[[], Live], answering: Callable[[], bool] = lambda: True) -> None:
        self.openings = 0
        self.broken = threading.Event()
        self._stop = threading.Event()
        mailbox: Mailbox[Item] = Mailbox()
        self._mailbox = mailbox
        self.items: list[Item] = []

        def opened() -> Live:
            self.openings += 1
            return make()

        self.camera: Camera = replace(camera(opened, Scripted(), live=True), answers=answering)
        self.capture = Capture(self.camera, mailbox.slot(live=True), self._stop, Past())

    def __enter__(self) -> "Rig":
        self.capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._mailbox.close()
        self.capture.join(60)

    def comes(self, wanted: Callable[[Item], bool], limit_s: float = 60.0) -> Item:
        deadline_s = time.monotonic() + patient(limit_s)
        while time.monotonic() < deadline_s:
            item = self._mailbox.take(time.monotonic() + 0.05)
            if item is not None:
                self.items.append(item)
                if wanted(item):
                    return item
        raise AssertionError(f"not in {limit_s} s; {self.capture.counts}")


MOVING = 11  # the first picture in which the block moves: those before it are all the same


def pictures() -> Iterator[Frame]:
    return (scene(MOVING + k % (60 - MOVING)) for k in itertools.count())


def a_picture(item: Item) -> bool:
    return item.sensed is not None


def a_loss(item: Item) -> bool:
    return item.sensed is None


def test_a_switched_off_camera_is_closed_and_opened_again_when_it_is_switched_on() -> None:
    never = threading.Event()
    with Rig(lambda: Live(pictures(), never)) as rig:
        rig.comes(a_picture)
        rig.camera.knobs.now = Controls(enabled=False, detection=True, threshold=0.5)
        rig.comes(a_loss)
        assert (rig.capture.counts.online, rig.capture.counts.why) == (False, "switched off")
        openings = rig.openings
        rig.camera.knobs.now = Controls(enabled=True, detection=True, threshold=0.5)
        rig.comes(a_picture)
        assert (rig.openings, rig.capture.counts.lost) == (openings + 1, 1)


def test_a_camera_that_does_not_answer_is_opened_as_soon_as_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "RETRY_FIRST_S", 36_000.0)  # nobody lives to see what does not wait for the answer
    monkeypatch.setattr(capture, "RETRY_MAX_S", 36_000.0)
    broken, there, shown = threading.Event(), threading.Event(), pictures()  # time goes on while it is away
    there.set()
    with Rig(lambda: Live(shown, broken), there.is_set) as rig:
        rig.comes(a_picture)
        there.clear()
        broken.set()
        rig.comes(a_loss)
        assert not wait_until(lambda: rig.openings > 1, 2.5)  # nothing is opened in vain
        broken.clear()
        there.set()
        rig.comes(a_picture)
        assert rig.openings == 2
        assert (rig.capture.counts.lost, rig.capture.counts.why) == (1, "")


def test_a_frozen_camera_is_gone_until_its_picture_changes() -> None:
    never, still = threading.Event(), scene(20)
    moving, frozen = threading.Event(), threading.Event()
    counter = itertools.count()

    def shown() -> Iterator[Frame]:
        while True:
            yield (
                replace(still, seq=next(counter))
                if frozen.is_set() and not moving.is_set()
                else scene(MOVING + next(counter) % (60 - MOVING))
            )

    with Rig(lambda: Live(shown(), never)) as rig:
        object.__setattr__(rig.camera, "watch", PictureWatch(CameraWatchSettings(frozen_s=0.5)))
        rig.comes(a_picture)
        frozen.set()
        rig.comes(a_loss)
        assert "the same picture" in rig.capture.counts.why
        assert wait_until(lambda: rig.openings > 1)  # opening anew helps many cameras; not this one
        assert not wait_until(lambda: rig.capture.counts.online, 1)
        assert rig._mailbox.take(time.monotonic()) is None  # nor is anything handed over
        moving.set()
        rig.comes(a_picture)
        assert rig.capture.counts.online


# what the pictures show


def shown(pixels: Iterator[U8], fps: float, settings: CameraWatchSettings | None = None) -> list[Showing]:
    watch = PictureWatch(settings or CameraWatchSettings())
    return [watch.step(Frame("cam", k, k / fps, 0, picture)) for k, picture in enumerate(pixels)]


def noisy(base: U8, count: int, sigma: float = 1.0) -> Iterator[U8]:
    rng = np.random.default_rng(3)
    for _ in range(count):
        yield np.clip(base + rng.normal(0, sigma, base.shape), 0, 255).astype(np.uint8)


def test_one_picture_shows_a_scene() -> None:
    assert shown(iter([known_picture()]), 10) == [Showing.SCENE]


def test_the_very_same_picture_is_frozen_after_a_while_and_no_longer_when_one_pixel_changes() -> None:
    still = known_picture()
    other = still.copy()
    other[0, 0, 0] ^= 1
    found = shown(iter([still] * 100 + [other] * 50), 10)
    assert found == [Showing.SCENE] * 80 + [Showing.FROZEN] * 20 + [Showing.SCENE] * 50


def test_frozen_and_covered_can_be_switched_off() -> None:
    black = np.zeros((90, 160, 3), np.uint8)
    assert set(shown(iter([black] * 200), 10, CameraWatchSettings(frozen_s=0, covered_s=0))) == {Showing.SCENE}


@pytest.mark.parametrize("level", [0, 6, 90])  # black; black with a lifted level; a hand before the lens
def test_a_picture_of_nothing_is_covered(level: int) -> None:
    base = np.full((180, 320, 3), level, np.uint8)
    found = shown(itertools.chain(noisy(known_picture(), 20), noisy(base, 80), noisy(known_picture(), 20)), 10)
    assert found[:20] == [Showing.SCENE] * 20
    assert set(found[75:100]) == {Showing.COVERED}
    assert found[100:] == [Showing.SCENE] * 20


def test_a_dark_scene_with_some_light_is_a_scene() -> None:
    night = (known_picture().astype(np.float32) * 0.06 + 4).astype(np.uint8)
    assert contrast(night) > 2.5
    assert set(shown(noisy(night, 100), 10)) == {Showing.SCENE}


def test_real_and_rendered_scenes_are_never_frozen_nor_covered() -> None:
    street = Street(seed=5)
    assert set(shown((street.at(k / 5)[0] for k in range(60)), 5)) == {Showing.SCENE}
    for clip in ("videos/car-detection.mp4", "videos/plaza_walkers.avi"):
        assert set(shown(clip_pictures(data(clip), 150), 10)) == {Showing.SCENE}


def clip_pictures(path: Path, count: int) -> Iterator[U8]:
    clip = cv2.VideoCapture(str(path))
    for _ in range(count):
        there, pixels = clip.read()
        if not there:
            return
        yield pixels.astype(np.uint8, copy=False)


# whether there is something to open


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        (PicameraSettings(), True),  # only opening tells
        (V4l2Settings(device="/dev/video99"), False),
        (V4l2Settings(device="/dev/null"), True),
        (FileSettings(path=Path("/nowhere.mp4")), False),
        (ImagesSettings(path=Path("/")), True),
        (NetworkSettings(url="rtsp://127.0.0.1:1/x"), False),
        (NetworkSettings(url="rtsp://no.such.host.invalid/x"), False),
        (NetworkSettings(url="rtsp://127.0.0.1:999999/x"), False),
    ],
)
def test_whether_something_answers(settings: AnySettings, there: bool) -> None:
    assert answers(settings, 0.5) is there


def test_a_camera_that_hangs_does_not_answer(tmp_path: Path) -> None:
    with RtspServer(tmp_path) as server:
        settings = NetworkSettings(url=server.url)
        assert answers(settings, 60.0)
        server.hang()
        assert not answers(settings, 0.3)
        server.resume()
        assert answers(settings, 60.0)
    with MjpegServer([encoded(known_picture())]) as http:
        assert answers(NetworkSettings(url=http.url), 60.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not answers(NetworkSettings(url=f"http://127.0.0.1:{silent.getsockname()[1]}/"), 0.3)


def test_numbers_and_times_go_on_where_a_source_begins_again() -> None:
    onward = Onward()
    told = []
    for _ in range(3):
        onward.reopened()
        told += [onward.frame(scene(k)) for k in range(5)]
    assert [frame.seq for frame in told] == list(range(15))
    assert all(later.t_s > earlier.t_s for earlier, later in itertools.pairwise(told))
