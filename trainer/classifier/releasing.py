"""How a trained classifier is released, and what is shown of its accuracy."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.contracts.manifest import Manifest
from edge.contracts.types import F32
from trainer.classifier.network import PROBABILITIES
from trainer.classifier.parts import Divided
from trainer.classifier.scoring import Scorer
from trainer.data.dataset import Dataset
from trainer.evaluate.classification import Classification, classify
from trainer.evaluate.running import read_detector
from trainer.gate.classification import by_accuracy
from trainer.gate.judge import some_pixels
from trainer.gate.network import Answered, as_network
from trainer.gate.verdict import Check, Verdict
from trainer.networks import load_network
from trainer.quantise.yardsticks import CLASSES
from trainer.releasing.terms import Terms
from trainer.releasing.variants import Tune
from trainer.releasing.whole import Manner, Material, release_network
from trainer.trained import Trained

WORST = 10  # classes, or pairs of them, that are shown


def release_classifier(trained: Trained, found: Divided, on: Terms, tune: Tune, console: Console) -> Manifest:
    """Convert, compare the variants by accuracy, judge one, report, and write the file.

    Raises:
        TrainError: it cannot be converted, or is refused; the file is as it was, the report tells why.
    """
    scored = found.validation if len(found.validation) else found.held_out
    given = Material(found.train, found.seen, scored, found.held_out)
    return release_network(trained, given, on, tune, _CLASSIFIER, console)


def float_checks(trained: Trained, reference: Path, held_out: Dataset, threads: int) -> tuple[Check, ...]:
    """Whether the float file does what the network does."""
    del threads  # pictures are few
    scorer, model = Scorer(trained.input_px, held_out), load_network(trained)
    file = read_detector(reference)
    spare = len(file.labels) - len(trained.labels)  # classes that can be added: nothing is one of them yet
    answers = [Answered(pixels, _widened(scorer.outputs(model, pixels), spare)) for pixels in some_pixels(held_out)]
    return (as_network(file, answers),)


def _widened(outputs: Mapping[str, F32], spare: int) -> Mapping[str, F32]:
    """The same with so many more classes."""
    probabilities = outputs[PROBABILITIES]
    nothing = np.zeros((*probabilities.shape[:-1], spare), np.float32)
    return {**outputs, PROBABILITIES: np.concatenate([probabilities, nothing], axis=-1)}


def show_judged(verdict: Verdict, console: Console) -> None:
    """The figures of the candidate, where it could be run."""
    if verdict.scored:
        run = verdict.scored[0].run
        show_classification(classify(run.dataset, run.found), console)


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


_CLASSIFIER = Manner(CLASSES, float_checks, by_accuracy, show_judged)
