"""The gate of an auto-encoder: the file, run as on the device, against its network and against the plain mean."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.runtime import Runtime
from edge.contracts.tensors import real, stored
from edge.contracts.types import F64, I64
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from trainer.autoencoder.threshold import LEAST, Threshold, most_alarms
from trainer.series.checks import Check, Judged
from trainer.series.windows import Windows

GAIN_PERCENT = 10.0  # by which it must reconstruct better than the mean of each window's channels
MOST_TIMES = 3.0  # as many alarms on the held-out part as the threshold promises, or what is chance in so few


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Mean squared errors of windows, in units of the training part."""

    chosen_by: F64  # of the file, on the part that the threshold is taken from
    held_out: F64  # of the file
    network: F64  # of the Keras model, on the held-out part
    plain: F64  # of the mean of each channel over the window, on the held-out part


def file_errors(path: Path, windows: Windows, origin: I64) -> F64:
    """(n,) of a model file, as the device computes them.

    Raises:
        ModelError: it cannot be read or run.
    """
    with open_runtime(read_bundle(path), RuntimeSettings(threads=1)) as runtime:
        return np.array([_error(runtime, windows.past(origin[at : at + 1])[0]) for at in range(len(origin))])


def plain_errors(windows: Windows, origin: I64) -> F64:
    """(n,) of what a window's own means reconstruct; of one row alone: of the training part's mean."""
    past = windows.past(origin).astype(np.float64)
    mean = past.mean(axis=1, keepdims=True) if past.shape[1] > 1 else 0.0
    return np.asarray(((past - mean) ** 2).mean(axis=(1, 2)))


def judge_autoencoder(path: Path, found: Errors, threshold: Threshold, disjoint: int, budget_percent: float) -> Judged:
    """The verdict; the threshold stands among its figures.

    Args:
        path: of the file.
        found: errors of the file and of others.
        threshold: for the file.
        disjoint: held-out windows that share no sample: alarms come in as many chances, not in each window anew.
        budget_percent: by which the error may be larger than the network's.
    """
    own, keras, plain = (float(one.mean()) for one in (found.held_out, found.network, found.plain))
    lost, gain = 100 * (own / max(keras, 1e-12) - 1), 100 * (1 - own / plain) if plain else 0.0
    checks = (
        _check(
            "accuracy kept",
            lost <= budget_percent,
            f"squared error {own:.4f}, of the trained network {keras:.4f} ({lost:+.2f} %, {budget_percent:g} % may be)",
        ),
        _check(
            "better than the mean",
            gain >= GAIN_PERCENT,
            f"squared error {own:.4f}, of plain means {plain:.4f}: {gain:.1f} % less, {GAIN_PERCENT:g} % needed",
        ),
        _check("threshold known", threshold.sound, f"{threshold.words()}; {LEAST} are needed, more readings give them"),
        _few_alarms(found, threshold, disjoint),
    )
    figures = {"mse": own, "mse_network": keras, "mse_mean": plain, "windows": float(len(found.held_out))}
    told = {
        "threshold": threshold.error,
        "threshold_quantile": threshold.quantile,
        "threshold_windows": threshold.apart,
        "alarms": alarms_of(found, threshold),
    }
    return Judged(path.name, checks, {**figures, **told})


def alarms_of(found: Errors, threshold: Threshold) -> float:
    """Share of the held-out windows that are above it."""
    return float((found.held_out > threshold.error).mean())


def _few_alarms(found: Errors, threshold: Threshold, disjoint: int) -> Check:
    alarms, promised = alarms_of(found, threshold), 1 - threshold.quantile
    most = most_alarms(promised, disjoint, MOST_TIMES)
    return _check(
        "few alarms",
        alarms <= most,
        f"{alarms:.2%} of the held-out windows, {disjoint} of which lie apart, are above the threshold; {promised:.2%} "
        f"should, {most:.2%} may; more say that the series has changed since",
    )


def _error(runtime: Runtime, past: np.typing.NDArray[np.float32]) -> float:
    bundle = runtime.bundle
    raw = runtime.invoke(stored(past[None], bundle.input.tensor))
    return float(((real(raw[0], bundle.outputs[0])[0].astype(np.float64) - past) ** 2).mean())


def _check(question: str, passed: bool, words: str) -> Check:
    return Check(question, passed, forgivable=True, words=words)
