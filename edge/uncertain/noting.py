"""A look that is to be kept, as a record and a JPEG."""

import hashlib

import cv2
import numpy as np

from edge.contracts.archive import MOST_PICTURE_BYTES, MOST_SIDE_PX
from edge.contracts.types import F32, U8
from edge.uncertain.judging import as_box, name_of, tracks_of
from edge.uncertain.look import Look
from edge.uncertain.record import MOST_THINGS, Doubt, Record, Thing
from edge.uncertain.settings import KeepSettings

SMALLER = 0.75  # of its sides a picture keeps where it has too many bytes for an archive


def noted(
    look: Look, doubts: tuple[Doubt, ...], models: dict[str, str], settings: KeepSettings
) -> tuple[Record, bytes]:
    """The record of a look, and its picture; no bytes where there is none.

    Args:
        look: with pixels where pictures may be kept.
        doubts: why it is kept.
        models: SHA-256 by name.
        settings: size and quality of the picture.
    """
    (width, height), jpeg = look.size, b""
    if look.pixels.size:
        jpeg, (width, height) = pictured(look.pixels, settings)
    record = Record(
        version=1,
        camera=look.camera,
        utc_ns=look.utc_ns,
        width=width,
        height=height,
        threshold=min(max(look.threshold, 0.0), 1.0),
        models=models,
        doubts=doubts,
        things=tuple(things(look)),
        picture=hashlib.sha256(jpeg).hexdigest() if jpeg else "",
        masks=look.masks if jpeg else (),
    )
    return record, jpeg


def pictured(pixels: U8, settings: KeepSettings) -> tuple[bytes, tuple[int, int]]:
    """The JPEG of a picture, no larger than archives take, and its width and height."""
    most = min(settings.width / pixels.shape[1], MOST_SIDE_PX / max(pixels.shape[:2]), 1.0)
    while True:
        picture = _scaled(pixels, most)
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, settings.quality])[1].tobytes()
        if len(jpeg) <= MOST_PICTURE_BYTES:
            return jpeg, (picture.shape[1], picture.shape[0])
        most *= SMALLER


def things(look: Look) -> list[Thing]:
    """All that the detector found, then the tracks that it did not see."""
    found, tracks = look.detections[:MOST_THINGS], look.tracks
    rows = zip(found.label.tolist(), found.box, found.score.tolist(), tracks_of(look, found.box), strict=True)
    made = [_thing(look, label, box, score, track) for label, box, score, track in rows]
    for row in np.flatnonzero(tracks.lost_s > 0)[:MOST_THINGS].tolist():
        one = _thing(look, int(tracks.label[row]), tracks.box[row], float(tracks.score[row]), int(tracks.id[row]))
        made.append(one.model_copy(update={"seen": False}))
    return made


def _thing(look: Look, label: int, box: F32, score: float, track: int) -> Thing:
    said = look.closest.get(track)
    sub_label = said.name if said and said.score >= look.sub_threshold else ""
    score = min(max(score, 0.0), 1.0)
    return Thing(label=name_of(look, label), box=as_box(box), score=score, track=track, sub_label=sub_label, seen=True)


def _scaled(picture: U8, share: float) -> U8:
    if share >= 1:
        return picture
    height, width = (max(round(side * share), 1) for side in picture.shape[:2])
    made: U8 = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return made
