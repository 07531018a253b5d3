"""Lays a report out: one HTML file that needs nothing else, and its plots as PNG files beside it."""

from pathlib import Path

from trainer.report.contents import Contents, Judgement, notes, particulars
from trainer.report.figure import Plot
from trainer.report.layout import template, write
from trainer.report.plots import training_plot
from trainer.report.worth import extent, headline, model_table, worth_of

# Lists that a page may have none of.
PARTS = ("notes", "figures", "tables", "closing", "plots", "big_plots", "mistakes", "particulars")


def write_report(contents: Contents, out: Path) -> tuple[Path, ...]:
    """Write the page to `out` and its plots to the folder `<stem>_plots` beside it; all files that were written.

    Raises:
        OSError: they cannot be written.
    """
    worth = worth_of(contents.scored)
    plots = (*worth.plots(contents.scored), *map(training_plot, contents.training))
    big = (*contents.plots, worth.matrix(contents.scored))
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, _page(contents, plots, big).encode())
    folder = out.with_name(f"{out.stem}_plots")
    folder.mkdir(exist_ok=True)
    files = [out]
    for plot in (*plots, *big):
        files.append(folder / f"{plot.name}.png")
        write(files[-1], plot.png)
    return tuple(files)


def write_judgement(judgement: Judgement, title: str, subtitle: str, out: Path) -> None:
    """Write a page that holds a judgement alone, of a model that could not be run.

    Raises:
        OSError: it cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, _rendered(title=title, subtitle=subtitle, judgements=(judgement,)).encode())


def _page(contents: Contents, plots: tuple[Plot, ...], big: tuple[Plot, ...]) -> str:
    scored = contents.scored
    worth = worth_of(scored)
    return _rendered(
        title=f"{scored.run.bundle.name}: what it is worth",
        subtitle=f"On {contents.data_name}: {extent(scored)}",
        judgements=contents.judgements,
        notes=notes(scored),
        figures=headline(scored),
        tables=(model_table(contents), *contents.tables),
        closing=(worth.class_table(scored),),
        plots=plots,
        big_plots=big,
        mistakes=worth.mistakes(scored),
        boxed=bool(worth.counted),
        particulars=particulars(contents),
    )


def _rendered(**parts: object) -> str:
    """The page with these of its parts; the others are empty."""
    return template("trainer.report", "page.html").render(**{**dict.fromkeys(PARTS, ()), **parts})
