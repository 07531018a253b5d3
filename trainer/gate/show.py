"""A verdict on the terminal."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trainer.gate.report import TONES, blamed, tone_of
from trainer.gate.verdict import Verdict
from trainer.report.contents import Tone

STYLES: Mapping[Tone, str] = {Tone.GOOD: "green", Tone.BAD: "bold red", Tone.SOFT: "yellow"}


def show_verdict(verdict: Verdict, console: Console) -> None:
    """Print the answers, and the layers that lose most where somebody looked."""
    table = Table(title="The gate", title_justify="left", show_lines=True)
    for heading in ("question", "answer", ""):
        table.add_column(heading, no_wrap=bool(heading))
    for check in verdict.checks:
        style = STYLES[TONES[check.answer]]
        table.add_row(escape(check.question.value), f"[{style}]{check.answer.value}[/]", escape(check.words))
    console.print(table)
    console.print(verdict.words(), style=STYLES[tone_of(verdict)], markup=False, highlight=False)
    for line in blamed(verdict.layers):
        console.print(line, markup=False, highlight=False)
