"""The process that makes a golden sample: `trainer.export.golden_child MODEL OUT`, started by `trainer.export.golden`.

The model is run by the kernels that serve (XNNPACK) and by the plain ones, for a device may have either. How far they
lie apart for this very input, and half of that more, is allowed, at least what `LEAST` says and at most `MOST`.
Measured on exported and on public models (TensorFlow's MobileNets, SSD): floats lie up to 3e-5 of the largest value
apart, bytes up to 8 steps, scores of int8 detectors up to 0.03; XNNPACK on Arm gives the very bytes of XNNPACK here.
"""

import hashlib
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.errors import ModelError
from edge.contracts.golden import Golden, encode_golden, thinned
from edge.contracts.golden_input import GoldenInput, Pattern, make_input
from edge.contracts.golden_rows import Rows
from edge.contracts.model_file import read_model_file
from edge.contracts.packed import PackedFiles
from edge.contracts.stored import PUBLIC, replace_file
from edge.contracts.types import Head, ModelBundle
from edge.contracts.windows import TrackWindow
from edge.runtime.libraries import Library, find_library

SEEDS = 6  # of which the one is taken by which a detector finds most
LOW, STEP = -1.0, 1 / 128  # exact in binary
LEAST: Mapping[str, float] = {"none": 1e-3, "float16": 1e-3, "dynamic": 0.03, "int8": 0.03}  # of the largest value
FLOATS = frozenset({"none", "float16"})
LEAST_STEPS, MOST_STEPS = 4, 16  # of outputs of bytes
MOST = 0.125  # of the largest value
MARGIN = 1.5
LEAST_SCORE: Mapping[str, float] = {"none": 0.01, "float16": 0.01, "dynamic": 0.04, "int8": 0.04}
MOST_SCORE = 0.1
LOWEST_SCORE = 0.5  # of the best row, below which rows do not count

Arrays = tuple[NDArray[Any], ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Sample:
    given: GoldenInput
    served: Arrays  # by the kernels that serve
    plain: Arrays  # by the others


def main(model: str, out: str) -> int:
    """Write the golden sample of a model file."""
    path = Path(model)
    try:
        bundle, manifest = read_bundle(path), read_manifest(path)
        golden = measure(bundle, manifest.quantisation if manifest else "int8", find_library())
    except (ModelError, RuntimeError, ValueError) as error:
        print(str(error).splitlines()[0], file=sys.stderr)  # noqa: T201 - the parent reads it
        return 1
    replace_file(Path(out), encode_golden(golden), PUBLIC)
    return 0


def measure(bundle: ModelBundle, quantisation: str, library: Library) -> Golden:
    """The golden sample of a model."""
    samples = _samples(bundle, library)
    data = read_model_file(bundle.path, bundle.size_bytes)
    made_by, of = library.key, hashlib.sha256(data[: PackedFiles.find(data).start] or data).hexdigest()
    if bundle.head is Head.SSD and len(samples[0].served) == 4:
        best = max(
            samples, key=lambda sample: float(sample.served[2].max()) - 2 * _rows(sample, quantisation).tolerance
        )
        outputs = [
            thinned(spec.name, values, 0.0, 0.0)
            for spec, values in zip(bundle.outputs, _counted(best.served), strict=True)
        ]
        if all(output.every == 1 for output in outputs):
            return Golden(best.given, tuple(outputs), _rows(best, quantisation), made_by, of)
    first = samples[0]
    if not all(np.isfinite(values).all() for values in (*first.served, *first.plain)):
        raise ModelError(f"{bundle.path.name} answers with what is no number; train it again")
    kept = [
        thinned(spec.name, values, _allowed(values, other, quantisation), _relative(values, quantisation))
        for spec, values, other in zip(bundle.outputs, first.served, first.plain, strict=True)
    ]
    return Golden(first.given, tuple(kept), None, made_by, of)


def _counted(found: Arrays) -> Arrays:
    """Boxes, classes and scores of the rows that the count says are there; what lies behind them may be anything."""
    *columns, number = found
    kept = np.arange(columns[0].shape[1]) < number.reshape(-1)[0]
    return (
        *(np.where(kept.reshape(1, -1, *[1] * (one.ndim - 2)), one, 0).astype(one.dtype) for one in columns),
        number,
    )


def _samples(bundle: ModelBundle, library: Library) -> list[_Sample]:
    spec, pattern = bundle.input.tensor, _pattern(bundle)
    plain = library.module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    runs = [_opened(bundle, library, **options) for options in ({}, {"experimental_op_resolver_type": plain})]
    made = []
    for seed in range(SEEDS if bundle.head is Head.SSD else 1):
        given = GoldenInput(pattern, seed, LOW, STEP)
        tensor = make_input(given, spec.shape, spec.dtype)
        made.append(_Sample(given, *(_run(interpreter, tensor) for interpreter in runs)))
    return made


def _pattern(bundle: ModelBundle) -> Pattern:
    if bundle.window is None and len(bundle.input.tensor.shape) == 4:
        return Pattern.PICTURE
    return Pattern.TRACKS if isinstance(bundle.window, TrackWindow) else Pattern.WALKS


def _opened(bundle: ModelBundle, library: Library, **options: object) -> Any:
    interpreter = library.module.Interpreter(model_path=str(bundle.path), num_threads=1, **options)
    interpreter.allocate_tensors()
    return interpreter


def _run(interpreter: Any, tensor: NDArray[Any]) -> Arrays:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor)
    interpreter.invoke()
    return tuple(interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details())


def _allowed(values: NDArray[Any], other: NDArray[Any], quantisation: str) -> float:
    """How far an answer may lie from this one, in its own units."""
    apart = MARGIN * float(np.abs(values.astype(np.float64) - other.astype(np.float64)).max())
    if values.dtype.kind in "iu":
        return float(min(max(LEAST_STEPS, math.ceil(apart)), MOST_STEPS))
    largest = float(np.abs(values).max())
    return min(max(LEAST[quantisation] * largest, apart), MOST * largest) + 1e-6


def _worth(sample: _Sample, quantisation: str) -> float:
    """How much there is to compare."""
    return float(sample.served[2].max()) - 2 * _rows(sample, quantisation).tolerance


def _relative(values: NDArray[Any], quantisation: str) -> float:
    """The same as a share of each value: what was computed in floats differs so."""
    return LEAST[quantisation] if values.dtype.kind == "f" and quantisation in FLOATS else 0.0


def _rows(sample: _Sample, quantisation: str) -> Rows:
    """Rows that count, and how far scores may lie apart; scores of both kernels are compared in their order."""
    scores, others = sample.served[2].astype(np.float64), sample.plain[2].astype(np.float64)
    apart = MARGIN * float(np.abs(scores - others).max())
    return Rows(float(scores.max()) * LOWEST_SCORE, min(max(LEAST_SCORE[quantisation], apart), MOST_SCORE))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
