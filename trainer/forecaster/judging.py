"""The gate of a trajectory model: the file, run as on the device, against its network and against straight lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.track_windows import Answer
from edge.contracts.windows import TrackWindow
from trainer.forecaster.measures import HONEST, Measured, measure
from trainer.forecaster.served import file_answers, window_of
from trainer.recorded.windows import Windows
from trainer.report.contents import Finding, Judgement, Tone

COVERAGE = (0.60, 0.76)  # shares within one sigma that pass
GAIN_PERCENT = 1.0  # by which it must be better than straight lines
FEWEST = 100  # windows that can judge


@dataclass(frozen=True, slots=True)
class Check:
    """One answer. The words say what was found and what to do."""

    question: str
    passed: bool
    forgivable: bool  # a person may accept it, with a reason
    words: str


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """All answers about one file."""

    name: str
    checks: tuple[Check, ...]
    figures: Mapping[str, float]  # for the manifest
    measured: Measured | None  # None: it could not be run
    answer: Answer | None

    @property
    def failed(self) -> tuple[Check, ...]:
        """What speaks against it."""
        return tuple(check for check in self.checks if not check.passed)

    def may_go(self, reason: str) -> bool:
        """Whether it goes out; a reason forgives what is forgivable."""
        return not self.failed or (self.forgivable and bool(reason))

    @property
    def forgivable(self) -> bool:
        """Nothing speaks against it that a person may not accept."""
        return all(check.forgivable for check in self.failed)

    def words(self) -> str:
        """In one sentence."""
        if not self.failed:
            return f"accepted: {self.name}"
        return f"refused: {self.name}; failed: {', '.join(check.question for check in self.failed)}"

    def judgement(self) -> Judgement:
        """As a report has it."""
        findings = [Finding(one.question, _said(one), _tone(one.passed), one.words) for one in self.checks]
        return Judgement(f"The gate: {self.words()}", _tone(not self.failed), tuple(findings))


def judge(path: Path, network: Answer, window: TrackWindow, test: Windows, budget_percent: float) -> Judged:
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
    return Judged(path.name, checks, {k: v for k, v in figures.items() if np.isfinite(v)}, own, answer)


def show_judged(judged: Judged, console: Console) -> None:
    """Print the answers."""
    table = Table(title="The gate", title_justify="left", show_lines=True)
    for heading in ("question", "answer", ""):
        table.add_column(heading, no_wrap=bool(heading))
    for check in judged.checks:
        style = "green" if check.passed else "bold red"
        table.add_row(escape(check.question), f"[{style}]{_said(check)}[/]", escape(check.words))
    console.print(table)
    console.print(judged.words(), style="bold red" if judged.failed else "green", markup=False, highlight=False)


def _as_network(own: Measured, keras: Measured, budget_percent: float) -> Check:
    lost = [100 * (mine / max(other, 1e-9) - 1) for mine, other in ((own.ade, keras.ade), (own.fde, keras.fde))]
    words = (
        f"ADE {own.ade:.4f} and FDE {own.fde:.4f}; of the trained network {keras.ade:.4f} and {keras.fde:.4f} "
        f"({lost[0]:+.2f} % and {lost[1]:+.2f} %, {budget_percent:g} % allowed)"
    )
    return Check("accuracy kept", max(lost) <= budget_percent, forgivable=True, words=words)


def _calibrated(own: Measured) -> Check:
    low, high = COVERAGE
    words = f"{own.coverage:.1%} of what came lies within one sigma; {HONEST:.1%} should, {low:.0%} to {high:.0%} may"
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


def _refused(path: Path, question: str, words: str) -> Judged:
    return Judged(path.name, (Check(question, passed=False, forgivable=False, words=words),), {}, None, None)


def _listed(window: TrackWindow) -> str:
    return ", ".join(f"{horizon:g}" for horizon in window.horizons_s) + f" s of {window.samples} positions"


def _said(check: Check) -> str:
    return "passed" if check.passed else "failed"


def _tone(good: bool) -> Tone:
    return Tone.GOOD if good else Tone.BAD
