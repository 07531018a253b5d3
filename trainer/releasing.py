"""From a trained detector to the file that goes out: converted, measured, judged, and written where it is worthy."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from edge.contracts.manifest import Manifest
from trainer.data.dataset import Dataset
from trainer.detector.architecture import Architecture, grid
from trainer.detector.detecting import Finder
from trainer.errors import TrainError
from trainer.evaluate.running import read_detector, run_model
from trainer.export.calibration import chosen
from trainer.export.compiling import compiled, tell_operators
from trainer.export.convert import convert
from trainer.export.variant import Variant
from trainer.gate.fingerprints import alike, fingerprints
from trainer.gate.found import finds_as_network
from trainer.gate.judge import judge, look_inside, some_pixels
from trainer.gate.network import Answered, as_network
from trainer.gate.release import release
from trainer.gate.report import gate_report
from trainer.gate.show import show_verdict
from trainer.gate.verdict import Check, Verdict
from trainer.networks import load_network
from trainer.parts import Parts
from trainer.quantise.choosing import FLOAT32, INT8, QAT, Row, choose, lost_points
from trainer.quantise.measuring import measure
from trainer.quantise.table import show_variants
from trainer.report.training import read_training
from trainer.trained import Trained
from trainer.training.curves import LOSSES

BEST = "best"
SOME = 60  # pictures that the float file is compared with the network on
THREADS = 2  # of the latency that is reported
MODELS, REPORT = "models", "report.html"


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a file goes out, and where to."""

    out: Path
    variant: Variant | None  # None: the one that the figures speak for
    budget_points: float
    accept_loss: str  # a person's reason, "" = none
    threads: int
    data_name: str


def terms(out: Path, kind: str, budget_points: float, accept_loss: str, data_name: str) -> Terms:
    """As a command has them; `kind` is a variant or `best`."""
    variant = None if kind == BEST else Variant(kind)
    return Terms(out, variant, budget_points, accept_loss, THREADS, data_name)


def refuse_unwritable(out: Path) -> None:
    """Make sure that a file can be written before hours are spent on it.

    Raises:
        TrainError: it is a folder, or none can be made for it.
    """
    if out.is_dir():
        raise TrainError(f"--out {out} is a folder; name a file in it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise TrainError(f"{out} cannot be written: {error.strerror or error}; name another place (--out)") from error


Tune = Callable[[], Trained]  # the network once more, trained with the rounding of int8 in it


def release_detector(trained: Trained, found: Parts, on: Terms, tune: Tune, console: Console) -> Manifest:
    """Convert, compare the variants, judge one on pictures that were held out, report, and write the file.

    Ranges are measured on training pictures; held-out ones must be none of those, nor of those that chose the weights.

    Raises:
        TrainError: it cannot be converted, or is refused; the file is as it was, the report tells why.
    """
    held_out = apart(found.seen, found.held_out, console)
    used = [picture.path for picture in found.train.pictures]
    reference = converted(trained, Variant.FLOAT32, (), console)
    candidate = (
        compared(trained, reference, used, found.validation or held_out, on, tune, console)
        if on.variant is None
        else converted(trained, on.variant, used, console)
    )
    with console.status("judging it on the held-out pictures"):
        judged = judge(
            reference,
            candidate,
            held_out,
            calibration=chosen(used) if candidate.stem == INT8 else (),
            training=[picture.path for picture in found.seen.pictures],
            budget_points=on.budget_points,
            threads=on.threads,
        )
        verdict = judged
        for check in float_checks(trained, reference, held_out, on.threads):
            verdict = verdict.and_also(check)
        if not verdict.accepted and verdict.scored:
            verdict = look_inside(verdict, held_out)
    return settled(trained, verdict, on, console)


def compared(
    trained: Trained,
    reference: Path,
    used: Sequence[Path],
    scored: Dataset,
    on: Terms,
    tune: Tune,
    console: Console,
) -> Path:
    """The file of the variant that the figures speak for; all of them are shown.

    They are scored on validation pictures where there are any, else on the held-out ones.
    """
    files = {FLOAT32: reference}
    files |= {
        one.value: converted(trained, one, used, console) for one in (Variant.FLOAT16, Variant.DYNAMIC, Variant.INT8)
    }
    rows = measured(files, scored, console)
    plain, whole = (next(row for row in rows if row.variant == name) for name in (FLOAT32, INT8))
    if not lost_points(whole, plain) <= on.budget_points:  # NaN too
        console.print("int8 loses too much: the network learns to live with its rounding", highlight=False)
        files[QAT] = converted(tune(), Variant.INT8, (), console, QAT)
        rows = measured(files, scored, console)
    choice = choose(rows, on.budget_points)
    show_variants(rows, choice, console)
    return files[choice.row.variant]


def measured(files: Mapping[str, Path], held_out: Dataset, console: Console) -> list[Row]:
    """Size, speed and accuracy of each file."""
    with console.status("measuring") as status:
        return measure(files, held_out, status.update)


def settled(trained: Trained, verdict: Verdict, on: Terms, console: Console) -> Manifest:
    """Show and report the verdict, and write the file where it is accepted."""
    show_verdict(verdict, console)
    report = trained.folder / REPORT
    log = trained.folder / LOSSES
    gate_report(verdict, report, on.data_name, read_training(log) if log.exists() else ())
    console.print(f"the report is {report}", markup=False, highlight=False)
    manifest = release(verdict, on.out, report=report, accept_loss=on.accept_loss)
    tell_operators(on.out, console)
    console.print(f"{on.out} is written: {on.out.stat().st_size / 1000:.0f} kB", markup=False, highlight=False)
    if manifest.quantisation == Variant.INT8.quantisation:
        compiled(on.out, console)
    return manifest


def apart(seen: Dataset, held_out: Dataset, console: Console) -> Dataset:
    """The held-out pictures without those that look like one that was seen in training; they are told of."""
    looks = [fingerprints([picture.path for picture in one.pictures]) for one in (held_out, seen)]
    twins = dict(alike(*looks))
    for mine, other in twins.items():
        names = held_out.pictures[mine].path, seen.pictures[other].path
        told = f"not held out, for it looks like a training picture: {names[0]} ({names[1]})"
        console.print(told, style="yellow", markup=False)
    if len(twins) == len(held_out):
        raise TrainError("every held-out picture looks like one of training; hold out others, or nothing can be judged")
    return held_out.take([index for index in range(len(held_out)) if index not in twins])


def converted(
    trained: Trained, variant: Variant, calibration: Sequence[Path], console: Console, name: str = ""
) -> Path:
    """The network as a file in the run's folder, of that name or the variant's."""
    path = trained.folder / MODELS / f"{name or variant.value}.tflite"
    with console.status(f"converting to {variant.value}"):
        done = convert(trained, variant, calibration, path)
    for warning in done.warnings:
        console.print(warning, style="yellow", markup=False)
    return path


def float_checks(trained: Trained, reference: Path, held_out: Dataset, threads: int) -> tuple[Check, ...]:
    """Whether the float file does what the network does, before its post-process and after."""
    cells = grid(Architecture(len(trained.labels), trained.input_px))
    finder, model, bundle = Finder(trained.input_px, cells), load_network(trained), read_detector(reference)
    answers = [Answered(pixels, finder.outputs(model, pixels)) for pixels in some_pixels(held_out)]
    some = held_out.take(range(min(SOME, len(held_out))))
    run = run_model(bundle, some, threads=threads)
    found = finds_as_network(finder.find(model, run.dataset), run.found, trained.labels)
    return as_network(bundle, answers), found
