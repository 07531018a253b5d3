"""The owner's clips: video files and folders of pictures, as frames in the order of time.

Files come from anywhere: what cannot be read is told and left out, and no file is read without end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from edge.cameras.clock import ClipClock, believable_fps
from edge.contracts.types import U8
from trainer.adapt.settings import FootageSettings
from trainer.errors import TrainError

VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv"})
PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
LEAST_SIDE = 16  # pixels; smaller is no footage
MOST_CLIPS = 10_000
STALL_S = 60.0  # for one frame
MOST_FPS = 240.0
ROUNDING_S = 1e-6  # the clock counts from the machine's start, so differences of its times are not exact


@dataclass(frozen=True, slots=True)
class Clip:
    """One video file, or one folder of pictures."""

    path: Path
    name: str  # unique within the footage, good for a file name

    @property
    def is_video(self) -> bool:
        """Whether it is one file."""
        return self.path.is_file()


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A frame of a clip."""

    number: int  # of all frames of the file, from 0
    t_s: float  # since the clip's first frame
    pixels: U8  # (h, w, 3) BGR


def clips(folder: Path) -> tuple[Clip, ...]:
    """The clips of a folder and of the folders in it, by name; a folder that holds pictures is one clip.

    Raises:
        TrainError: there is none, or no such folder.
    """
    if not folder.is_dir():
        raise TrainError(f"there is no folder {folder}; name the one that holds the clips (--footage)")
    try:
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise TrainError(f"{error.filename} cannot be listed: {error.strerror}; correct its permissions") from error
    shown = {path.parent for path in files if path.suffix.lower() in PICTURES}
    found = sorted([*shown, *(path for path in files if path.suffix.lower() in VIDEOS)])
    if not found:
        raise TrainError(f"{folder} holds no clip; put video files ({', '.join(sorted(VIDEOS))}) or pictures there")
    if len(found) > MOST_CLIPS:
        raise TrainError(f"{folder} holds {len(found)} clips, and {MOST_CLIPS} are the most; divide it into folders")
    return tuple(Clip(path, f"{number:04d}-{_plain(path.stem)}") for number, path in enumerate(found))


def shots(clip: Clip, settings: FootageSettings) -> Iterator[Shot]:
    """Its frames at `look_fps`, fewer where it has fewer; all of one size (others are left out).

    Raises:
        TrainError: nothing of it can be decoded.
    """
    every = _of_video(clip.path, settings) if clip.is_video else _of_pictures(clip.path, settings)
    due_s, size = 0.0, (0, 0)
    for shot in every:
        if shot.t_s > settings.longest_s + ROUNDING_S:
            return
        size = size if any(size) else shot.pixels.shape[:2]
        if min(shot.pixels.shape[:2]) < LEAST_SIDE:
            raise TrainError(f"{clip.path}: its frames are smaller than {LEAST_SIDE} pixels")
        if shot.t_s >= due_s - ROUNDING_S and shot.pixels.shape[:2] == size:
            due_s = max(due_s + 1 / settings.look_fps, shot.t_s)
            yield shot
    if not any(size):
        raise TrainError(f"{clip.path} holds no picture that can be decoded; convert it, or take it out")


def _of_video(path: Path, settings: FootageSettings) -> Iterator[Shot]:
    stall_ms = int(STALL_S * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, stall_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, stall_ms]
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1, *limits])
    try:
        if not capture.isOpened():
            raise TrainError(f"{path} is no video that can be read; try `ffprobe {path}`, or convert it")
        fps = believable_fps(capture.get(cv2.CAP_PROP_FPS))
        clock = ClipClock(1 / fps, speed=0)
        begin_s = 0.0
        for number in range(int(settings.longest_s * MOST_FPS)):
            there, pixels = capture.read()
            if not there:
                return
            t_s = clock.advance(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000).t_s
            begin_s = begin_s if number else t_s
            yield Shot(number, t_s - begin_s, pixels)
    finally:
        capture.release()


def _of_pictures(folder: Path, settings: FootageSettings) -> Iterator[Shot]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    for number, path in enumerate(paths):
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is not None:
            yield Shot(number, number / settings.picture_fps, pixels)


def _plain(name: str) -> str:
    """A name of letters, digits and dashes."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)[:40] or "clip"
