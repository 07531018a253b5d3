"""Kept looks as COCO JSON: the device's own guesses, for people to correct in a labelling tool."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from edge.contracts.archive import FORM
from edge.contracts.stored import Json
from edge.uncertain.record import Record, Thing

DIGITS = 3  # of pixels, scores and weights
BELOW = 0.1  # proposals are this much less sure than objects, at most


def picture_name(sha256: str) -> str:
    """What the picture of a look is called in an archive."""
    return f"{sha256[:32]}.jpg"


def proposals(device: str, records: Sequence[Record]) -> Json:
    """COCO of the looks that have a picture.

    An annotation has a `score`; its `attributes` tell the track, the second stage's answer, whether the detector saw
    it, and what was doubtful about it. An image tells when, where and why it was kept.
    """
    pictured = list({record.picture: record for record in records if record.picture}.values())
    kept = [_proposed(record) for record in pictured]
    labels = sorted({thing.label for things in kept for thing in things})
    numbers = {label: number for number, label in enumerate(labels, 1)}
    annotations = (
        row
        for image, (record, things) in enumerate(zip(pictured, kept, strict=True), 1)
        for row in _annotations(record, image, things, numbers)
    )
    return {
        "info": {"description": f"looks that {device} was unsure of", "foresight_archive": FORM, "device": device},
        "images": [_image(number, record) for number, record in enumerate(pictured, 1)],
        "annotations": [{"id": number, **row} for number, row in enumerate(annotations, 1)],
        "categories": [{"id": number, "name": label} for label, number in numbers.items()],
    }


def without_pictures(device: str, records: Iterable[Record]) -> Json:
    """The looks that were kept without a picture, as they lie on disk."""
    told: list[Json] = [record.model_dump(mode="json") for record in records if not record.picture]
    return {"foresight_archive": FORM, "device": device, "looks": told}


def _proposed(record: Record) -> list[Thing]:
    """What may be there: no weak findings that only a tracker can use, no tracks that may be gone."""
    doubtful = {doubt.box for doubt in record.doubts}
    least = record.threshold - BELOW
    return [one for one in record.things if (one.seen and one.score >= least) or one.box in doubtful]


def _image(number: int, record: Record) -> dict[str, Json]:
    taken = datetime.fromtimestamp(record.utc_ns / 1e9, UTC).isoformat(timespec="milliseconds")
    reasons = [
        {"reason": one.reason.value, "label": one.label, "weight": round(one.weight, 4)} for one in record.doubts
    ]
    return {
        "id": number,
        "file_name": picture_name(record.picture),
        "width": record.width,
        "height": record.height,
        "date_captured": taken,
        "foresight": {"camera": record.camera, "utc_ns": record.utc_ns, "models": record.models, "reasons": reasons},
    }


def _annotations(
    record: Record, image: int, things: Sequence[Thing], numbers: dict[str, int]
) -> Iterator[dict[str, Json]]:
    for thing in things:
        x1, x2 = (edge * record.width for edge in thing.box[::2])
        y1, y2 = (edge * record.height for edge in thing.box[1::2])
        if x2 - x1 < 1 or y2 - y1 < 1:  # nothing that could be labelled
            continue
        why = sorted({doubt.reason.value for doubt in record.doubts if doubt.box == thing.box})
        yield {
            "image_id": image,
            "category_id": numbers[thing.label],
            "bbox": [round(value, DIGITS) for value in (x1, y1, x2 - x1, y2 - y1)],
            "area": round((x2 - x1) * (y2 - y1), DIGITS),
            "iscrowd": 0,
            "score": round(thing.score, DIGITS),
            "attributes": {
                "track": thing.track,
                "sub_label": thing.sub_label,
                "seen": thing.seen,
                "doubts": ", ".join(why),
            },
        }
