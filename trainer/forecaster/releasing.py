"""From a trained trajectory network to the file that goes out: converted, chosen, judged, written where it is worthy."""

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from edge.contracts.bundle import read_manifest
from edge.contracts.stored import PUBLIC, replace_file
from edge.contracts.types import F32
from trainer.errors import TrainError
from trainer.export.bundle import with_manifest
from trainer.export.variant import Variant
from trainer.forecaster.judging import Judged
from trainer.forecaster.measures import measure
from trainer.forecaster.samples import Samples
from trainer.forecaster.served import file_answers
from trainer.gate.release import HELD_OUT
from trainer.releasing.terms import Terms
from trainer.sequences.convert import convert_sequence
from trainer.sequences.trained import SequenceTrained

MODELS = "models"
TRIED = (Variant.INT8, Variant.FLOAT16, Variant.DYNAMIC, Variant.FLOAT32)


def candidate(
    trained: SequenceTrained, calibration: F32, validation: Samples, terms: Terms, recipe: str, console: Console
) -> Path:
    """The file of the wanted variant; else of the smallest one that keeps its accuracy on validation.

    Raises:
        TrainError: it cannot be converted.
    """
    if terms.variant is not None:
        return _converted(trained, terms.variant, calibration, recipe, console)
    files = {variant: _converted(trained, variant, calibration, recipe, console) for variant in TRIED}
    losses = {variant: _loss(path, validation) for variant, path in files.items()}
    for variant, path in sorted(files.items(), key=lambda one: one[1].stat().st_size):
        lost = 100 * (losses[variant] / max(losses[Variant.FLOAT32], 1e-12) - 1)
        size = f"{path.stat().st_size / 1000:.0f} kB"
        console.print(f"{variant}: {size}, ADE {lost:+.2f} % on validation", markup=False, highlight=False)
        if lost <= terms.budget_points:
            return path
    return files[Variant.FLOAT32]


def _loss(path: Path, validation: Samples) -> float:
    """ADE and FDE together, as the gate asks for both."""
    found = measure(file_answers(path, validation.x), validation)
    return found.ade + found.fde


def _converted(trained: SequenceTrained, variant: Variant, calibration: F32, recipe: str, console: Console) -> Path:
    path = trained.folder / MODELS / f"{variant.value}.tflite"
    with console.status(f"converting to {variant.value}"):
        done = convert_sequence(trained, variant, calibration, path, recipe=recipe)
    for warning in done.warnings:
        console.print(warning, style="yellow", markup=False)
    return path


def release_paths(file: Path, judged: Judged, terms: Terms, report: Path) -> None:
    """Write the file to its final place with its figures inside.

    Raises:
        TrainError: it is refused, or the disk takes it not; the file that was there is as it was.
    """
    reason = terms.accept_loss.strip()
    if not judged.may_go(reason):
        told = ". ".join(f"{check.question}: {check.words}" for check in judged.failed)
        advice = (
            "--accept-loss REASON writes it nevertheless, with the reason inside"
            if judged.forgivable
            else "correct that and train again"
        )
        raise TrainError(f"{file.name} is not written. {told}. The report is {report}; {advice}")
    manifest = read_manifest(file)
    if manifest is None:
        raise TrainError(f"{file} has lost its manifest; train again")
    told_of = replace(
        manifest,
        metrics={**manifest.metrics, HELD_OUT: dict(judged.figures)},
        accepted_loss=reason if judged.failed else "",
    )
    try:
        terms.out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(terms.out, with_manifest(file.read_bytes(), told_of), PUBLIC)
    except OSError as error:
        raise TrainError(f"{terms.out} cannot be written: {error.strerror or error}; free some space") from error
