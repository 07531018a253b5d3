"""The figures of a classifier of windows on the screen."""

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trainer.series.classify.judging import Answers


def show_answers(answers: Answers, console: Console) -> None:
    """The figures, by class, and what it was taken for."""
    console.print(answers.words(), markup=False, highlight=False)
    table = Table(title="By class", title_justify="left")
    for heading in ("class", "windows", "recognised", "right when said", "taken for"):
        table.add_column(heading, justify="left" if heading in {"class", "taken for"} else "right")
    confusion = answers.confusion
    for row, name in enumerate(answers.labels):
        count, said, right = confusion[row].sum(), confusion[:, row].sum(), confusion[row, row]
        shares = [f"{100 * right / whole:.0f} %" if whole else "-" for whole in (count, said)]
        wrong = [column for column in np.argsort(-confusion[row], kind="stable").tolist() if column != row]
        taken = ", ".join(f"{answers.labels[one]} {confusion[row, one]}" for one in wrong[:3] if confusion[row, one])
        table.add_row(escape(name), str(count), *shares, escape(taken))
    console.print(table)
