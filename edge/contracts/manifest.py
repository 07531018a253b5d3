"""`foresight.json`: what the trainer packs into a model beside the standard metadata.

The format's number goes up when the meaning of a key changes; keys that a reader does not know it ignores.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NoReturn, TypeVar

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.types import ColourOrder, Head, Resize

FILE_NAME = "foresight.json"
FORMAT = 1
MAX_BYTES = 1 << 18

Triple = tuple[float, float, float]
_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


class Task(StrEnum):
    """What a model is for."""

    DETECTOR = "detector"
    CLASSIFIER = "classifier"
    EMBEDDER = "embedder"
    FORECASTER = "forecaster"
    SERIES = "series"


@dataclass(frozen=True, slots=True)
class PictureInput:
    """How pictures are prepared: `(x - mean) / std`, in 0..255 units and the model's channel order."""

    resize: Resize
    order: ColourOrder
    mean: Triple
    std: Triple


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the quantiser measured ranges on; data "" and samples 0 where it measured none."""

    data: str
    samples: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of `foresight.json`."""

    task: Task
    head: Head
    name: str
    version: str
    labels: str  # name of the packed label file, "" without labels
    input: PictureInput | None  # None: the input is no picture
    metrics: Mapping[str, Mapping[str, float]]  # split -> metric -> value
    quantisation: str  # "none", "float16", "dynamic", "int8"
    calibration: Calibration
    recipe: str  # the training recipe by name
    revision: str  # git revision of the trainer
    accepted_loss: str = ""  # why the model is written although it lost more than the gate allows, "" where it passed


def encode_manifest(manifest: Manifest) -> bytes:
    """The JSON text, as it is packed."""
    return json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1, allow_nan=False).encode()


def parse_manifest(data: bytes) -> Manifest:
    """Read the JSON text.

    Raises:
        MalformedError: it is no JSON, a key is missing, or a value is of the wrong type.
        ModelError: it was written in a format that this version does not know.
    """
    root = _object(_load(data), "the manifest")
    number = root.get("format")
    if number != FORMAT or isinstance(number, bool):
        raise ModelError(
            f"its {FILE_NAME} has format {number!r} and this version reads {FORMAT}; "
            "update foresight-edge, or export the model again with the matching trainer"
        )
    picture, calibration = root.get("input"), _object(root.get("calibration"), "calibration")
    return Manifest(
        task=_member(Task, root, "task"),
        head=_member(Head, root, "head"),
        name=_text(root, "name"),
        version=_text(root, "version"),
        labels=_text(root, "labels"),
        input=None if picture is None else _picture(_object(picture, "input")),
        metrics=_metrics(_object(root.get("metrics"), "metrics")),
        quantisation=_text(root, "quantisation"),
        calibration=Calibration(_text(calibration, "data"), _count(calibration, "samples")),
        recipe=_text(root, "recipe"),
        revision=_text(root, "revision"),
        accepted_loss=_text({"accepted_loss": "", **root}, "accepted_loss"),  # absent where an older trainer wrote it
    )


def _load(data: bytes) -> object:
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise MalformedError(f"its {FILE_NAME} is nested too deeply") from error
    except ValueError as error:
        raise MalformedError(f"its {FILE_NAME} is no JSON: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _picture(entry: Mapping[str, object]) -> PictureInput:
    std = _triple(entry, "std")
    if min(std) <= 0:
        raise MalformedError(f"its {FILE_NAME} divides by std {list(std)}")
    order, resize = _member(ColourOrder, entry, "order"), _member(Resize, entry, "resize")
    return PictureInput(resize, order, _triple(entry, "mean"), std)


def _metrics(entry: Mapping[str, object]) -> Mapping[str, Mapping[str, float]]:
    return {
        split: {name: _number(value, f"metrics.{split}.{name}") for name, value in _object(values, split).items()}
        for split, values in entry.items()
    }


def _checked(entry: Mapping[str, object], key: str, kind: str, check: Callable[[object], _T | None]) -> _T:
    value = check(entry.get(key))
    if value is None:
        raise MalformedError(f"its {FILE_NAME} has {entry.get(key)!r:.60} for {key!r}, which must be {kind}")
    return value


def _text(entry: Mapping[str, object], key: str) -> str:
    return _checked(entry, key, "a text", lambda value: value if isinstance(value, str) else None)


def _count(entry: Mapping[str, object], key: str) -> int:
    return _checked(entry, key, "a count", lambda value: value if type(value) is int and value >= 0 else None)


def _member(kind: type[_E], entry: Mapping[str, object], key: str) -> _E:
    known = {member.value: member for member in kind}
    return _checked(entry, key, f"one of {', '.join(known)}", lambda value: known.get(str(value)))


def _triple(entry: Mapping[str, object], key: str) -> Triple:
    values = entry.get(key)
    if not isinstance(values, list) or len(values) != 3:
        raise MalformedError(f"its {FILE_NAME} has {values!r:.60} for {key!r}, which must be three numbers")
    red, green, blue = (_number(value, key) for value in values)
    return red, green, blue


def _number(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MalformedError(f"its {FILE_NAME} has {value!r:.60} for {key!r}, which must be a number")
    return float(value)


def _object(value: object, key: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise MalformedError(f"its {FILE_NAME} has {value!r:.60} for {key}, which must be an object")
    return value
