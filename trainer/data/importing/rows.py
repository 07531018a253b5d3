"""The rows of an archive's lists, each value checked before anything is made of it; unknown keys are left out."""

import unicodedata
from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from edge.contracts.archive import MOST_SIDE_PX
from edge.contracts.labels import MAX_LENGTH
from edge.uncertain.record import MOST_THINGS, Fraction, Hash, Reason, TrackId

CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})  # of Unicode: what no line of text has
MOST_SHOWN, MOST_KEY = 40, 80  # letters of a wrong value, and of where it stands


def plain(text: str) -> str:
    """The text, without control characters. Raises ValueError."""
    if any(unicodedata.category(letter) in CONTROLS for letter in text):
        raise ValueError("a text without control characters is needed")
    return text


Text = Annotated[str, Field(max_length=MAX_LENGTH), AfterValidator(plain)]
RowId = Annotated[int, Field(ge=0, lt=1 << 53)]
Side = Annotated[int, Field(ge=1, le=MOST_SIDE_PX)]
Pixels = Annotated[float, Field(ge=-MOST_SIDE_PX, le=2 * MOST_SIDE_PX, allow_inf_nan=False)]
Area = Annotated[float, Field(ge=0, le=MOST_SIDE_PX**2, allow_inf_nan=False)]


class Cause(BaseModel, strict=True, frozen=True):
    """Why a picture was kept."""

    reason: Annotated[Reason, Field(strict=False)]
    label: Text
    weight: Fraction


class Taken(BaseModel, strict=True, frozen=True):
    """When and where a picture was taken, and by what models it was looked at."""

    camera: Text
    utc_ns: Annotated[int, Field(ge=0, lt=1 << 63)]
    models: dict[Text, Hash]
    reasons: Annotated[list[Cause], Field(max_length=MOST_THINGS)]


class ImageRow(BaseModel, strict=True, frozen=True):
    """One picture."""

    id: RowId
    file_name: Text
    width: Side
    height: Side
    date_captured: Text
    foresight: Taken


class Attributes(BaseModel, strict=True, frozen=True):
    """What the device knows of a box beside its place."""

    track: TrackId
    sub_label: Text
    seen: bool
    doubts: Text


class BoxRow(BaseModel, strict=True, frozen=True):
    """One annotation."""

    image_id: RowId
    category_id: RowId
    bbox: Annotated[list[Pixels], Field(min_length=4, max_length=4)]  # left, top, width, height
    area: Area
    iscrowd: Literal[0, 1]
    score: Fraction
    attributes: Attributes


M = TypeVar("M", bound=BaseModel)


def checked(kind: type[M], rows: Sequence[object], key: str) -> list[M]:
    """The rows of one list.

    Args:
        kind: what a row must be.
        rows: as JSON has them.
        key: of the list, for messages.

    Raises:
        ValueError: one is not what it must be; says which, at what key, and what stands there.
    """
    made = []
    for at, row in enumerate(rows):
        try:
            made.append(kind.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            where = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in first["loc"])
            told = f"{first['msg']}, not {_shown(first['input'])}"
            raise ValueError(f"{key}[{at}]{ascii(where)[1:-1][:MOST_KEY]}: {told}") from error
    return made


def _shown(value: object) -> str:
    text = ascii(value) if not isinstance(value, dict | list) else f"a {type(value).__name__}"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."
