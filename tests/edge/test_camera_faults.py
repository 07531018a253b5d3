"""What sources say and do when things go wrong, and the ways of each kind of its own."""

import itertools
import logging
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import cv2
import psutil
import pytest

from edge.cameras.network import CHILD
from edge.cameras.opening import open_source
from edge.cameras.settings import (
    AnySettings,
    FfmpegSettings,
    FileSettings,
    ImagesSettings,
    NetworkSettings,
    PicameraSettings,
    V4l2Settings,
)
from edge.cameras.source import Source
from edge.contracts.errors import SourceError
from tests.paths import REPOSITORY
from tests.rigs.cameras import (
    QUADRANTS,
    MjpegServer,
    RtspServer,
    comes_true,
    jpeg,
    known_picture,
    needs,
    quadrant_colours,
    soon,
    write_clip,
)
from tests.rigs.ports import closed_port


def refusal(settings: AnySettings) -> str:
    """What opening the source and reading it to its end complains of."""
    with pytest.raises(SourceError) as refused, open_source("yard", settings) as source:  # noqa: PT012
        while source.read(soon()):
            pass
    message = str(refused.value)
    assert message.startswith("camera yard: ")
    return message


def shapes(settings: AnySettings) -> list[tuple[int, ...]]:
    found = []
    with open_source("yard", settings) as source:
        while frame := source.read(soon()):
            found.append(frame.pixels.shape)
    return found


def trouble(source: Source, limit_s: float = 60.0) -> str:
    """What a camera complains of after the pictures that are still on their way."""
    for _ in range(1000):
        try:
            source.read(time.monotonic() + limit_s)
        except SourceError as error:
            return str(error)
    return ""


def decoders() -> list[psutil.Process]:
    """The child processes that decode network cameras."""
    return [child for child in psutil.Process().children() if str(CHILD) in child.cmdline()]


# video files


def test_a_missing_video_is_named(tmp_path: Path) -> None:
    assert "there is no video file" in refusal(FileSettings(path=tmp_path / "gone.mp4"))


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"not a video at all" * 99], ids=["empty", "zeros", "text"])
def test_a_file_that_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    assert f"{path} is no video that can be read" in refusal(FileSettings(path=path))


def test_a_video_without_pictures_is_refused_even_in_a_loop(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.avi").read_bytes()
    path = tmp_path / "clip.avi"
    path.write_bytes(whole[: whole.index(b"movi") + 4])
    message = refusal(FileSettings(path=path, speed=0, loop=True))
    assert "holds no picture" in message or "no video that can be read" in message


def test_a_truncated_video_gives_what_it_has_and_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = write_clip(tmp_path / "whole.avi", pictures=40).read_bytes()
    path = tmp_path / "clip.avi"
    path.write_bytes(whole[: len(whole) // 4])
    with caplog.at_level(logging.WARNING):
        count = len(shapes(FileSettings(path=path, speed=0)))
    assert 5 <= count <= 12
    assert f"ended after {count} of 40 pictures" in caplog.text


def test_bits_turned_in_a_video_do_no_harm(tmp_path: Path) -> None:
    content = bytearray(write_clip(tmp_path / "clip.avi", pictures=20).read_bytes())
    start = content.index(b"movi") + 4
    for position in range(start, len(content) - 2000, 997):
        content[position] ^= 0x10
    (tmp_path / "clip.avi").write_bytes(content)
    assert set(shapes(FileSettings(path=tmp_path / "clip.avi", speed=0))) <= {(240, 320, 3)}


def test_a_video_whose_size_changes_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "clip.mjpeg"
    path.write_bytes(jpeg(known_picture()) * 5 + jpeg(known_picture(640, 480)) * 5)
    assert len(shapes(FileSettings(path=path, speed=0))) == 10


def test_a_loop_goes_on_and_so_does_its_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", pictures=3)
    with open_source("yard", FileSettings(path=path, speed=0, loop=True)) as source:
        frames = [source.read(soon()) for _ in range(8)]
    times = [frame.t_s for frame in frames if frame]
    assert len(times) == 8
    assert [round(b - a, 3) for a, b in itertools.pairwise(times)] == [0.1] * 7


def test_a_paced_clip_keeps_its_time_but_not_beyond_the_deadline(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", pictures=3)
    with open_source("yard", FileSettings(path=path)) as source:
        first, second = source.read(soon()), source.read(soon())
        assert first is not None
        assert second is not None
        assert time.monotonic() >= second.t_s > first.t_s
    with open_source("yard", FileSettings(path=path, speed=1e-3)) as source:  # a picture each 100 s
        assert source.read(soon()) is not None
        early = source.read(time.monotonic() + 0.02)
        assert early is not None
        assert early.t_s > time.monotonic()  # because the deadline came first


@pytest.mark.parametrize(
    ("speed", "blocking", "live"), [(0, False, False), (0, True, False), (1, False, True), (1, True, False)]
)
def test_only_a_paced_clip_that_need_not_block_may_drop(
    tmp_path: Path, speed: float, blocking: bool, live: bool
) -> None:
    settings = FileSettings(path=tmp_path / "clip.avi", speed=speed, blocking=blocking)
    assert open_source("yard", settings).live == live


# folders of images


def test_folders_without_images_are_refused(tmp_path: Path) -> None:
    assert "no image in" in refusal(ImagesSettings(path=tmp_path))
    assert "cannot list" in refusal(ImagesSettings(path=tmp_path / "gone"))
    (tmp_path / "a.png").write_bytes(b"no image")
    assert "no image in" in refusal(ImagesSettings(path=tmp_path, speed=0, loop=True))


def test_images_may_differ_in_size_and_bad_ones_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), known_picture(64, 48))
    (tmp_path / "2.jpg").write_bytes(b"no image")
    (tmp_path / "3.txt").write_text("ignored")
    cv2.imwrite(str(tmp_path / "4.png"), known_picture(32, 96)[:, :, 0])
    assert shapes(ImagesSettings(path=tmp_path, speed=0)) == [(48, 64, 3), (96, 32, 3)]
    assert "2.jpg cannot be read" in caplog.text
    assert "3.txt" not in caplog.text


# cameras of this machine


def test_a_missing_usb_camera_is_named(tmp_path: Path) -> None:
    assert "there is no /dev/video99" in refusal(V4l2Settings(device="/dev/video99"))
    (tmp_path / "video0").write_bytes(b"")
    assert "cannot be opened" in refusal(V4l2Settings(device=str(tmp_path / "video0")))


def test_a_missing_picamera2_is_named() -> None:
    if Path("/usr/lib/python3/dist-packages/picamera2").exists():
        pytest.skip("picamera2 is installed here")
    assert "apt install python3-picamera2" in refusal(PicameraSettings())


# network cameras


def test_an_absent_network_camera_is_refused_without_its_password() -> None:
    with closed_port() as port:
        message = refusal(NetworkSettings(url=f"rtsp://admin:s3cret@127.0.0.1:{port}/stream?token=t0ken"))
    assert "cannot be opened" in message
    assert "127.0.0.1" in message
    assert not any(secret in message for secret in ("admin", "s3cret", "t0ken"))


def test_a_camera_that_wants_a_password_gets_it_and_nobody_else_does(tmp_path: Path) -> None:
    with MjpegServer([jpeg(known_picture())], login="admin:s3cret") as server:
        assert "cannot be opened" in refusal(NetworkSettings(url=server.url.replace("//", "//admin:wr0ng@")))
        with open_source("yard", NetworkSettings(url=server.url.replace("//", "//admin:s3cret@"))) as source:
            assert source.read(soon()) is not None
            commands = [child.cmdline() for child in psutil.Process().children()]
    assert commands
    assert "s3cret" not in str(commands)


def test_a_server_that_hangs_is_left_at_the_deadline(tmp_path: Path) -> None:
    with RtspServer(tmp_path) as server, open_source("yard", NetworkSettings(url=server.url)) as source:
        assert source.read(soon()) is not None
        server.hang()
        assert len(decoders()) == 1
        assert "gave no picture in time" in trouble(source, limit_s=1.0)
        assert decoders() == []  # dead already
        server.resume()


def test_a_server_that_dies_is_noticed_and_found_again(tmp_path: Path) -> None:
    with RtspServer(tmp_path) as server:
        with open_source("yard", NetworkSettings(url=server.url)) as source:
            assert source.read(soon()) is not None
            server.kill()
            assert "ended or broke off" in trouble(source)
        server.start()
        with open_source("yard", NetworkSettings(url=server.url)) as source:
            assert source.read(soon()) is not None


def test_a_stream_whose_size_changes_goes_on() -> None:
    small, large = jpeg(known_picture()), jpeg(known_picture(640, 480))
    with MjpegServer([small] * 5 + [large] * 5, fps=100) as server:
        settings = NetworkSettings(url=server.url)
        with open_source("yard", settings) as source:
            frames = [source.read(soon()) for _ in range(25)]
    assert all(frame and quadrant_colours(frame.pixels) == list(QUADRANTS) for frame in frames)


def test_a_slow_reader_gets_the_newest_picture_and_can_count_the_rest() -> None:
    with MjpegServer([jpeg(known_picture())], fps=100) as server:
        settings = NetworkSettings(url=server.url)
        with open_source("yard", settings) as source:
            assert comes_true(partial(left_out, source, server))


def left_out(source: Source, server: MjpegServer) -> bool:
    """Whether pictures were left out while nobody read; the decoder may be slow, too."""
    first, sent = source.read(soon()), server.sent
    assert comes_true(lambda: server.sent >= sent + 20)
    asked_s = time.monotonic()
    second = source.read(soon())
    assert first is not None
    assert second is not None
    assert second.t_s >= asked_s  # not one that lay about
    return second.seq - first.seq > 5


def test_a_killed_decoder_is_reported() -> None:
    with MjpegServer([jpeg(known_picture())]) as server:
        settings = NetworkSettings(url=server.url)
        with open_source("yard", settings) as source:
            assert source.read(soon()) is not None
            decoders()[0].kill()
            assert "lost its decoder" in trouble(source)


PARENT = """
import sys, time
from edge.cameras.opening import open_source
from edge.cameras.settings import NetworkSettings
with open_source("yard", NetworkSettings(url=sys.argv[1])) as source:
    source.read(time.monotonic() + 300)
    print("reading", flush=True)
    time.sleep(600)
"""


def test_a_decoder_does_not_outlive_its_parent_even_in_a_hung_read() -> None:
    with MjpegServer([jpeg(known_picture())]) as server:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, server.url], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        assert parent.stdout is not None
        assert parent.stdout.readline() == "reading\n"
        started = psutil.Process(parent.pid).children()
        assert len(started) == 1
        server.hung.set()
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(60)
        parent.stdout.close()
        assert psutil.wait_procs(started, timeout=60)[1] == []


# commands


@pytest.mark.parametrize(
    ("command", "size", "complaint"),
    [
        (("no-such-program", "-"), 16, "`no-such-program` is not installed"),
        (("ffmpeg", "-i", "/gone/clip.mp4"), 16, "No such file"),
        (("ffmpeg", "-i", "/gone/clip.mp4"), 0, "ffprobe found no picture size"),
        (("sh", "-c", "cat /dev/zero"), 0, "set `width` and `height`"),
        (("sh", "-c", "echo out of luck >&2; exit 3"), 16, "ended with exit code 3 (out of luck)"),
        (("sh", "-c", "head -c 1000 /dev/zero"), 16, "does not write pictures of 16x16"),
    ],
)
def test_commands_that_cannot_work_are_refused(command: tuple[str, ...], size: int, complaint: str) -> None:
    needs("ffmpeg", "ffprobe")
    assert complaint in refusal(FfmpegSettings(command=command, width=size, height=size, clip_fps=10))


def test_a_command_that_hangs_is_left_at_the_deadline_with_its_children() -> None:
    settings = FfmpegSettings(command=("sh", "-c", "head -c 768 /dev/zero; sleep 60 & wait"), width=16, height=16)
    with open_source("yard", settings) as source:
        assert source.read(soon()) is not None
        started = psutil.Process().children(recursive=True)
        with pytest.raises(SourceError, match="gave no picture in time"):
            source.read(time.monotonic() + 0.2)
    assert started
    assert psutil.wait_procs(started, timeout=60)[1] == []
