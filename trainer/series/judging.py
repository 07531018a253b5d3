"""The gate of a forecaster: the file, run as on the device, against its network and against what needs no network."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.types import F32, I64, Mask
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from trainer.series.checks import Check, Judged
from trainer.series.scoring import Score, persistence, score, seasonal_naive, served
from trainer.series.windows import Windows

COVERAGE = (0.55, 0.80)  # shares within one sigma that count as calibrated; of a normal distribution .683
GAIN_PERCENT = 1.0  # by which it must be better than what needs no network
NOTHING: F32 = np.zeros((0, 1, 1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """What a file, its network and the naive forecast on the held-out part, and what came."""

    origin: I64  # (n,)
    mean: F32  # (n, K, C) of the file
    log_sigma: F32  # (n, K, C) of the file
    persistence: F32  # (n, K, C)
    seasonal: F32  # (n, K, C), (0, K, C) where there is no season
    future: F32  # (n, K, C)
    known: Mask  # (n, K, C)


def run_file(path: Path, windows: Windows, origin: I64) -> tuple[F32, F32]:
    """Mean and log sigma (n, K, C) of a model file, as the device computes them.

    Raises:
        ModelError: it cannot be read or run.
    """
    with open_runtime(read_bundle(path), RuntimeSettings(threads=1)) as runtime:
        return served(runtime, windows, origin)


def file_loss(path: Path, windows: Windows, origin: I64) -> float:
    """What variants are compared by: squared error, and how wrong sigma is."""
    future, known = windows.future(origin)
    found = score(*run_file(path, windows, origin), future, known)
    return found.mse + abs(found.coverage - 0.6827) * found.mse


def forecasts(path: Path, windows: Windows, origin: I64, season: int) -> Forecasts:
    """All that is judged.

    Raises:
        ModelError: the file cannot be read or run.
    """
    mean, log_sigma = run_file(path, windows, origin)
    future, known = windows.future(origin)
    naive = seasonal_naive(windows, origin, season) if season else future[:0]
    return Forecasts(origin, mean, log_sigma, persistence(windows, origin), naive, future, known)


def judge(path: Path, network: tuple[F32, F32], found: Forecasts, budget_percent: float) -> Judged:
    """The verdict. In the units of the network, the mean of what was learnt from is 0.

    Args:
        path: of the file.
        network: mean and log sigma of the Keras model at the same origins.
        found: what the file forecast.
        budget_percent: by which its squared error may be larger than the network's.
    """
    own = score(found.mean, found.log_sigma, found.future, found.known)
    keras = score(*network, found.future, found.known)
    stays = score(found.persistence, NOTHING, found.future, found.known)
    mean = score(np.zeros_like(found.future), NOTHING, found.future, found.known)
    checks = [_as_network(own, keras, budget_percent), _calibrated(own)]
    checks += [_better("persistence", own, stays), _better("the mean of what was learnt from", own, mean)]
    figures = {
        **own.figures(),
        "mse_network": keras.mse,
        "mse_persistence": stays.mse,
        "mse_mean": mean.mse,
        "windows": float(len(found.mean)),
    }
    if len(found.seasonal):
        repeats = score(found.seasonal, NOTHING, found.future, found.known)
        checks.append(_better("the seasonal naive forecast", own, repeats))
        figures["mse_seasonal"] = repeats.mse
    return Judged(path.name, tuple(checks), {name: value for name, value in figures.items() if np.isfinite(value)})


def not_run(path: Path, error: ModelError) -> Judged:
    """The verdict on a file that the device could not run."""
    return Judged(path.name, (Check("loads and runs", passed=False, forgivable=False, words=str(error)),), {})


def _as_network(own: Score, keras: Score, budget_percent: float) -> Check:
    lost = 100 * (own.mse / max(keras.mse, 1e-12) - 1)
    words = (
        f"squared error {own.mse:.4f}, of the trained network {keras.mse:.4f} ({lost:+.2f} %, {budget_percent:g} % "
        f"allowed); negative log likelihood {own.nll:.3f}, of the network {keras.nll:.3f}"
    )
    return Check("accuracy kept", lost <= budget_percent, forgivable=True, words=words)


def _calibrated(own: Score) -> Check:
    low, high = COVERAGE
    words = f"{own.coverage:.1%} of what came lies within one sigma; 68.3 % should, {low:.0%} to {high:.0%} may"
    return Check("sigma is honest", low <= own.coverage <= high, forgivable=True, words=words)


def _better(name: str, own: Score, other: Score) -> Check:
    gain = 100 * (1 - own.mse / other.mse) if other.mse else 0.0
    words = f"squared error {own.mse:.4f}, of {name} {other.mse:.4f}: {gain:.1f} % less, {GAIN_PERCENT:g} % needed"
    return Check(f"better than {name}", gain >= GAIN_PERCENT, forgivable=True, words=words)
