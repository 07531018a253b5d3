"""What the gate asks of a series model, and what it says: named answers, and whether the file may go out."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trainer.report.contents import Finding, Judgement, Tone


@dataclass(frozen=True, slots=True)
class Check:
    """One answer. The words say what was found and what to do."""

    question: str
    passed: bool
    forgivable: bool  # a person may accept it, with a reason
    words: str


@dataclass(frozen=True, slots=True)
class Judged:
    """All answers about one file, and figures for its manifest."""

    name: str
    checks: tuple[Check, ...]
    figures: Mapping[str, float]

    @property
    def failed(self) -> tuple[Check, ...]:
        """What speaks against it."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def forgivable(self) -> bool:
        """Nothing speaks against it that a person may not accept."""
        return all(check.forgivable for check in self.failed)

    def may_go(self, reason: str) -> bool:
        """Whether it goes out; a reason forgives what is forgivable."""
        return not self.failed or (self.forgivable and bool(reason))

    def words(self) -> str:
        """In one sentence."""
        if not self.failed:
            return f"accepted: {self.name}"
        return f"refused: {self.name}; failed: {', '.join(check.question for check in self.failed)}"

    def judgement(self) -> Judgement:
        """As a report has it."""
        findings = [
            Finding(one.question, "passed" if one.passed else "failed", _tone(one.passed), one.words)
            for one in self.checks
        ]
        return Judgement(f"The gate: {self.words()}", _tone(not self.failed), tuple(findings))


def show_judged(judged: Judged, console: Console) -> None:
    """Print the answers."""
    table = Table(title="The gate", title_justify="left", show_lines=True)
    for heading in ("question", "answer", ""):
        table.add_column(heading, no_wrap=bool(heading))
    for check in judged.checks:
        answer = "[green]passed[/]" if check.passed else "[bold red]failed[/]"
        table.add_row(escape(check.question), answer, escape(check.words))
    console.print(table)
    console.print(judged.words(), style="bold red" if judged.failed else "green", markup=False, highlight=False)


def _tone(good: bool) -> Tone:
    return Tone.GOOD if good else Tone.BAD
