"""What `foresight-train evaluate` does: model files over labelled pictures, figures on the screen, a report."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from edge.contracts.types import ModelBundle
from trainer.data.dataset import Dataset
from trainer.evaluate.evaluation import evaluate
from trainer.evaluate.running import read_detector, run_model
from trainer.report.contents import Contents, Scored, notes
from trainer.report.page import write_report
from trainer.report.training import read_training
from trainer.report.worth import differences, model_table


def evaluate_models(
    models: list[Path],
    dataset: Dataset,
    *,
    data_name: str,
    labels: Path | None = None,
    training: Path | None = None,
    threads: int = 2,
    console: Console,
) -> Contents:
    """Score model files over one data set, the first against each of the others.

    Raises:
        ModelError: a model cannot be read or run, or knows none of the data's labels.
        LogError: the training log cannot be read.
    """
    curves = () if training is None else read_training(training)
    bundles = [read_detector(model, labels) for model in models]
    scored = [_scored(bundle, dataset, threads, console) for bundle in bundles]
    first, others = scored[0], tuple(scored[1:])
    return Contents(first, others, differences(first, others), curves, (), data_name)


def show_and_write(contents: Contents, out: Path, console: Console) -> None:
    """Print the figures and write the report.

    Raises:
        OSError: it cannot be written.
    """
    for note in notes(contents.scored):
        console.print(note, style="yellow", markup=False)
    made = model_table(contents)
    table = Table(title=escape(contents.data_name), title_justify="left")
    for number, heading in enumerate(made.heading):
        table.add_column(heading, justify="right" if number else "left")
    for row in made.rows:
        table.add_row(*map(escape, row))
    console.print(table)
    for text in made.text:
        console.print(text, markup=False, highlight=False)
    written = write_report(contents, out)
    console.print(f"the report is {out}, its plots are in {written[-1].parent}", markup=False, highlight=False)


def _scored(bundle: ModelBundle, dataset: Dataset, threads: int, console: Console) -> Scored:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(bundle.path.name, total=len(dataset))
        run = run_model(bundle, dataset, threads=threads, moved=lambda done: progress.update(task, completed=done))
    return Scored(run, evaluate(run.dataset, run.found))
