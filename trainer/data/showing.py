"""Problems and counts of a data set as tables on the screen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trainer.data.dataset import Dataset
from trainer.data.problem import Problem, Severity
from trainer.data.statistics import QUANTILES, count, spreads

REST = "mend these, and look again"
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def show_problems(problems: Sequence[Problem], folder: Path, most: int, console: Console, rest: str = REST) -> None:
    """A table of problems, errors first.

    Args:
        problems: what is shown.
        folder: names of files are told relative to it.
        most: rows; the rest is counted. 0 = all.
        console: where it is shown.
        rest: how to see those that are not shown.
    """
    ordered = sorted(problems, key=lambda one: one.severity is Severity.WARNING)
    shown = ordered[: most or None]
    if shown:
        table = Table("")
        for heading in ("file", "what is wrong", "what to do"):
            table.add_column(heading, overflow="fold")
        for one in shown:
            cells = (escape(_plain(text)) for text in (_named(one.path, folder), one.what, one.advice))
            table.add_row(f"[{COLOURS[one.severity]}]{one.severity}[/]", *cells)
        console.print(table)
    if len(shown) < len(ordered):
        console.print(f"and {len(ordered) - len(shown)} more ({rest})")


def show_verdict(splits: Mapping[str, Dataset], form: str, problems: Sequence[Problem], console: Console) -> None:
    """One line that says what there is, and how many errors."""
    held = ", ".join(f"{name} {len(part)}" for name, part in splits.items())
    boxes = sum(len(picture.label) for part in splits.values() for picture in part.pictures)
    found = Counter(one.severity for one in problems)
    told = f"{form}: {held} pictures, {boxes} boxes; {found[Severity.ERROR]} errors, {found[Severity.WARNING]} warnings"
    console.print(told, markup=False, highlight=False)


def show_statistics(splits: Mapping[str, Dataset], labels: Sequence[str], console: Console) -> None:
    """Counts by split, by class, and where the sizes lie."""
    counts = {name: count(part) for name, part in splits.items()}
    table = Table("split", title="pictures and boxes (small < 32 px <= medium <= 96 px < large)", title_justify="left")
    for heading in ("pictures", "without boxes", "boxes", "small", "medium", "large"):
        table.add_column(heading, justify="right")
    for name, one in counts.items():
        row = (one.pictures, one.without_boxes, one.boxes, one.small, one.medium, one.large)
        table.add_row(name, *map(str, row))
    console.print(table)
    table = Table("class", title="boxes of each class", title_justify="left")
    for name in counts:
        table.add_column(name, justify="right")
    for row_number, label in enumerate(labels):
        table.add_row(escape(label), *(str(one.classes[row_number]) for one in counts.values()))
    console.print(table)
    table = Table("measure", title="sizes and shapes, all splits", title_justify="left")
    for percent in QUANTILES:
        table.add_column({0: "least", 50: "median", 100: "most"}.get(percent, f"{percent} %"), justify="right")
    for spread in spreads(splits):
        table.add_row(spread.name, *(f"{value:.4g}" for value in spread.quantiles.tolist()))
    console.print(table)


def _plain(text: str) -> str:
    """Text without what would steer the terminal: names of files and classes are strangers' words."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _named(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if folder in path.parents else str(path)
