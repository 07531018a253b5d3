"""Observers that write down what the chains find out: an annotated clip, a contact sheet, lines of JSON."""

from collections import deque
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import cv2
import numpy as np

from edge.capture import Camera
from edge.contracts.errors import ConfigError
from edge.contracts.messages import Stamp, encode_event, encode_tracks
from edge.contracts.types import U8, Event, EventKind
from edge.drawing import Shapes, caption, contact_sheet, draw_forecasts, draw_near_misses, draw_tracks, draw_zones
from edge.observer import Observer
from edge.pipeline import Followed

_SHEET_COLUMNS, _SHEET_ROWS, _SHEET_WIDTH = 3, 3, 1920
_KEPT_WIDTH = _SHEET_WIDTH // _SHEET_COLUMNS  # pixels; what the sheet shows of a picture
_CAPTIONS = 4  # newest events written into the picture
_CODEC = "mp4v"


class Annotator:
    """Draws what is known onto each picture: tracks, predicted paths, zones, the newest events."""

    def __init__(self, zones: Shapes, lines: Shapes) -> None:
        self._zones, self._lines = zones, lines
        self._told: deque[str] = deque(maxlen=_CAPTIONS)
        self._near: dict[int, tuple[int, int]] = {}  # tracks of the near misses that are expected, by number

    def draw(self, camera: Camera, followed: Followed) -> U8:
        """A copy of the picture, annotated."""
        picture = followed.sensed.frame.pixels.copy()
        draw_zones(picture, self._zones, self._lines)
        draw_forecasts(picture, followed.tracks, followed.forecasts)
        draw_tracks(picture, followed.tracks, followed.names(camera.chain.labels))
        for event in followed.events:
            self._told.append(_in_words(event))
            self._note(event)
        draw_near_misses(picture, followed.tracks, list(self._near.values()))
        for index, text in enumerate(self._told):
            caption(picture, text, (4, 24 + 22 * index), (40, 40, 40))
        return picture

    def _note(self, event: Event) -> None:
        if event.near is not None and event.expectation is not None:
            self._near[event.expectation.number] = (event.track, event.near.track)
            if event.kind is EventKind.RESOLVED:
                del self._near[event.expectation.number]


def _in_words(event: Event) -> str:
    other = f"{event.near.label} {event.near.track} at {event.near.distance:.1f}" if event.near else event.zone
    return f"{event.kind} {event.label} {event.track} {other}"


class Clip(Observer):
    """An annotated video of one camera and a contact sheet of it. Use as a context manager."""

    def __init__(self, annotator: Annotator, path: Path, sheet: Path, fps: float) -> None:
        self._annotator, self._path, self._sheet, self._fps = annotator, path, sheet, fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._kept: list[U8] = []
        self._every = 1
        self._frames = 0

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.release()
        if self._kept:
            wanted = np.linspace(0, len(self._kept) - 1, min(len(self._kept), _SHEET_COLUMNS * _SHEET_ROWS))
            pictures = [self._kept[round(index)] for index in wanted.tolist()]
            if not cv2.imwrite(str(self._sheet), contact_sheet(pictures, _SHEET_COLUMNS, _SHEET_WIDTH)):
                raise ConfigError(f"{self._sheet} cannot be written; choose another folder with --out")

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Draw and write one picture."""
        picture = self._annotator.draw(camera, followed)
        if self._writer is None:
            self._size = (picture.shape[1], picture.shape[0])
            self._writer = cv2.VideoWriter(
                str(self._path), cv2.VideoWriter.fourcc(*_CODEC), max(self._fps, 1.0), self._size
            )
            if not self._writer.isOpened():
                raise ConfigError(f"{self._path} cannot be written; choose another folder with --out")
        if (picture.shape[1], picture.shape[0]) != self._size:  # a video has one size, a camera may change its own
            picture = cv2.resize(picture, self._size)
        self._writer.write(picture)
        self._keep(picture)

    def _keep(self, picture: U8) -> None:
        """Keep evenly spaced pictures for the sheet, at most twice as many as fit on it."""
        if self._frames % self._every == 0:
            self._kept.append(_small(picture))
            if len(self._kept) > 2 * _SHEET_COLUMNS * _SHEET_ROWS:
                self._kept = self._kept[::2]
                self._every *= 2
        self._frames += 1


def _small(picture: U8) -> U8:
    """At most as large as the sheet shows it: full-size ones would fill the memory of a small board."""
    height, width = picture.shape[:2]
    scale = _KEPT_WIDTH / max(width, height / 4, _KEPT_WIDTH)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    made: U8 = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return made


class JsonLines(Observer):
    """Events and tracks as they would go out over MQTT, one JSON object per line. Use as a context manager."""

    def __init__(self, events: Path, tracks: Path, run: str) -> None:
        self._paths, self._run = (events, tracks), run

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._events, self._tracks = (stack.enter_context(_opened(path)) for path in self._paths)
            self._files = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def seen(self, camera: Camera, followed: Followed) -> None:
        """One line of tracks, one for each event."""
        frame = followed.sensed.frame
        stamp = Stamp(camera.name, self._run, frame.seq, frame.utc_ns)
        line = encode_tracks(stamp, followed.tracks, followed.forecasts, camera.chain.labels, followed.sub_labels)
        self._tracks.write(line + b"\n")
        self._write(followed.events)

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """What ended with the clip."""
        self._write(events)

    def _write(self, events: list[Event]) -> None:
        for event in events:
            self._events.write(encode_event(event, "replay", self._run) + b"\n")


def _opened(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}; choose another folder with --out") from error
