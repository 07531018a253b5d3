"""Pictures for people: one JPEG a camera, on demand and when something new appears, never larger than agreed.

No picture leaves the device unless the configuration says so: `snapshots.enabled` is off by default.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
from pydantic import BaseModel, Field

from edge.capture import Camera
from edge.contracts.bus import Bus
from edge.contracts.clerk import Clerk, Desk
from edge.contracts.topics import Topics
from edge.contracts.types import U8, EventKind, Tracks
from edge.drawing import draw_tracks
from edge.observer import Observer
from edge.pipeline import Followed

POORER = (1.0, 0.75, 0.5, 0.3)  # of the quality asked for, one after the other, until the picture is small enough
SMALLER = 0.7
SMALLEST = 64  # pixels on the longer side
ASKED_S = 30.0  # that a camera may take to give the picture that is asked for


class SnapshotSettings(BaseModel, extra="forbid", frozen=True):
    """Pictures over MQTT."""

    enabled: bool = Field(False, description="pictures leave the device at all")
    events: bool = Field(True, description="a picture with each new object, not only on demand")
    gap_s: float = Field(5.0, ge=0, description="seconds between pictures of one camera that events ask for, at least")
    boxes: bool = Field(True, description="draw boxes and names into them")
    width: int = Field(960, ge=64, le=7680, description="no wider than this, pixels")
    quality: int = Field(80, ge=10, le=100, description="of the JPEG; lowered where the picture is too large")
    max_kb: int = Field(200, ge=4, le=10_000, description="no larger than this, 1000 bytes")


@dataclass(frozen=True, eq=False, slots=True)
class _Wanted:
    camera: str
    pixels: U8
    tracks: Tracks
    names: Mapping[int, str]


class Snapshots(Clerk[_Wanted], Observer):
    """An observer of the engine. Pictures are made on a thread of its own, so that the chain never waits for one.

    Args:
        bus: takes the pictures, retained.
        topics: of this device.
        settings: whether, and how large.
    """

    def __init__(self, bus: Bus, topics: Topics, settings: SnapshotSettings) -> None:
        super().__init__(Desk("snapshots", "no snapshot"))
        self._bus, self._topics, self._settings = bus, topics, settings
        self._asked: dict[str, float] = {}  # until when
        self._event_s: dict[str, float] = {}

    def ask(self, camera: str) -> None:
        """The next picture of a camera is wanted, if it comes soon. May be called on any thread."""
        self._asked[camera] = time.monotonic() + ASKED_S

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Take the picture if it is wanted and the one before is done; else the next one will do."""
        asked = self._asked.get(camera.name, 0.0) > time.monotonic()
        if not (self._settings.enabled and (asked or self._new(camera.name, followed))):
            return
        frame, names = followed.sensed.frame, followed.names(camera.chain.labels)
        if not self._put(_Wanted(camera.name, frame.pixels, followed.tracks, names)):
            return
        self._asked.pop(camera.name, None)
        self._event_s[camera.name] = frame.t_s

    def _new(self, camera: str, followed: Followed) -> bool:
        if not self._settings.events or not any(event.kind is EventKind.NEW for event in followed.events):
            return False
        before_s = self._event_s.get(camera)
        return before_s is None or followed.sensed.frame.t_s - before_s >= self._settings.gap_s

    def _work(self, thing: _Wanted) -> None:
        self._bus.publish(self._topics.snapshot(thing.camera), self._picture(thing), retain=True)

    def _picture(self, wanted: _Wanted) -> bytes:
        settings = self._settings
        picture = narrowed(wanted.pixels, settings.width).copy()
        if settings.boxes:
            draw_tracks(picture, wanted.tracks, wanted.names)
        return jpeg(picture, settings.quality, settings.max_kb * 1000)


def jpeg(picture: U8, quality: int, most_bytes: int) -> bytes:
    """The picture as JPEG of at most so many bytes: first its quality is lowered, then its size.

    Args:
        picture: (h, w, 3) BGR.
        quality: 10..100, what is tried first.
        most_bytes: 4000 at least.
    """
    while True:
        for share in POORER:
            encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, max(round(quality * share), 10)])[1]
            if len(encoded) <= most_bytes:
                return encoded.tobytes()
        if max(picture.shape) <= SMALLEST:  # a picture of 64 x 64 pixels and the lowest quality fits in 4000 bytes
            return encoded.tobytes()
        height, width = (max(round(side * SMALLER), 1) for side in picture.shape[:2])
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def narrowed(picture: U8, width: int) -> U8:
    """No wider than `width`."""
    if picture.shape[1] <= width:
        return picture
    height = max(round(picture.shape[0] * width / picture.shape[1]), 1)
    made: U8 = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return made
