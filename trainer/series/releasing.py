"""From a trained series model to the file that goes out: converted, compared, judged, written where it is worthy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from edge.contracts.bundle import read_manifest
from edge.contracts.manifest import Manifest
from edge.contracts.stored import PUBLIC, replace_file
from edge.contracts.types import F32
from trainer.errors import TrainError
from trainer.export.bundle import with_manifest
from trainer.export.variant import Variant
from trainer.gate.release import GATE, HELD_OUT
from trainer.sequences.convert import convert_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.series.checks import Judged
from trainer.trainable.convert import convert_learning_sequence
from trainer.trainable.settings import TrainableSettings

MODELS, REPORT, LEARNS = "models", "report.html", "trainable.tflite"
Loss = Callable[[Path], float]  # of a model file on the part that chooses: smaller is better


@dataclass(frozen=True, slots=True)
class SeriesTerms:
    """On what terms a file goes out, and where to."""

    out: Path
    variant: Variant | None  # None: the smallest that keeps its accuracy
    budget_percent: float  # by which its error may be larger than the network's
    accept_loss: str  # a person's reason, "" = none
    learning: TrainableSettings | None = None  # how it goes on learning where it runs; None: it does not


def exported(
    trained: SequenceTrained, terms: SeriesTerms, calibration: F32, loss: Loss, recipe: str, console: Console
) -> Path:
    """The file of the wanted variant, else of the smallest one that keeps its accuracy on the part that chooses.

    What goes on learning where it runs is float32, and nothing is compared. A variant that cannot be converted is told
    of and passed over.

    Raises:
        TrainError: the wanted one cannot be converted.
    """
    if terms.learning is not None:
        return _learning(trained, terms.learning, recipe, console)
    if terms.variant is not None:
        return _converted(trained, terms.variant, calibration, recipe, console)
    files = {variant: path for variant in Variant if (path := _tried(trained, variant, calibration, recipe, console))}
    if Variant.FLOAT32 not in files:
        raise TrainError(f"{trained.folder} cannot be converted even to float32; what was said above tells why")
    least = loss(files[Variant.FLOAT32])
    for variant, path in sorted(files.items(), key=lambda one: one[1].stat().st_size):
        lost = 100 * (loss(path) / max(least, 1e-12) - 1)
        size = f"{path.stat().st_size / 1000:.0f} kB"
        console.print(f"{variant}: {size}, error {lost:+.2f} % on validation", markup=False, highlight=False)
        if lost <= terms.budget_percent:
            return path
    return files[Variant.FLOAT32]


def _tried(trained: SequenceTrained, variant: Variant, calibration: F32, recipe: str, console: Console) -> Path | None:
    try:
        return _converted(trained, variant, calibration, recipe, console)
    except TrainError as error:
        console.print(f"{variant} is left out: {error}", style="yellow", markup=False)
        return None


def _converted(trained: SequenceTrained, variant: Variant, calibration: F32, recipe: str, console: Console) -> Path:
    path = trained.folder / MODELS / f"{variant.value}.tflite"
    with console.status(f"converting to {variant.value}"):
        done = convert_sequence(trained, variant, calibration, path, recipe=recipe)
    for warning in done.warnings:
        console.print(warning, style="yellow", markup=False)
    return path


def _learning(trained: SequenceTrained, learning: TrainableSettings, recipe: str, console: Console) -> Path:
    path = trained.folder / MODELS / LEARNS
    with console.status("converting to a model that learns"):
        convert_learning_sequence(trained, learning, path, recipe=recipe)
    return path


def release_series(candidate: Path, judged: Judged, terms: SeriesTerms, report: Path) -> Manifest:
    """Write the file to its final place with its figures inside.

    Raises:
        TrainError: it is refused, or the disk takes it not; the file is as it was.
    """
    reason = terms.accept_loss.strip()
    if not judged.may_go(reason):
        told = ". ".join(f"{check.question}: {check.words}" for check in judged.failed)
        advice = (
            "--accept-loss REASON writes it nevertheless, with the reason inside"
            if judged.forgivable
            else "correct that and train again"
        )
        raise TrainError(f"{candidate.name} is not written. {told}. The report is {report}; {advice}")
    manifest = read_manifest(candidate)
    assert manifest is not None  # it was written by this trainer
    metrics: Mapping[str, Mapping[str, float]] = {**manifest.metrics, HELD_OUT: dict(judged.figures), GATE: {}}
    told_of = replace(
        manifest,
        metrics={name: values for name, values in metrics.items() if values},
        accepted_loss=reason if judged.failed else "",
    )
    try:
        terms.out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(terms.out, with_manifest(candidate.read_bytes(), told_of), PUBLIC)
    except OSError as error:
        raise TrainError(f"{terms.out} cannot be written: {error.strerror or error}; free some space") from error
    return told_of
