"""The gate of a classifier of windows: the file, run as on the device, against its network and against guessing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.tensors import real, stored
from edge.contracts.types import F64, I64
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from trainer.errors import TrainError
from trainer.evaluate.bootstrap import compare_shares
from trainer.evaluate.classification import interval
from trainer.evaluate.thresholds import reliability_of
from trainer.series.checks import Check, Judged
from trainer.series.classify.training import Part

LEAST_AGREEMENT = 0.8  # share of windows of which file and network say the same
WORST_CALIBRATION = 0.15  # expected calibration error
CALIBRATION_LOSS = 0.05  # by which the file's may be worse than the network's


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was said of windows whose class is known."""

    labels: tuple[str, ...]
    truth: I64  # (P,)
    likely: F64  # (P, L) of the file
    network: F64  # (P, L) of the network it was made of; (0, L) where that is not there

    @property
    def answer(self) -> I64:
        """(P,) the likeliest class."""
        return self.likely.argmax(axis=1)

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float((self.answer == self.truth).mean())

    @property
    def confusion(self) -> I64:
        """(L, L) rows what it is, columns what it was taken for."""
        table = np.zeros((len(self.labels), len(self.labels)), np.int64)
        np.add.at(table, (self.truth, self.answer), 1)
        return table

    @property
    def calibration_error(self) -> float:
        """Expected calibration error, 0..1."""
        return reliability_of(self.likely.max(axis=1), self.answer == self.truth).error

    def words(self) -> str:
        """In a line."""
        low, high = interval(int((self.answer == self.truth).sum()), len(self.truth))
        return (
            f"{100 * self.accuracy:.1f} % of {len(self.truth)} windows right (95 %: {100 * low:.1f} to "
            f"{100 * high:.1f}); probabilities are off by {100 * self.calibration_error:.1f} points"
        )


def run_file(path: Path, part: Part) -> F64:
    """Probabilities (P, L) of a model file, as the device computes them.

    Raises:
        ModelError: it cannot be read or run.
        TrainError: it takes other windows.
    """
    bundle = read_bundle(path)
    wanted = part.inputs.shape[1:]
    if bundle.input.tensor.shape[1:] != wanted:
        raise TrainError(f"{path} takes windows of {bundle.input.tensor.shape[1:]} and the data has {wanted}")
    with open_runtime(bundle, RuntimeSettings(threads=1)) as runtime:
        rows = [
            real(runtime.invoke(stored(window[None], bundle.input.tensor))[0], bundle.outputs[0])[0]
            for window in part.inputs
        ]
    return np.stack(rows).astype(np.float64)


def file_loss(path: Path, part: Part) -> float:
    """What variants are compared by: one, and the share of wrong answers; so a percent of it is about a point."""
    return 2.0 - float((run_file(path, part).argmax(axis=1) == part.label).mean())


def judge(path: Path, answers: Answers, budget_points: float) -> Judged:
    """The verdict.

    Args:
        path: of the file.
        answers: its own and the network's on held-out windows.
        budget_points: of accuracy that it may have lost.
    """
    own = answers.answer == answers.truth
    change = compare_shares(answers.network.argmax(axis=1) == answers.truth, own)
    lost = -100 * change.change
    checks = (
        Check(
            "accuracy kept",
            lost <= budget_points + 1e-9 or change.high >= 0,
            forgivable=True,
            words=f"{change.words()}; {budget_points:g} points may be lost, more only where it could be chance",
        ),
        _same_order(answers),
        _calibrated(answers),
        _no_guess(answers),
    )
    figures = {
        "accuracy": answers.accuracy,
        "accuracy_reference": change.first,
        "accuracy_drop_points": lost,
        "accuracy_drop_low_points": -100 * change.high,
        "accuracy_drop_high_points": -100 * change.low,
        "calibration_error": answers.calibration_error,
        "windows": float(len(answers.truth)),
    }
    return Judged(path.name, checks, {name: value for name, value in figures.items() if np.isfinite(value)})


def _same_order(answers: Answers) -> Check:
    """A file whose classes are in another order than its labels is wrong everywhere, and sure of it."""
    same = float((answers.answer == answers.network.argmax(axis=1)).mean())
    words = (
        f"file and network name the same class on {100 * same:.1f} % of the windows, {100 * LEAST_AGREEMENT:g} % must"
    )
    return Check("labels in order", same >= LEAST_AGREEMENT, forgivable=False, words=words)


def _calibrated(answers: Answers) -> Check:
    right = answers.network.argmax(axis=1) == answers.truth
    before = reliability_of(answers.network.max(axis=1), right).error
    allowed = max(WORST_CALIBRATION, before + CALIBRATION_LOSS)
    words = (
        f"expected calibration error {100 * answers.calibration_error:.1f} points, of the network {100 * before:.1f}; "
        f"up to {100 * allowed:.1f} may be"
    )
    return Check("probabilities are honest", answers.calibration_error <= allowed, forgivable=True, words=words)


def _no_guess(answers: Answers) -> Check:
    count = np.bincount(answers.truth, minlength=len(answers.labels))
    common = int(count.argmax())
    low, _ = interval(int((answers.answer == answers.truth).sum()), len(answers.truth))
    share = float(count[common] / len(answers.truth))
    words = (
        f"{100 * answers.accuracy:.1f} % right, at least {100 * low:.1f} % with 95 %; always saying "
        f"{answers.labels[common]} would be right {100 * share:.1f} % of the time"
    )
    return Check("better than guessing", low > share, forgivable=False, words=words)
