"""From a trained detector to the file that goes out: converted, measured, judged, and written where it is worthy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from edge.contracts.manifest import Manifest
from trainer.data.dataset import Dataset
from trainer.detector.architecture import Architecture, grid
from trainer.detector.detecting import Finder
from trainer.evaluate.running import read_detector
from trainer.export.convert import convert
from trainer.export.variant import Variant
from trainer.gate.fingerprints import alike, fingerprints
from trainer.gate.judge import judge, look_inside, some_pixels
from trainer.gate.network import Answered, as_network
from trainer.gate.release import release
from trainer.gate.report import gate_report
from trainer.gate.show import show_verdict
from trainer.gate.verdict import Check, Verdict
from trainer.networks import load_network
from trainer.trained import Trained

MODELS, REPORT = "models", "report.html"


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a file goes out, and where to."""

    out: Path
    variant: Variant
    budget_points: float
    accept_loss: str  # a person's reason, "" = none
    threads: int
    data_name: str


def release_detector(trained: Trained, train: Dataset, held_out: Dataset, terms: Terms, console: Console) -> Manifest:
    """Convert, judge on pictures that were held out, report, and write the file.

    Raises:
        TrainError: it cannot be converted, or is refused; the file is as it was, the report tells why.
    """
    held_out = apart(train, held_out, console)
    calibration = [picture.path for picture in train.pictures]
    reference = converted(trained, Variant.FLOAT32, (), console)
    candidate = converted(trained, terms.variant, calibration, console)
    with console.status("judging it on the held-out pictures"):
        verdict = judge(
            reference,
            candidate,
            held_out,
            calibration=calibration,
            training=calibration,
            budget_points=terms.budget_points,
            threads=terms.threads,
        )
        verdict = with_check(verdict, float_check(trained, reference, held_out))
        if not verdict.accepted and verdict.scored:
            verdict = look_inside(verdict, held_out)
    show_verdict(verdict, console)
    report = trained.folder / REPORT
    gate_report(verdict, report, terms.data_name)
    console.print(f"the report is {report}", markup=False, highlight=False)
    manifest = release(verdict, terms.out, report=report, accept_loss=terms.accept_loss)
    console.print(f"{terms.out} is written: {terms.out.stat().st_size / 1000:.0f} kB", markup=False, highlight=False)
    return manifest


def apart(train: Dataset, held_out: Dataset, console: Console) -> Dataset:
    """The held-out pictures without those that look like one that is learnt from; they are told of."""
    looks = [fingerprints([picture.path for picture in one.pictures]) for one in (held_out, train)]
    twins = dict(alike(*looks))
    for mine, other in twins.items():
        names = held_out.pictures[mine].path, train.pictures[other].path
        console.print(f"not held out, for it looks like a training picture: {names[0]} ({names[1]})", style="yellow")
    return held_out.take([index for index in range(len(held_out)) if index not in twins])


def converted(trained: Trained, variant: Variant, calibration: Sequence[Path], console: Console) -> Path:
    """The network as a file in the run's folder."""
    path = trained.folder / MODELS / f"{variant.value}.tflite"
    with console.status(f"converting to {variant.value}"):
        done = convert(trained, variant, calibration, path)
    for warning in done.warnings:
        console.print(warning, style="yellow", markup=False)
    return path


def float_check(trained: Trained, reference: Path, held_out: Dataset) -> Check:
    """Whether the float file does what the network does."""
    cells = grid(Architecture(len(trained.labels), trained.input_px))
    finder, model = Finder(trained.input_px, cells), load_network(trained)
    answers = [Answered(pixels, finder.outputs(model, pixels)) for pixels in some_pixels(held_out)]
    return as_network(read_detector(reference), answers)


def with_check(verdict: Verdict, check: Check) -> Verdict:
    """One more answer."""
    return replace(verdict, checks=(check, *verdict.checks))
