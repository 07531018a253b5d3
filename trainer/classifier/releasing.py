"""From a trained classifier to the file that goes out: converted, measured, judged, written where it is worthy."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.contracts.manifest import Manifest
from trainer.classifier.measuring import MEASURE, NAMES, measure
from trainer.classifier.parts import Divided
from trainer.classifier.scoring import Scorer
from trainer.data.dataset import Dataset
from trainer.evaluate.classification import Classification, classify
from trainer.evaluate.running import read_detector
from trainer.export.calibration import chosen
from trainer.export.variant import Variant
from trainer.gate.classification import by_accuracy
from trainer.gate.judge import judge, look_inside, some_pixels
from trainer.gate.network import Answered, as_network
from trainer.gate.verdict import Check
from trainer.networks import load_network
from trainer.quantise.choosing import FLOAT32, INT8, QAT, Choice, Row, choose
from trainer.quantise.table import show_variants
from trainer.releasing import Terms, Tune, apart, converted, settled
from trainer.trained import Trained

WORST = 10  # classes, or pairs of them, that are shown


def release_classifier(trained: Trained, found: Divided, on: Terms, tune: Tune, console: Console) -> Manifest:
    """Convert, compare the variants, judge one on samples that were held out, report, and write the file.

    Raises:
        TrainError: it cannot be converted, or is refused; the file is as it was, the report tells why.
    """
    held_out = apart(found.seen, found.held_out, console)
    used = [picture.path for picture in found.train.pictures]
    reference = converted(trained, Variant.FLOAT32, (), console)
    candidate = (
        compared(trained, reference, used, found.validation if len(found.validation) else held_out, on, tune, console)
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
        verdict = by_accuracy(judged, on.budget_points)
        verdict = verdict.and_also(float_check(trained, reference, held_out))
        if not verdict.accepted and verdict.scored:
            verdict = look_inside(verdict, held_out)
    if verdict.scored:
        run = verdict.scored[0].run
        show_classification(classify(run.dataset, run.found), console)
    return settled(trained, verdict, on, console)


def compared(
    trained: Trained,
    reference: Path,
    used: Sequence[Path],
    held_out: Dataset,
    on: Terms,
    tune: Tune,
    console: Console,
) -> Path:
    """The file of the variant that the accuracies speak for; all of them are shown."""
    files = {FLOAT32: reference}
    files |= {
        one.value: converted(trained, one, used, console) for one in (Variant.FLOAT16, Variant.DYNAMIC, Variant.INT8)
    }
    rows, choice = _chosen(files, held_out, on, console)
    if choice.row.variant != INT8:
        console.print("int8 loses too much: the network learns to live with its rounding", highlight=False)
        files[QAT] = converted(tune(), Variant.INT8, (), console, QAT)
        rows, choice = _chosen(files, held_out, on, console)
    show_variants(rows, choice, console, NAMES)
    return files[choice.row.variant]


def _chosen(files: Mapping[str, Path], held_out: Dataset, on: Terms, console: Console) -> tuple[list[Row], Choice]:
    with console.status("measuring") as status:
        rows = measure(files, held_out, status.update)
    return rows, choose(rows, on.budget_points, MEASURE)


def float_check(trained: Trained, reference: Path, held_out: Dataset) -> Check:
    """Whether the float file does what the network does."""
    scorer, model = Scorer(trained.input_px, held_out), load_network(trained)
    answers = [Answered(pixels, scorer.outputs(model, pixels)) for pixels in some_pixels(held_out)]
    return as_network(read_detector(reference), answers)


def show_classification(scored: Classification, console: Console) -> None:
    """The figures, by class, and what is mistaken for what most often."""
    console.print(scored.words(), markup=False, highlight=False)
    table = Table(title="By class, the least recognised first", title_justify="left")
    for heading in ("class", "pictures", "recognised", "right when said", "taken for"):
        table.add_column(heading, justify="left" if heading in {"class", "taken for"} else "right")
    count, labels = scored.confusion.sum(axis=1), (*scored.dataset.labels, "nothing")
    there = np.flatnonzero(count)
    for row in there[np.argsort(scored.recall[there], kind="stable")][:WORST].tolist():
        shares = (
            f"{100 * one:.0f} %" if np.isfinite(one) else "-" for one in (scored.recall[row], scored.precision[row])
        )
        table.add_row(escape(labels[row]), str(count[row]), *shares, escape(_taken_for(scored, row, labels)))
    console.print(table)


def _taken_for(scored: Classification, row: int, labels: tuple[str, ...]) -> str:
    """The commonest mistakes about a class."""
    wrong = scored.confusion[row].copy()
    wrong[row] = 0
    worst = np.argsort(-wrong, kind="stable")[:3]
    return ", ".join(f"{labels[column]} {wrong[column]}" for column in worst.tolist() if wrong[column])
