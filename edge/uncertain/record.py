"""One kept look as it lies on disk: JSON, whole or refused."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

MOST_THINGS = 1000
MOST_MASKS = 1000
SHA256 = r"^([0-9a-f]{64})?$"
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Box = tuple[Fraction, Fraction, Fraction, Fraction]
Name = Annotated[str, Field(max_length=256)]
Hash = Annotated[str, Field(pattern=SHA256)]
TrackId = Annotated[int, Field(ge=-1, lt=1 << 63)]  # -1: none


class Reason(StrEnum):
    """Why a look is doubtful."""

    SCORE = "score"  # near the threshold
    LABEL = "label"  # the detector calls a track otherwise than before
    APPEARED = "appeared"  # seen in one look, not before and not after
    MISSED = "missed"  # a track not seen in one look, but before and after
    MODELS = "models"  # the models of an ensemble disagree
    SUB_LABEL = "sub_label"  # the second stage's answer is near its threshold


class Doubt(BaseModel, extra="forbid", frozen=True):
    """One thing in a look that is in doubt."""

    reason: Reason
    label: Name
    box: Box
    track: TrackId
    weight: Fraction  # how much it tells


class Thing(BaseModel, extra="forbid", frozen=True):
    """What the device holds to be there: a detection, or a track that it did not see."""

    label: Name
    box: Box
    score: Fraction
    track: TrackId
    sub_label: Name  # "" without one
    seen: bool  # by the detector; False: the tracker's word alone


class Record(BaseModel, extra="forbid", frozen=True):
    """A kept look."""

    version: Literal[1]
    camera: Name
    utc_ns: Annotated[int, Field(ge=0, lt=1 << 63)]
    width: Annotated[int, Field(ge=1, le=1 << 16)]  # of the picture where there is one, else of the frame; pixels
    height: Annotated[int, Field(ge=1, le=1 << 16)]
    threshold: Fraction
    models: dict[Name, Hash]  # SHA-256 by name
    doubts: Annotated[tuple[Doubt, ...], Field(min_length=1, max_length=MOST_THINGS)]
    things: Annotated[tuple[Thing, ...], Field(max_length=2 * MOST_THINGS)]
    picture: Hash  # SHA-256 of the JPEG; "" without one
    masks: Annotated[tuple[Hash, ...], Field(max_length=MOST_MASKS)]  # fingerprints of what was blackened in it

    @property
    def priority(self) -> float:
        """How much the look tells, 0..1: several doubts tell more than one."""
        sure = 1.0
        for doubt in self.doubts:
            sure *= 1 - doubt.weight
        return 1 - sure

    @property
    def name(self) -> str:
        """Of its files, without suffix."""
        return f"{self.utc_ns:020d}-{self.camera}"
