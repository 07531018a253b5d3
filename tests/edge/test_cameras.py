"""One conformance test over every source that can run without special hardware."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import psutil
import pytest

from edge.cameras.opening import open_source
from edge.cameras.settings import AnySettings, FfmpegSettings, FileSettings, ImagesSettings, NetworkSettings
from edge.cameras.source import Source
from edge.contracts.types import U8, Frame
from tests.rigs.cameras import (
    QUADRANTS,
    MjpegServer,
    RtspServer,
    comes_true,
    jpeg,
    known_picture,
    needs,
    quadrant_colours,
    shared_memory,
    soon,
    write_clip,
)

PICTURES = 8


def clip(folder: Path, rigs: ExitStack) -> AnySettings:
    return FileSettings(path=write_clip(folder / "clip.avi", PICTURES), speed=0)


def paced_clip(folder: Path, rigs: ExitStack) -> AnySettings:
    return FileSettings(path=write_clip(folder / "clip.avi", PICTURES), speed=10)


def images(folder: Path, rigs: ExitStack) -> AnySettings:
    for number in range(PICTURES):
        cv2.imwrite(str(folder / f"{number}.png"), known_picture())
    return ImagesSettings(path=folder, fps=10, speed=0)


def ffmpeg_clip(folder: Path, rigs: ExitStack) -> AnySettings:
    needs("ffmpeg", "ffprobe")
    path = write_clip(folder / "clip.avi", PICTURES)
    return FfmpegSettings(command=("ffmpeg", "-i", str(path)), clip_fps=10)


def ffmpeg_camera(folder: Path, rigs: ExitStack) -> AnySettings:
    needs("ffmpeg")
    path = write_clip(folder / "clip.avi", PICTURES)
    command = ("ffmpeg", "-stream_loop", "-1", "-re", "-i", str(path), "-vf", "scale=160:120")
    return FfmpegSettings(command=command, width=160, height=120)


def mjpeg(folder: Path, rigs: ExitStack) -> AnySettings:
    return NetworkSettings(url=rigs.enter_context(MjpegServer([jpeg(known_picture())])).url)


def rtsp(folder: Path, rigs: ExitStack) -> AnySettings:
    return NetworkSettings(url=rigs.enter_context(RtspServer(folder)).url)


class Kind(NamedTuple):
    make: Callable[[Path, ExitStack], AnySettings]
    live: bool
    ends: bool


KINDS = (
    Kind(clip, live=False, ends=True),
    Kind(paced_clip, live=True, ends=True),
    Kind(images, live=False, ends=True),
    Kind(ffmpeg_clip, live=False, ends=True),
    Kind(ffmpeg_camera, live=True, ends=False),
    Kind(mjpeg, live=True, ends=False),
    Kind(rtsp, live=True, ends=False),
)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.make.__name__)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture
def settings(kind: Kind, tmp_path: Path) -> Iterator[AnySettings]:
    with ExitStack() as rigs:
        yield kind.make(tmp_path, rigs)


def read(source: Source) -> Frame:
    frame = source.read(soon())
    assert frame is not None
    return frame


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "rtsp_server" not in str(child.cmdline())]


def test_a_source_shows_the_picture_and_its_time(kind: Kind, settings: AnySettings) -> None:
    with open_source("yard", settings) as source:
        assert source.live == kind.live
        frames = [read(source) for _ in range(5)]
    for frame in frames:
        assert frame.camera == "yard"
        assert frame.pixels.dtype == np.uint8
        assert quadrant_colours(frame.pixels) == list(QUADRANTS)
        assert not frame.pixels.flags.writeable
        assert frame.pixels.flags.c_contiguous
    times = [(frame.seq, frame.t_s, frame.utc_ns) for frame in frames]
    for earlier, later in itertools.pairwise(times):
        assert all(a < b for a, b in zip(earlier, later, strict=True))
    apart_s = [(f.utc_ns - frames[0].utc_ns) / 1e9 - (f.t_s - frames[0].t_s) for f in frames]
    # Both clocks tell the same, but where the process had to wait between looking at the one and at the other.
    assert np.median(np.abs(np.array(apart_s) - np.median(apart_s))) < 0.01


def test_a_clip_gives_every_picture_at_its_own_time_and_then_ends(kind: Kind, settings: AnySettings) -> None:
    if not kind.ends:
        pytest.skip("a camera has no end")
    with open_source("yard", settings) as source:
        frames = [read(source) for _ in range(PICTURES)]
        assert source.read(soon()) is None
        assert source.read(soon()) is None
    assert [frame.seq for frame in frames] == list(range(PICTURES))
    assert np.allclose(np.diff([frame.t_s for frame in frames]), 0.1)


def test_paint_comes_before_everything(settings: AnySettings) -> None:
    painted: list[U8] = []

    def paint(pixels: U8) -> None:
        assert pixels.flags.writeable
        pixels[: len(pixels) // 2] = 0
        painted.append(pixels)

    with open_source("yard", settings, paint) as source:
        frame = read(source)
    assert frame.pixels is painted[0]
    assert quadrant_colours(frame.pixels) == [(0, 0, 0), (0, 0, 0), *QUADRANTS[2:]]


def test_nothing_is_left_behind(settings: AnySettings) -> None:
    shm, processes = shared_memory(), children()
    files = psutil.Process().num_fds()
    with open_source("yard", settings) as source:
        read(source)
    assert comes_true(lambda: shared_memory() <= shm)  # another process may have some for a moment
    assert children() == processes  # zombies would count
    assert comes_true(lambda: psutil.Process().num_fds() == files)  # a server of this process closes later


def test_pictures_stay_what_they_were(settings: AnySettings) -> None:
    with open_source("yard", settings) as source:
        first = read(source)
        before = first.pixels.copy()
        read(source)
        read(source)
    assert (first.pixels == before).all()
