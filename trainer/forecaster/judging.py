"""The gate of a trajectory model: the file, run as on the device, against its network and against straight lines."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.told_sigma import WITHIN
from edge.contracts.track_windows import Answer
from edge.contracts.windows import TrackWindow
from trainer.forecaster.measures import Measured, measure
from trainer.forecaster.samples import Samples
from trainer.forecaster.served import file_answers, window_of
from trainer.recorded.windows import Windows
from trainer.series.checks import Check, Judged

COVERAGE = (0.60, 0.76)  # shares within sigma that pass
GAIN_PERCENT = 1.0  # by which it must be better than straight lines
FEWEST = 100  # windows that can judge


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """What the gate says of a file, and what that rests on."""

    judged: Judged
    measured: Measured | None  # None: it could not be run, or there was nothing to run it on


def file_loss(path: Path, validation: Samples) -> float:
    """What variants are compared by: ADE and FDE together, as the gate asks for both."""
    found = measure(file_answers(path, validation.x), validation)
    return found.ade + found.fde


def judge(path: Path, network: Answer, window: TrackWindow, test: Windows, budget_percent: float) -> Verdict:
    """The verdict on a file.

    Args:
        path: of the file.
        network: what the Keras model says of the held-out windows.
        window: what it was trained for.
        test: the held-out windows.
        budget_percent: by which its ADE and FDE may be larger than the network's.
    """
    try:
        told = window_of(read_bundle(path))
        if len(test) < FEWEST:
            return _refused(
                path, "held-out windows", f"{len(test)} windows judge nothing; {FEWEST} are needed: record more"
            )
        fewest = int((test.samples.unit > 0).sum(axis=0).min())
        if fewest < FEWEST:
            return _refused(
                path,
                "held-out windows",
                f"of one horizon only {fewest} windows tell what came, and {FEWEST} are needed: record longer tracks, "
                "or leave the farthest out (--horizons)",
            )
        if told != window:
            return _refused(
                path, "horizons", f"it says {_listed(told)}, and was trained for {_listed(window)}; export again"
            )
        answer = file_answers(path, test.samples.x)
    except ModelError as error:
        return _refused(path, "loads and runs", str(error))
    if not all(np.isfinite(part).all() for part in (answer.logit, answer.mean, answer.log_sigma)):
        return _refused(path, "answers with numbers", "some answers are no finite numbers; export it as float32")
    own, keras = measure(answer, test.samples), measure(network, test.samples)
    checks = (_as_network(own, keras, budget_percent), _calibrated(own), _better(own))
    figures = {**own.figures(), "ade_network": keras.ade, "fde_network": keras.fde, **_apart(own, test)}
    judged = Judged(path.name, checks, {name: value for name, value in figures.items() if np.isfinite(value)})
    return Verdict(judged, own)


def _as_network(own: Measured, keras: Measured, budget_percent: float) -> Check:
    lost = [100 * (mine / max(other, 1e-9) - 1) for mine, other in ((own.ade, keras.ade), (own.fde, keras.fde))]
    words = (
        f"ADE {own.ade:.4f} and FDE {own.fde:.4f}; of the trained network {keras.ade:.4f} and {keras.fde:.4f} "
        f"({lost[0]:+.2f} % and {lost[1]:+.2f} %, {budget_percent:g} % allowed)"
    )
    return Check("accuracy kept", max(lost) <= budget_percent, forgivable=True, words=words)


def _calibrated(own: Measured) -> Check:
    low, high = COVERAGE
    words = f"{own.coverage:.1%} of what came lies within sigma; {WITHIN:.1%} should, {low:.0%} to {high:.0%} may"
    return Check("sigma is honest", low <= own.coverage <= high, forgivable=True, words=words)


def _better(own: Measured) -> Check:
    line = own.figures()["ade_line"]
    gain = 100 * (1 - own.ade / max(line, 1e-9))
    words = f"ADE {own.ade:.4f}, of straight lines {line:.4f}: {gain:.1f} % less, {GAIN_PERCENT:g} % needed"
    return Check("better than straight lines", gain >= GAIN_PERCENT, forgivable=True, words=words)


def _apart(own: Measured, test: Windows) -> dict[str, float]:
    """Gains over straight lines at each horizon, of who turns and who does not."""
    groups = {"turning": test.turning, "straight": ~test.turning}
    return {
        f"gain_{name}_{number}": float(gain)
        for name, rows in groups.items()
        for number, gain in enumerate(own.at(rows).gains, 1)
    }


def _refused(path: Path, question: str, words: str) -> Verdict:
    return Verdict(Judged(path.name, (Check(question, passed=False, forgivable=False, words=words),), {}), None)


def _listed(window: TrackWindow) -> str:
    return ", ".join(f"{horizon:g}" for horizon in window.horizons_s) + f" s of {window.samples} positions"
