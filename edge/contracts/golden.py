"""`golden.json`: what a model answered to a made-up input where it was exported. A device asks it the same again.

A model that answers otherwise on the device is not run there as it was judged: the file is another one, the library
computes wrong, or the processor does. Outputs are kept whole or thinned out evenly, each with how far an answer may
lie from it; rows of detections are compared as a set, for equal scores have no order.
"""

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden_input import GoldenInput, Pattern
from edge.contracts.golden_rows import Rows, compare_rows
from edge.contracts.json_fields import Object, below, count, counts, member, objects, real, text

FILE_NAME = "golden.json"
FORMAT = 1
MAX_BYTES = 1 << 18
MOST_VALUES = 1024  # of one output
MOST_OUTPUTS = 64
DTYPES = ("uint8", "int8", "int16", "int32", "float32")

Arrays = Sequence[NDArray[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class GoldenOutput:
    """One output; `values` are every `every`-th of it, flat. `x` agrees with `y` within `absolute + relative * |y|`."""

    name: str
    shape: tuple[int, ...]
    every: int
    values: NDArray[Any]  # (V,) of the output's own type
    absolute: float  # quantisation steps where the type is one of whole numbers
    relative: float


@dataclass(frozen=True, eq=False, slots=True)
class Golden:
    """The whole of `golden.json`."""

    given: GoldenInput
    outputs: tuple[GoldenOutput, ...]  # in the order of the file
    rows: Rows | None  # how outputs are compared that are a detector's boxes, classes, scores and count; else None
    made_by: str  # library, version and machine
    model_sha256: str  # of the network that answered: the file without what is packed behind it


def thinned(name: str, values: NDArray[Any], absolute: float, relative: float) -> GoldenOutput:
    """An output as it is kept."""
    every = max(1, -(-values.size // MOST_VALUES))
    return GoldenOutput(name, values.shape, every, values.reshape(-1)[::every].copy(), absolute, relative)


def compare(golden: Golden, found: Arrays) -> tuple[str, ...]:
    """How answers differ from the golden ones, in words, one line an output; none where they agree."""
    if len(found) != len(golden.outputs):
        return (f"{len(found)} outputs where {len(golden.outputs)} belong",)
    pairs = list(zip(golden.outputs, found, strict=True))
    odd = [
        f"{kept.name} is {values.dtype} {list(values.shape)} where {kept.values.dtype} {list(kept.shape)} belongs"
        for kept, values in pairs
        if values.shape != kept.shape or values.dtype != kept.values.dtype
    ]
    if odd:
        return tuple(odd)
    if golden.rows is not None:
        told = compare_rows(golden.rows, [one.values.reshape(one.shape) for one in golden.outputs], found)
        return (told,) if told else ()
    return tuple(told for kept, values in pairs if (told := _compare(kept, values)))


def encode_golden(golden: Golden) -> bytes:
    """The JSON text, as it is packed. Raises MalformedError where no device would take it."""
    told = {
        "format": FORMAT,
        "input": {
            "pattern": golden.given.pattern.value,
            "seed": golden.given.seed,
            "low": golden.given.low,
            "step": golden.given.step,
        },
        "rows": None if golden.rows is None else {"score": golden.rows.score, "tolerance": golden.rows.tolerance},
        "outputs": [_encoded(output) for output in golden.outputs],
        "made_by": golden.made_by,
        "model_sha256": golden.model_sha256,
    }
    data = json.dumps(told, indent=1, allow_nan=False).encode()
    parse_golden(data)
    return data


def parse_golden(data: bytes) -> Golden:
    """Read the JSON text. Raises MalformedError."""
    try:
        root = below(json.loads(data), FILE_NAME)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"its {FILE_NAME} is no JSON: {error}") from error
    if root.get("format") != FORMAT or isinstance(root.get("format"), bool):
        raise MalformedError(f"its {FILE_NAME} has format {root.get('format')!r:.20}; this version reads {FORMAT}")
    given = below(root.get("input"), "input")
    outputs = tuple(_output(entry) for entry in objects(root, "outputs")[: MOST_OUTPUTS + 1])
    if not 0 < len(outputs) <= MOST_OUTPUTS:
        raise MalformedError(f"its {FILE_NAME} has no outputs, or more than {MOST_OUTPUTS}")
    return Golden(
        given=GoldenInput(member(Pattern, given, "pattern"), _seed(given), real(given, "low"), real(given, "step")),
        outputs=outputs,
        rows=None if root.get("rows") is None else _rows(below(root["rows"], "rows"), outputs),
        made_by=text(root, "made_by"),
        model_sha256=text(root, "model_sha256"),
    )


def _compare(kept: GoldenOutput, values: NDArray[Any]) -> str:
    wanted = kept.values.astype(np.float64)
    found = values.reshape(-1)[:: kept.every].astype(np.float64)
    apart = np.abs(found - wanted)
    over = ~(apart <= kept.absolute + kept.relative * np.abs(wanted))  # NaN too
    if not over.any():
        return ""
    worst = int(np.argmax(np.where(np.isfinite(apart), apart, np.inf)))
    return (
        f"{kept.name} differs in {int(over.sum())} of {over.size} values, the farthest is {found[worst]:.6g} where "
        f"{wanted[worst]:.6g} belongs (allowed: {kept.absolute:.3g} and {kept.relative:.3g} of it)"
    )


def _encoded(output: GoldenOutput) -> dict[str, object]:
    values = np.ascontiguousarray(output.values, output.values.dtype.newbyteorder("<"))
    return {
        "name": output.name,
        "shape": list(output.shape),
        "dtype": output.values.dtype.name,
        "every": output.every,
        "values": base64.b64encode(values.tobytes()).decode(),
        "absolute": output.absolute,
        "relative": output.relative,
    }


def _output(entry: Object) -> GoldenOutput:
    shape, every, dtype = counts(entry, "shape"), count(entry, "every"), text(entry, "dtype")
    size = math.prod(shape)
    if dtype not in DTYPES or len(shape) > 8 or not 0 < size < 1 << 32 or not 0 < every <= size:
        raise MalformedError(f"its {FILE_NAME} has an output of {dtype!r:.20} {list(shape)[:8]}, every {every}")
    try:
        data = base64.b64decode(text(entry, "values"), validate=True)
    except ValueError as error:
        raise MalformedError(f"its {FILE_NAME} has values that are no base64") from error
    kind = np.dtype(dtype)
    kept = -(-size // every)
    absolute, relative = real(entry, "absolute"), real(entry, "relative")
    if kept > MOST_VALUES or len(data) != kept * kind.itemsize or absolute < 0 or relative < 0:
        raise MalformedError(f"its {FILE_NAME} has {len(data)} bytes for {kept} values, or a tolerance below 0")
    values = np.frombuffer(data, kind.newbyteorder("<")).astype(kind)
    if not np.isfinite(values).all():
        raise MalformedError(f"its {FILE_NAME} has values that are no numbers")
    return GoldenOutput(text(entry, "name"), shape, every, values, absolute, relative)


def _rows(entry: Object, outputs: tuple[GoldenOutput, ...]) -> Rows:
    shapes = [output.shape for output in outputs]
    n = shapes[0][1] if len(shapes[0]) == 3 else 0
    if shapes != [(1, n, 4), (1, n), (1, n), (1,)] or any(output.every != 1 for output in outputs):
        raise MalformedError(f"its {FILE_NAME} compares rows, and its outputs are {shapes!r:.200}")
    return Rows(real(entry, "score"), real(entry, "tolerance"))


def _seed(entry: Object) -> int:
    seed = count(entry, "seed")
    if seed >= 1 << 32:
        raise MalformedError(f"its {FILE_NAME} has the seed {seed!r:.30}")
    return seed
