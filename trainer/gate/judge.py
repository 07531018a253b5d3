"""The gate itself: a float file, the file that was made of it, and pictures that neither has seen."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.contracts.errors import ModelError
from edge.contracts.types import U8, ModelBundle
from edge.runtime.canary import try_model
from edge.runtime.settings import RuntimeSettings
from trainer.data.dataset import Dataset
from trainer.evaluate.evaluation import evaluate
from trainer.evaluate.running import ModelRun, read_detector, read_pixels, run_model
from trainer.gate.accuracy import BUDGET_POINTS, accuracy
from trainer.gate.agreement import agreement
from trainer.gate.apart import Apart
from trainer.gate.contract import same_head, same_input, same_labels
from trainer.gate.empty import finds
from trainer.gate.golden import golden_words
from trainer.gate.layers import PICTURES, layer_losses
from trainer.gate.ports import same_outputs
from trainer.gate.verdict import Check, Question, Verdict, failed, in_order, listed, passed, unknown
from trainer.report.contents import Scored

LOOKED_AT = 3  # pictures whose raw outputs are looked at


def judge(
    reference: Path,
    candidate: Path,
    held_out: Dataset,
    *,
    calibration: Sequence[Path],
    training: Sequence[Path],
    budget_points: float = BUDGET_POINTS,
    threads: int = 2,
) -> Verdict:
    """Ask every question about a candidate.

    Args:
        reference: the float32 file of the network, which is taken to be right.
        candidate: the file that is to go out.
        held_out: labelled pictures that neither training nor calibration saw.
        calibration: pictures that ranges were measured on, none where there were none.
        training: pictures that the network learnt from.
        budget_points: how much mAP may be lost, in points.
        threads: of the CPU.

    Raises:
        ModelError: the reference cannot be read or run.
    """
    case = Case(reference, candidate, held_out, threads)
    apart = Apart([picture.path for picture in held_out.pictures], threads)
    case.add(apart.from_set(Question.CALIBRATION, calibration, "calibration"))
    case.add(apart.from_set(Question.TRAINING, training, "training"))
    sound = read_detector(reference)
    run = run_model(sound, held_out, threads=threads)
    case.add(_pictures(run, held_out))
    if not len(run.dataset):
        return case.verdict()
    with case.running():
        case.compare(sound, run, budget_points)
    return case.verdict()


def look_inside(verdict: Verdict, held_out: Dataset) -> Verdict:
    """The same verdict with the losses of the layers.

    Raises:
        ModelError: the layers cannot be compared.
    """
    reference, candidate = read_detector(verdict.reference), read_detector(verdict.candidate)
    return replace(verdict, layers=layer_losses(reference, candidate, some_pixels(held_out)))


def some_pixels(dataset: Dataset, most: int = PICTURES) -> list[U8]:
    """The first pictures that can be read, (h, w, 3) BGR."""
    found: list[U8] = []
    for picture in dataset.pictures:
        pixels = read_pixels(picture.path)
        if pixels is not None:
            found.append(pixels)
        if len(found) == most:
            break
    return found


@dataclass
class Case:
    """What is gathered about one candidate."""

    reference: Path
    candidate: Path
    held_out: Dataset
    threads: int
    checks: list[Check] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    scored: tuple[Scored, ...] = ()
    sha256: str = ""

    def add(self, check: Check) -> None:
        """One more answer."""
        self.checks.append(check)

    def verdict(self) -> Verdict:
        """The answers so far, in the order of the questions."""
        return Verdict(
            self.reference, self.candidate, self.sha256, in_order(self.checks), self.figures, self.scored, ()
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Whatever is wrong with the candidate as a model is an answer, no error."""
        try:
            yield
        except ModelError as error:
            self.add(failed(Question.RUNS, str(error)))

    def compare(self, sound: ModelBundle, before: ModelRun, budget_points: float) -> None:
        """All questions that need the candidate; the cheap ones first.

        Raises:
            ModelError: it cannot be read or run.
        """
        bundle = read_detector(self.candidate)
        self.sha256 = bundle.sha256
        self.add(same_head(sound, bundle))
        self.add(same_labels(sound, bundle))
        self.add(same_input(sound.input, bundle.input))
        _try(bundle, self.threads)
        self.add(same_outputs(sound, bundle, some_pixels(self.held_out, LOOKED_AT), self.threads))
        after = run_model(bundle, self.held_out, threads=self.threads)
        said = f"by {after.library}, {after.latency.p50_ms:.1f} ms a picture, {golden_words(bundle)}"
        self.add(passed(Question.RUNS, said))
        self._score(before, after, budget_points)

    def _score(self, before: ModelRun, after: ModelRun, budget_points: float) -> None:
        reference, candidate = (Scored(run, evaluate(run.dataset, run.found)) for run in (before, after))
        self.scored = (candidate, reference)
        self.add(finds(reference, candidate))
        check, figures = agreement(reference, candidate)
        self.add(check)
        self.figures.update(figures)
        check, figures = accuracy(reference, candidate, budget_points)
        self.add(check)
        self.figures.update(figures, pictures=float(len(before.dataset)))


def _try(bundle: ModelBundle, threads: int) -> None:
    """Run it in a process of its own first: what crashes there does not take the gate with it."""
    with tempfile.TemporaryDirectory() as state:
        try_model(bundle, RuntimeSettings(threads=threads), Path(state))


def _pictures(run: ModelRun, held_out: Dataset) -> Check:
    """Whether there is anything to judge by."""
    if not len(held_out):
        return failed(Question.PICTURES, "no picture is held out; hold out a tenth of the data, 200 boxes at least")
    lost = listed(run.unreadable)
    if not len(run.dataset):
        return failed(Question.PICTURES, f"none of {len(held_out)} pictures can be read: {lost}; correct their paths")
    boxes = sum(len(picture.label) for picture in run.dataset.pictures)
    said = f"{len(run.dataset)} pictures with {boxes} boxes"
    if run.unreadable:
        return unknown(Question.PICTURES, f"{said}; {len(run.unreadable)} cannot be read and do not count: {lost}")
    return passed(Question.PICTURES, said)
