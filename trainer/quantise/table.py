"""The variants of one network side by side, on the screen."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trainer.quantise.choosing import FLOAT32, Choice, Row, lost_points

_HEADING = ("variant", "kB", "ms, 1 thread", "ms, 2 threads")


def show_variants(rows: Sequence[Row], choice: Choice, console: Console, names: tuple[str, str]) -> None:
    """Print the rows, the chosen one marked, and why it is the one; `names` are those of `Row.map50` and `Row.map`."""
    plain = next((row for row in rows if row.variant == FLOAT32), None)
    table = Table(title="Variants", title_justify="left")
    for number, heading in enumerate((*_HEADING, *names, "lost points")):
        table.add_column(heading, justify="right" if number else "left")
    for row in rows:
        style = "bold" if row is choice.row else None
        table.add_row(*map(escape, _cells(row, plain)), style=style)
    console.print(table)
    console.print(choice.why, markup=False, highlight=False)


def _cells(row: Row, plain: Row | None) -> tuple[str, ...]:
    return (
        row.variant,
        f"{row.kb:.0f}",
        f"{row.ms_1:.2f}",
        f"{row.ms_2:.2f}",
        f"{row.map50 * 100:.1f}",
        f"{row.map * 100:.1f}",
        _lost(row, plain),
    )


def _lost(row: Row, plain: Row | None) -> str:
    if plain is None or row is plain:
        return ""
    return f"{lost_points(row, plain):+.1f}{' certain' if row.certain else ''}"
