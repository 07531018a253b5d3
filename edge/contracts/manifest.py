"""`foresight.json`: what the trainer packs into a model beside the standard metadata.

The format's number goes up when the meaning of a key changes; keys that a reader does not know it ignores.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NoReturn

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import Object, below, count, member, number, reals, text
from edge.contracts.trainable import Trainable, parse_trainable
from edge.contracts.types import ColourOrder, Head, Resize
from edge.contracts.windows import Window, kind_of, parse_window

FILE_NAME = "foresight.json"
FORMAT = 1
MAX_BYTES = 1 << 18

Triple = tuple[float, float, float]


class Task(StrEnum):
    """What a model is for."""

    DETECTOR = "detector"
    CLASSIFIER = "classifier"
    EMBEDDER = "embedder"
    FORECASTER = "forecaster"  # of the paths of objects
    SERIES = "series"  # forecaster of a sensor's values
    SEQUENCE = "sequence"  # classifier of windows of them, or of sounds
    AUTOENCODER = "autoencoder"  # how unlike what it was trained on a window is


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
    input: PictureInput | Window | None  # None: neither a picture nor a sequence that is known
    metrics: Mapping[str, Mapping[str, float]]  # split -> metric -> value
    quantisation: str  # "none", "float16", "dynamic", "int8"
    calibration: Calibration
    recipe: str  # the training recipe by name
    revision: str  # git revision of the trainer
    trainable: Trainable | None = None  # how it learns where it runs; None: it does not
    accepted_loss: str = ""  # why the model is written although it lost more than the gate allows, "" where it passed


def encode_manifest(manifest: Manifest) -> bytes:
    """The JSON text, as it is packed. What a model has not is left out, as older versions left it out."""
    told = {"format": FORMAT, **asdict(manifest)}
    if manifest.trainable is None:
        del told["trainable"]
    if isinstance(manifest.input, Window):
        told["input"] = {"kind": kind_of(manifest.input), **asdict(manifest.input)}
    return json.dumps(told, indent=1, allow_nan=False).encode()


def parse_manifest(data: bytes) -> Manifest:
    """Read the JSON text.

    Raises:
        MalformedError: it is no JSON, a key is missing, or a value is of the wrong type.
        ModelError: it was written in a format that this version does not know.
    """
    root = below(_load(data), FILE_NAME)
    number = root.get("format")
    if number != FORMAT or isinstance(number, bool):
        raise ModelError(
            f"its {FILE_NAME} has format {number!r} and this version reads {FORMAT}; "
            "update foresight-edge, or export the model again with the matching trainer"
        )
    given, calibration = root.get("input"), below(root.get("calibration"), "calibration")
    return Manifest(
        task=member(Task, root, "task"),
        head=member(Head, root, "head"),
        name=text(root, "name"),
        version=text(root, "version"),
        labels=text(root, "labels"),
        input=_input(None if given is None else below(given, "input")),
        metrics=_metrics(below(root.get("metrics"), "metrics")),
        quantisation=text(root, "quantisation"),
        calibration=Calibration(text(calibration, "data"), count(calibration, "samples")),
        recipe=text(root, "recipe"),
        revision=text(root, "revision"),
        trainable=None if root.get("trainable") is None else parse_trainable(below(root["trainable"], "trainable")),
        accepted_loss=text({"accepted_loss": "", **root}, "accepted_loss"),  # absent where an older trainer wrote it
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


def _input(entry: Object | None) -> PictureInput | Window | None:
    """Pictures carry no `kind`: they came first."""
    if entry is None:
        return None
    return parse_window(entry) if "kind" in entry else _picture(entry)


def _picture(entry: Object) -> PictureInput:
    std = _triple(entry, "std")
    if min(std) <= 0:
        raise MalformedError(f"its {FILE_NAME} divides by std {list(std)}")
    return PictureInput(
        member(Resize, entry, "resize"), member(ColourOrder, entry, "order"), _triple(entry, "mean"), std
    )


def _metrics(entry: Object) -> Mapping[str, Mapping[str, float]]:
    return {
        split: {name: number(value, f"metrics.{split}.{name}") for name, value in below(values, split).items()}
        for split, values in entry.items()
    }


def _triple(entry: Object, key: str) -> Triple:
    values = reals(entry, key)
    if len(values) != 3:
        raise MalformedError(f"its {FILE_NAME} has {list(values)!r:.60} for {key!r}, which must be three numbers")
    red, green, blue = values
    return red, green, blue
